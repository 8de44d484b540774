"""Addresses of the pages of counts, under those of stock."""

from django.urls import path

from inventory.views import count_desk, count_results, counts

urlpatterns = [
    path("", count_desk.CountList.as_view(), name="counts"),
    path("new", count_desk.AskForCount.as_view(), name="count_ask"),
    path("next", counts.NextCount.as_view(), name="count_next"),
    path("results", count_results.Results.as_view(), name="count_results"),
    path("results.csv", count_results.ResultsFile.as_view(), name="count_results_file"),
    path("plans", count_results.Plans.as_view(), name="count_plans"),
    path("plans/new", count_results.NewPlan.as_view(), name="count_plan_new"),
    path("plans/<int:pk>", count_results.OnePlan.as_view(), name="count_plan"),
    path("scans/<uuid:key>/undo", counts.Undo.as_view(), name="count_undo"),
    path("<str:number>", count_desk.CountReview.as_view(), name="count"),
    path("<str:number>/count", counts.CountPage.as_view(), name="count_floor"),
    path("<str:number>/claim", counts.Claim.as_view(), name="count_claim"),
    path("<str:number>/put-back", counts.PutBack.as_view(), name="count_put_back"),
    path("<str:number>/scan", counts.CountScanDoor.as_view(), name="count_scan"),
    path("<str:number>/finish", counts.Finish.as_view(), name="count_finish"),
    path("<str:number>/done", counts.Done.as_view(), name="count_done"),
    path("<str:number>/approve", count_desk.Approve.as_view(), name="count_approve"),
    path("<str:number>/recount", count_desk.Recount.as_view(), name="count_recount"),
    path("<str:number>/reject", count_desk.Reject.as_view(), name="count_reject"),
]
