"""Addresses of the pages of routing."""

from django.urls import path

from oms.routing.views import asking, building, pages, rates

app_name = "routing"

urlpatterns = [
    path("", pages.RuleSets.as_view(), name="list"),
    path("rates", rates.RateTable.as_view(), name="rates"),
    path("versions/<int:pk>", pages.VersionPage.as_view(), name="version"),
    path("versions/<int:pk>/edit", building.Builder.as_view(), name="edit"),
    path("versions/<int:pk>/try", asking.TryRules.as_view(), name="try"),
    path("why", asking.WhyNot.as_view(), name="why"),
    path("versions/<int:pk>/test", pages.Test.as_view(), name="test"),
    path("versions/<int:pk>/ask", pages.Ask.as_view(), name="ask"),
    path("versions/<int:pk>/publish", pages.Publish.as_view(), name="publish"),
    path("versions/<int:pk>/discard", pages.Discard.as_view(), name="discard"),
    path("versions/<int:pk>/draft", pages.StartDraft.as_view(), name="draft"),
]
