"""Addresses of the alerts."""

from django.urls import path

from oms.alerts import views

app_name = "alerts"

urlpatterns = [
    path("", views.AlertList.as_view(), name="list"),
    path("<int:pk>", views.AlertPage.as_view(), name="detail"),
    path("<int:pk>/take", views.Take.as_view(), name="take"),
    path("<int:pk>/close", views.Close.as_view(), name="close"),
]
