"""Imports in the admin: to read; what moves them stands on their own page."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from oms.core.admin_site import ReadOnly
from oms.imports.models import ImportJob
from oms.imports.reach import jobs_for


@admin.register(ImportJob)
class ImportAdmin(ReadOnly):
    """Files that came in, and what became of them."""

    fields = (
        *(
            "number",
            "page",
            "kind",
            "state",
            "file_name",
            "size_bytes",
            "sha256",
            "form",
            "encoding",
            "headers",
        ),
        *("mapping", "options", "rows", "created", "changed", "same", "refused", "undone", "not_undone"),
        *("failure", "actor_name", "uploaded_at", "checked_at", "committed_at", "undone_at"),
    )
    list_display = (
        *(
            "number",
            "kind",
            "state",
            "file_name",
            "rows",
            "created",
            "changed",
            "same",
            "refused",
            "actor_name",
        ),
        "uploaded_at",
    )
    list_filter = ("kind", "state")
    search_fields = ("number", "file_name")
    date_hierarchy = "uploaded_at"
    list_per_page = 50
    show_full_result_count = False
    actions: ClassVar = ("open_page",)
    readonly_fields = ("page",)

    @admin.display(description="Difference, commit, undo")
    def page(self, job: ImportJob) -> SafeString:
        """The way to the page that can do something about it."""
        return format_html('<a href="{}">Open {}</a>', reverse("imports:detail", args=[job.pk]), job.number)

    @admin.action(description="Open its page: difference, commit, undo")
    def open_page(self, request: HttpRequest, chosen: QuerySet[ImportJob]) -> HttpResponseRedirect:
        """Lead to the page of the first."""
        return HttpResponseRedirect(reverse("imports:detail", args=[chosen.values_list("pk", flat=True)[0]]))

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportJob]:
        """Leave out what others import for other locations."""
        return jobs_for(request.user)
