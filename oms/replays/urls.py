"""Addresses of the pages of what-if."""

from django.urls import path

from oms.replays.views import pages

app_name = "replays"

urlpatterns = [
    path("", pages.ReplayList.as_view(), name="list"),
    path("new", pages.NewReplay.as_view(), name="new"),
    path("<uuid:pk>", pages.ReplayPage.as_view(), name="detail"),
    path("<uuid:pk>/file", pages.ReplayFile.as_view(), name="file"),
]
