"""Addresses of the staff pages of files."""

from django.urls import path

from oms.imports.views import files, pages

app_name = "imports"

urlpatterns = [
    path("", pages.ImportList.as_view(), name="list"),
    path("new", pages.NewImport.as_view(), name="new"),
    path("<uuid:pk>", pages.ImportPage.as_view(), name="detail"),
    path("<uuid:pk>/columns", pages.Columns.as_view(), name="columns"),
    path("<uuid:pk>/commit", pages.Commit.as_view(), name="commit"),
    path("<uuid:pk>/undo", pages.Undo.as_view(), name="undo"),
    path("<uuid:pk>/refused", files.Refused.as_view(), name="refused"),
    path("<uuid:pk>/file", files.Original.as_view(), name="file"),
    path("export/<slug:kind>", files.Export.as_view(), name="export"),
    path("sample/<slug:kind>", files.Sample.as_view(), name="sample"),
]
