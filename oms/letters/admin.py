"""Letters in the admin: sets, templates with their versions and a preview, and who gets which."""

from typing import Any

from csp.decorators import csp_replace, csp_update
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.views.decorators.clickjacking import xframe_options_sameorigin

from fulfilment import queries as work_queries
from oms.core import preferences
from oms.core.admin_site import Audited, ReadOnly, ReadOnlyInline
from oms.core.errors import Refusal
from oms.flows import lettering
from oms.letters import queries, variables
from oms.letters.forms import ChannelLettersForm, CustomerTypeLettersForm, TemplateForm
from oms.letters.models import (
    ChannelLetters,
    CustomerTypeLetters,
    Letter,
    LetterSet,
    LetterTemplate,
    TemplateVersion,
)
from oms.letters.rules import OCCASION_WORDS, Occasion
from oms.letters.services import wordings
from oms.letters.wording import Wording

TYPED = ("subject", "text", "html", "seen")


class Everywhere(Audited):
    """Letters are the whole shop's: they are changed, and previewed with any order, by who may do so everywhere."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this person may add one."""
        return _everywhere(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this person may change one."""
        return _everywhere(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this person may delete one."""
        return _everywhere(request) and super().has_delete_permission(request, obj)


@admin.register(LetterSet)
class LetterSetAdmin(Everywhere):
    """Manners of writing."""

    list_display = ("name", "code", "is_fallback")
    fields = ("code", "name", "is_fallback")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A set keeps its code."""
        return () if obj is None else ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Letters were written by it."""
        return False


class VersionInline(ReadOnlyInline):
    """What it said before."""

    model = TemplateVersion
    classes = ("collapse",)
    fields = ("number", "subject", "text", "written_by", "written_at")


@admin.register(LetterTemplate)
class LetterTemplateAdmin(Everywhere):
    """What is said on an occasion: checked when it is saved, looked at and tried on somebody's own mail before."""

    form = TemplateForm
    change_form_template = "admin/letters/template_form.html"
    inlines = (VersionInline,)
    list_display = ("__str__", "letter_set", "occasion", "subject", "version")
    list_filter = ("letter_set", "occasion")
    list_select_related = ("letter_set",)
    fields = ("letter_set", "occasion", "subject", "text", "html", "names", "seen")

    @admin.display(description="Names to use")
    def names(self, template: LetterTemplate) -> str:
        """Every fact that may be named on this occasion, with its meaning."""
        if template.pk is None:
            return "Listed here once the template is saved; a name that is not known is refused with the known ones."
        rows = variables.named(Occasion(template.occasion))
        return format_html("<ul>{}</ul>", format_html_join("", "<li><code>{}</code>: {}</li>", rows))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A template stays that of its set and occasion."""
        return ("names",) if obj is None else ("letter_set", "occasion", "names")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, with what was typed before a preview when one comes back from there."""
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None or "draft" not in request.GET or request.method != "GET":
            return form
        return type("DraftForm", (form,), {"draft": _draft(request, obj)})

    def save_model(self, request: HttpRequest, obj: LetterTemplate, form: Any, change: bool) -> None:
        """Keep the wording before, and say this from now on."""
        wordings.write(obj, form.said(), actor=request.user.actor, at=timezone.now())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was said is kept."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The preview, its HTML in a frame, and the test letter."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview), name="letters_preview"),
            path("<int:pk>/preview/html/", view(self.preview_html), name="letters_preview_html"),
            path("<int:pk>/preview/test/", view(self.test), name="letters_test"),
            *super().get_urls(),
        ]

    @csp_update({"frame-src": ["'self'"]})
    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the typed wording makes of an order; typing is kept, and nothing is saved."""
        template = self._template(request, pk)
        if request.method == "POST":
            values = {name: request.POST.get(name, "") for name in TYPED}
            try:
                preferences.keep_draft(request.user, form=_form(template), values=values, at=timezone.now())
            except Refusal as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(self._change_url(template))
            return HttpResponseRedirect(reverse("admin:letters_preview", args=[pk]))
        occasion = Occasion(template.occasion)
        number = request.GET.get("order", "").strip() or queries.example_number(template)
        context = {
            **self.admin_site.each_context(request),
            **{"title": f"Preview: {template}", "opts": self.opts, "template": template, "number": number},
            **{"change_url": f"{self._change_url(template)}?draft=1", "mail": request.user.email},
        }
        try:
            context["written"] = lettering.preview(occasion, _said(request, template), number)
        except Refusal as refusal:
            context["refusal"] = str(refusal)
        return TemplateResponse(request, "admin/letters/preview.html", context)

    @xframe_options_sameorigin
    @csp_replace(
        {
            **{"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "img-src": ["https:"]},
            **{"script-src": ["'none'"], "connect-src": ["'none'"], "font-src": ["'none'"]},
            **{"base-uri": ["'none'"], "form-action": ["'none'"], "frame-ancestors": ["'self'"]},
        }
    )
    def preview_html(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The HTML of the letter alone, as a mail program shows it: no script, no form, only its own styles."""
        template = self._template(request, pk)
        occasion = Occasion(template.occasion)
        number = request.GET.get("order", "")
        try:
            written = lettering.preview(occasion, _said(request, template), number)
        except Refusal as refusal:
            raise Http404(str(refusal)) from refusal
        return HttpResponse(written.html)

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send what is previewed to whoever looks at it."""
        template = self._template(request, pk)
        number, user = request.POST.get("order", ""), request.user
        back = HttpResponseRedirect(f"{reverse('admin:letters_preview', args=[pk])}?order={number}")
        if request.method != "POST":
            return back
        if not user.email:
            messages.error(request, "Your profile has no mail address. Add one, then try again.")
            return back
        try:
            occasion, said = Occasion(template.occasion), _said(request, template)
            lettering.ask_for_test(occasion, said, number, user.pk, actor=user.actor, at=timezone.now())
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"A test letter is on its way to {user.email}.")
        return back

    def _template(self, request: HttpRequest, pk: int) -> LetterTemplate:
        found = self.get_queryset(request).filter(pk=pk).first()
        if found is None:
            raise Http404("There is no such template.")
        if not self.has_change_permission(request, found):
            raise PermissionDenied("Your roles do not allow changing letters.")
        return found

    def _change_url(self, template: LetterTemplate) -> str:
        return reverse("admin:letters_lettertemplate_change", args=[template.pk])


@admin.register(CustomerTypeLetters)
class CustomerTypeLettersAdmin(Everywhere):
    """Persons and businesses."""

    form = CustomerTypeLettersForm
    list_display = ("customer_type", "letter_set", "never")
    list_select_related = ("letter_set",)

    @admin.display(description="Never about")
    def never(self, row: CustomerTypeLetters) -> str:
        """What they are never written about."""
        return _words(row.silent_on)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one of each already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Each type has its set."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A row stays that of its type."""
        return ("customer_type",)


@admin.register(ChannelLetters)
class ChannelLettersAdmin(Everywhere):
    """Which channels we write for, and on what; one that is not listed writes itself."""

    form = ChannelLettersForm
    list_display = ("channel", "customer_type", "writes_on", "letter_set", "since")
    list_select_related = ("channel", "letter_set")

    @admin.display(description="Writes on")
    def writes_on(self, row: ChannelLetters) -> str:
        """What its customers are written about."""
        return _words(row.occasions)


@admin.register(Letter)
class LetterAdmin(ReadOnly):
    """The log; the staff page shows what was said and sends it again."""

    list_display = ("queued_at", "occasion", "order", "customer", "status", "settled_at", "error")
    list_filter = ("status", "occasion")
    list_select_related = ("order", "customer")
    search_fields = ("order__number__exact", "customer__code__exact")
    fields = readonly_fields = (
        *("key", "occasion", "order", "customer", "status", "queued_at", "settled_at", "error", "version"),
        *("again_of", "asked_by", "reason"),
    )
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Letter]:
        """Leave out letters about orders of other sites."""
        rows, codes = super().get_queryset(request), request.user.locations_for("letters.view")
        return rows if codes is None else rows.filter(order__in=work_queries.order_ids_at(codes))


def _everywhere(request: HttpRequest) -> bool:
    return request.user.locations_for("letters.change") is None


def _words(occasions: list[str]) -> str:
    return ", ".join(OCCASION_WORDS[Occasion(each)] for each in occasions) or "—"


def _form(template: LetterTemplate) -> str:
    return f"letter-template-{template.pk}"


def _draft(request: HttpRequest, template: LetterTemplate) -> dict[str, str]:
    return preferences.draft_of(request.user, form=_form(template))


def _said(request: HttpRequest, template: LetterTemplate) -> Wording:
    """What was typed last, else what the template says."""
    typed = _draft(request, template) or {
        "subject": template.subject,
        "text": template.text,
        "html": template.html,
    }
    return Wording(*("\n".join(typed[name].splitlines()) for name in ("subject", "text", "html")))
