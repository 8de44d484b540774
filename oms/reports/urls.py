"""Addresses of the reports."""

from django.urls import path

from oms.reports import views

app_name = "reports"

urlpatterns = [
    path("", views.InvariantList.as_view(), name="invariants"),
    path("prove", views.Prove.as_view(), name="prove"),
    path("<str:code>/repair", views.Repair.as_view(), name="repair"),
    path("<str:code>", views.InvariantPage.as_view(), name="invariant"),
]
