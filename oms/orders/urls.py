"""Addresses of the staff pages of orders."""

from django.urls import path

from oms.orders.views import change, deciding, deeds, detail, holds, hot, lists, many, new, panels, scarcity

app_name = "orders"
# Home shows these; loading the addresses hangs them there.
HOME = (panels.stopped, panels.hurrying, hot.burning)

urlpatterns = [
    path("", lists.OrderList.as_view(), name="list"),
    path("new", new.NewOrderPage.as_view(), name="new"),
    path("new/skus", new.FindSkus.as_view(), name="new_skus"),
    path("new/customers", new.FindCustomers.as_view(), name="new_customers"),
    path("hold", many.HoldMany.as_view(), name="hold_many"),
    path("release", many.ReleaseMany.as_view(), name="release_many"),
    path("cancel", many.CancelMany.as_view(), name="cancel_many"),
    path("assign", many.AssignMany.as_view(), name="assign_many"),
    path("holds", holds.HoldList.as_view(), name="holds"),
    path("jobs/<uuid:pk>", many.JobPage.as_view(), name="job"),
    path("hot", hot.HotSkus.as_view(), name="hot"),
    path("scarce", scarcity.ScarceSkus.as_view(), name="scarce"),
    path("scarce/<str:sku>", scarcity.ScarceSku.as_view(), name="scarce_sku"),
    path("scarce/<str:sku>/turn", scarcity.Turn.as_view(), name="turn"),
    path("scarce/<str:sku>/give", scarcity.Give.as_view(), name="give"),
    path("<str:number>", detail.OrderPage.as_view(), name="detail"),
    path("<str:number>/change", change.ChangePage.as_view(), name="change"),
    path("<str:number>/hold", deeds.Hold.as_view(), name="hold"),
    path("<str:number>/release", deeds.Release.as_view(), name="release"),
    path("<str:number>/assign", deeds.Assign.as_view(), name="assign"),
    path("<str:number>/decide", deciding.Decide.as_view(), name="decide"),
    path("<str:number>/keep-address", deeds.KeepAddress.as_view(), name="keep_address"),
    path("<str:number>/cancel", deeds.Cancel.as_view(), name="cancel"),
]
