"""Addresses of the pages of re-planning."""

from django.urls import path

from oms.replanning.views import pages

app_name = "replanning"

urlpatterns = [
    path("", pages.RunList.as_view(), name="list"),
    path("now", pages.RunNow.as_view(), name="now"),
    path("pace", pages.PacePage.as_view(), name="pace"),
    path("<int:pk>", pages.RunPage.as_view(), name="detail"),
]
