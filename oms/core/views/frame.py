"""Base classes of staff pages, and the frame that stands round each of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import FormView, TemplateView, View

from oms.core import frame, idempotency, preferences
from oms.core.actors import Actor
from oms.core.errors import Invalid, Refusal
from oms.core.models import Theme

# A message with this tag stays on the page until it is taken away: the person must see it.
STAYS = "stays"


class KeyFromForm(Invalid):
    """This form has no key of its own; open it again and send it once more."""

    code = "idempotency-key-missing"


@dataclass(frozen=True, slots=True)
class Doing:
    """Who acts, and when: what each flow asks for. ``**doing.as_arguments`` hands it in."""

    actor: Actor
    at: datetime

    @property
    def as_arguments(self) -> Mapping[str, Any]:
        return {"actor": self.actor, "at": self.at}


def actor_of(user: Any) -> Actor:
    """Name the person to whom a change is ascribed."""
    return Actor("user", str(user.pk), user.get_full_name() or user.get_username())


def doing(request: HttpRequest) -> Doing:
    """Read the person and the hour, which only doors know."""
    return Doing(actor_of(request.user), datetime.now(UTC))


def own_path(request: HttpRequest, candidate: str | None, *, otherwise: str) -> str:
    """Return an address only when it leads back into this site."""
    if candidate and url_has_allowed_host_and_scheme(
        candidate, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return candidate
    return otherwise


def stays(request: HttpRequest, refusal: Refusal) -> None:
    """Show a refusal as a note that stays until the person takes it away."""
    messages.error(request, str(refusal), extra_tags=STAYS)


@contextmanager
def one_effect(request: HttpRequest) -> Iterator[idempotency.Answer]:
    """Carry the form's hidden key to the one flow called inside: sent twice, it has one effect.

    Raises ``KeyFromForm`` when the form carries no key.
    """
    key = request.POST.get("idempotency_key", "") or request.headers.get("Idempotency-Key", "")
    if not key:
        raise KeyFromForm()
    fields = sorted(
        (name, value)
        for name in request.POST
        if name not in {"csrfmiddlewaretoken", "idempotency_key"}
        for value in request.POST.getlist(name)
    )
    claim = idempotency.Claim(
        client=f"user:{request.user.pk}",
        key=idempotency.cleaned_key(key),
        fingerprint=idempotency.fingerprint(request.path, urlencode(fields)),
    )
    with idempotency.claimed(claim, render=lambda result: (200, {"done": True})) as answer:
        yield answer
    if answer.replayed:
        messages.info(request, "This was sent twice; it counted once.")


class Guarded(View):
    """A view that says which right it needs; the middleware refuses one that does not."""

    permission: ClassVar[str | None] = None

    @property
    def doing(self) -> Doing:
        return doing(self.request)


class Page(Guarded, TemplateView):
    """A staff page: a title, the entry of the side bar it stands under, a template."""

    title: ClassVar[str] = ""
    under: ClassVar[str] = ""

    def get_title(self) -> str:
        return self.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "title": self.get_title(),
            "under": self.under,
        }


class Record(Page):
    """The page of one thing, reached from a list: Back returns to that list as it was filtered."""

    list_url_name: ClassVar[str] = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("list", "")
        back = reverse(self.list_url_name) + (f"?{asked}" if asked else "")
        return super().get_context_data(**kwargs) | {"back": back, "list_query": asked}


class Form(Guarded, FormView, ABC):
    """A page with one form; a refusal becomes the form's own error and nothing typed is lost."""

    title: ClassVar[str] = ""
    under: ClassVar[str] = ""
    done_message: ClassVar[str] = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "title": self.title,
            "under": self.under,
        }

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            target = self.carry_out(form)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        _forget_draft(self.request)
        if self.done_message:
            messages.success(self.request, self.done_message)
        return HttpResponseRedirect(target)

    @abstractmethod
    def carry_out(self, form: Any) -> str:
        """Make the one call that writes, and return where to go then."""


class Button(Guarded):
    """What a button of a page posts to."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back whoever comes here after signing in again: an address alone presses no button."""
        return HttpResponseRedirect(self.fallback(**kwargs))

    def fallback(self, **kwargs: Any) -> str:
        return reverse("core:home")


class Action(Button, ABC):
    """A button on a page: POST, one flow, back to where it was pressed."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        target = own_path(request, request.POST.get("next"), otherwise=self.fallback(**kwargs))
        try:
            with one_effect(request):
                self.carry_out(**kwargs)
        except Refusal as refusal:
            stays(request, refusal)
        else:
            _forget_draft(request)
        return HttpResponseRedirect(target)

    @abstractmethod
    def carry_out(self, **kwargs: Any) -> None:
        """Make the one call that writes."""


def _forget_draft(request: HttpRequest) -> None:
    """Drop what was kept while the form was typed: it is done now."""
    name = request.POST.get("draft", "")
    if name:
        preferences.drop_draft(request.user, form=name)


def _side(standing: frame.Standing, under: str) -> list[dict[str, Any]]:
    sections: dict[str, list[dict[str, Any]]] = {name: [] for name in frame.SECTIONS}
    for entry, url in frame.entries_for(standing.user):
        count = entry.count(standing) if entry.count else None
        sections.setdefault(entry.section, []).append(
            {"entry": entry, "url": url, "count": count, "here": entry.name == under}
        )
    return [{"name": name, "entries": entries} for name, entries in sections.items() if entries]


class LazyFrame:
    """The side bar is only asked for its counts when a page draws it, and once however often it is drawn."""

    def __init__(self, standing: frame.Standing) -> None:
        self._standing = standing
        self._drawn: dict[str, list[dict[str, Any]]] = {}

    def side(self, under: str) -> list[dict[str, Any]]:
        if under not in self._drawn:
            self._drawn[under] = _side(self._standing, under)
        return self._drawn[under]


def theme_of(user: Any) -> str:
    """Return the theme a person chose, or nothing when their device decides."""
    chosen = getattr(user, "theme", Theme.SYSTEM)
    return "" if chosen == Theme.SYSTEM else str(chosen)


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Give each template the shop's name, the person's theme and the site they stand at."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    site = request.session.get("site", "") if signed_in else ""
    return {
        "shop": getattr(settings, "SHOP_NAME", "Tidewater"),
        "frame": LazyFrame(frame.Standing(user, site)) if signed_in else None,
        "theme": theme_of(user),
        "site": site,
        "sites": frame.sites_for(user) if signed_in else [],
        "request_id": getattr(request, "request_id", ""),
    }
