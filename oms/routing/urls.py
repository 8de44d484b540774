"""Addresses of the pages of routing."""

from django.urls import path

from oms.routing import views

app_name = "routing"

urlpatterns = [
    path("", views.RuleSets.as_view(), name="list"),
    path("versions/<int:pk>", views.VersionPage.as_view(), name="version"),
    path("versions/<int:pk>/test", views.Test.as_view(), name="test"),
    path("versions/<int:pk>/ask", views.Ask.as_view(), name="ask"),
    path("versions/<int:pk>/publish", views.Publish.as_view(), name="publish"),
    path("versions/<int:pk>/draft", views.StartDraft.as_view(), name="draft"),
]
