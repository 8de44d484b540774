"""Addresses of the reports."""

from django.urls import path

from oms.reports import views

app_name = "reports"

urlpatterns = [
    path("invariants/", views.InvariantList.as_view(), name="invariants"),
    path("invariants/prove", views.Prove.as_view(), name="prove"),
    path("invariants/<str:code>/", views.InvariantPage.as_view(), name="invariant"),
]
