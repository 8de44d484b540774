"""The admin of the house: for those who may enter, with the second step taken where it is required."""

from functools import update_wrapper
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone

from oms.core import audit
from oms.core.models import User
from oms.core.roles import admin_right


class HouseAdminSite(admin.AdminSite):
    """Django's admin behind our own doors."""

    site_header = site_title = "OMS"
    index_title = "Administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether this person may be here at all."""
        user = request.user
        return user.is_authenticated and user.may("admin.enter") and second_step_taken(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Tell those who are signed in and may not be here so, and send strangers to sign in."""
        guarded = super().admin_view(view, cacheable)

        def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not request.user.may("admin.enter"):
                raise PermissionDenied("Your roles do not open the admin.")
            return guarded(request, *args, **kwargs)

        return update_wrapper(guard, view)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """List what people set up before what they only read, in the order of their work."""
        apps = super().get_app_list(request, app_label)
        first = {label: place for place, label in enumerate(settings.ADMIN_APPS_FIRST)}
        for app in apps:
            app["models"].sort(key=lambda model: not (model["perms"]["add"] or model["perms"]["change"]))
        return sorted(apps, key=lambda app: first.get(app["app_label"], len(first)))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Sign in by the house's own door, which knows of the second step."""
        after = request.GET.get("next") or resolve_url("admin:index")
        return redirect_to_login(after, resolve_url(settings.LOGIN_URL))


def second_step_taken(request: HttpRequest) -> bool:
    """Whether the second step of signing in was taken, or is not asked for in this house."""
    return settings.TWO_FACTOR != "required" or bool(getattr(request.user, "is_verified", bool)())


class Audited(admin.ModelAdmin):
    """Reference data edited in the admin, each change told to the audit in the same transaction."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Tell that it was added."""
        self._tell(request, obj, "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Tell which fields were changed; the values stay where they are."""
        self._tell(request, obj, "changed", said=message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Tell each that was deleted."""
        for obj in queryset:
            self._tell(request, obj, "deleted")
        return super().log_deletions(request, queryset)

    def _tell(self, request: HttpRequest, obj: Any, verb: str, said: Any = None) -> None:
        kind = str(self.opts.verbose_name)
        audit.record(
            f"{self.opts.model_name}.{verb}",
            kind,
            obj.pk,
            actor=cast(User, request.user).actor,
            at=timezone.now(),
            changes={"said": said} if isinstance(said, list) and said else None,
        )


class ReadOnly(admin.ModelAdmin):
    """Documents: to read here, and to move by actions."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds one here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one."""
        return False


class ReadOnlyInline(admin.TabularInline):
    """The parts of a document, to read; ``beside`` names what is fetched with them."""

    extra = 0
    can_delete = False
    beside: ClassVar[tuple[str, ...]] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        """Nothing here is a field of a form, also what no form could hold."""
        return tuple(self.fields or ())

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Fetch what their lines name in the same query."""
        rows = super().get_queryset(request)
        return rows.select_related(*self.beside) if self.beside else rows

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds one here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one."""
        return False


class WithFiles(admin.ModelAdmin):
    """Rows that also come and go as files: the list leads to the import and the export of ``file_kind``."""

    file_kind: ClassVar[str] = ""
    change_list_template = "admin/core/with_files.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the ways to files that this person may take."""
        may = cast(User, request.user).may
        files = {
            "kind": self.file_kind,
            "may_import": may("stock.import"),
            "may_export": may("stock.export"),
        }
        return super().changelist_view(request, {"files": files} | (extra_context or {}))


class AtLocations(admin.ModelAdmin):
    """Rows of the locations where this person may look; ``location_path`` leads to the location's code."""

    location_path: ClassVar[str] = "location__code"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Leave out what is elsewhere."""
        rows = super().get_queryset(request)
        look = f"{self.opts.app_label}.view_{self.opts.model_name}"
        codes = cast(User, request.user).locations_for(admin_right(look))
        return rows if codes is None else rows.filter(**{f"{self.location_path}__in": codes})
