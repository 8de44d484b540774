"""Home, find, and what a person sets on the way: site, theme, views, drafts."""

import json
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from oms.core import frame, preferences
from oms.core.errors import Invalid, NotFound, Refusal
from oms.core.views.frame import Guarded, Page, one_effect, own_path, stays

FILTER_NAME_LENGTH = 40


def clocks(sites: list[tuple[str, str, str]], now: datetime) -> list[dict[str, str]]:
    """Say what time it is at each site, sites of one hour together."""
    by_time: dict[str, dict[str, str]] = {}
    for _, name, zone in sites:
        local = now.astimezone(ZoneInfo(zone))
        line = by_time.setdefault(
            f"{local:%H:%M}",
            {"clock": f"{local:%H:%M}", "iso": local.isoformat(), "names": ""},
        )
        line["names"] = f"{line['names']} and {name}" if line["names"] else name
    return list(by_time.values())[:4]


class Home(Page):
    """What waits, counted by the very queries behind the lists."""

    permission = ""
    template_name = "core/home.html"
    under = "Home"

    def get_title(self) -> str:
        sites = frame.sites_for(self.request.user)
        here = [zone for code, _, zone in sites if code == self.request.session.get("site")]
        zone = (here or [zone for _, _, zone in sites] or ["UTC"])[0]
        today = datetime.now(ZoneInfo(zone))
        return f"{today:%A} {today.day} {today:%B}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        standing = frame.Standing(user, self.request.session.get("site", ""))
        tiles = [
            {"tile": tile, "url": tile.url(standing), "count": tile.count(standing)}
            for tile in frame.tiles_for(user)
        ]
        panels = frame.panels_for(standing)
        sites = frame.sites_for(user)
        return super().get_context_data(**kwargs) | {
            "tiles": tiles,
            "panels": panels,
            "clocks": clocks(sites, datetime.now(UTC)),
            "page_help": "Each number is a link to the very rows it counts.",
        }


class Find(Page):
    """Find a thing by what is typed or scanned; one exact answer opens at once."""

    permission = ""
    template_name = "core/find.html"
    title = "Find"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        text = request.GET.get("q", "").strip()[:120]
        found = frame.find(text, request.user) if text else []
        if request.GET.get("part"):
            return render(request, "core/find_hits.html", {"found": found, "text": text})
        exact = [hit for hit in found if hit.exact]
        if len(exact) == 1 or (request.GET.get("scanned") and exact):
            return HttpResponseRedirect(exact[0].url)
        context = self.get_context_data(found=found, text=text, scanned=bool(request.GET.get("scanned")))
        return self.render_to_response(context, status=200 if found or not text else 404)


class Posted(Guarded, ABC):
    """Something small a person sets; JSON for the script, a way back for the form."""

    permission = ""
    http_method_names: ClassVar[list[str]] = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        wants_json = "application/json" in request.headers.get("Accept", "")
        try:
            self.carry_out(request)
        except Refusal as refusal:
            if wants_json:
                return JsonResponse({"detail": str(refusal)}, status=refusal.status)
            stays(request, refusal)
        if wants_json:
            return HttpResponse(status=204)
        return HttpResponseRedirect(
            own_path(request, request.POST.get("next"), otherwise=reverse("core:home"))
        )

    @abstractmethod
    def carry_out(self, request: HttpRequest) -> None:
        """Keep what the person chose."""


class ChooseTheme(Posted):
    def carry_out(self, request: HttpRequest) -> None:
        preferences.choose_theme(request.user, request.POST.get("theme", ""))


class ChooseSite(Posted):
    """Stand at one site: lists that know sites start with it."""

    def carry_out(self, request: HttpRequest) -> None:
        code = request.POST.get("site", "")
        if code and code not in {site[0] for site in frame.sites_for(request.user)}:
            raise NotFound("You do not work at that site.")
        request.session["site"] = code


class SaveView(Posted):
    """Keep the filters of a list under a name."""

    def carry_out(self, request: HttpRequest) -> None:
        name = _view_name(request)
        page = request.POST.get("page", "")
        filters = {key: value for key, value in parse_qsl(request.POST.get("query", "")) if key != "sort"}
        if not name or not page or not filters:
            raise Invalid("A view needs a name and at least one filter.")
        with one_effect(request):
            preferences.save_view(
                request.user,
                page=page,
                name=name,
                filters=filters,
                shared=bool(request.POST.get("shared")),
            )
        messages.success(request, f"View “{name}” saved.")


class RenameView(Posted):
    """Call a saved view something else."""

    def carry_out(self, request: HttpRequest) -> None:
        name = _view_name(request)
        if not name:
            raise Invalid("A view needs a name.")
        with one_effect(request):
            preferences.rename_view(request.user, _view_id(request), name=name)
        messages.success(request, f"The view is called “{name}” now.")


class ForgetView(Posted):
    def carry_out(self, request: HttpRequest) -> None:
        preferences.forget_view(request.user, _view_id(request))


def _view_name(request: HttpRequest) -> str:
    return " ".join(request.POST.get("name", "").split())[:FILTER_NAME_LENGTH]


def _view_id(request: HttpRequest) -> int:
    view = request.POST.get("view", "")
    if not view.isdecimal():
        raise NotFound("There is no such view.")
    return int(view)


class Draft(Guarded):
    """Keep a half-typed form, and give it back after a crash or a new sign-in."""

    permission = ""

    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"fields": preferences.draft_of(request.user, form=request.GET.get("name", ""))})

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            fields = json.loads(request.POST.get("fields", "{}"))
        except ValueError:
            fields = None
        name = request.POST.get("name", "")[:128]
        if not name or not isinstance(fields, dict):
            return JsonResponse({"detail": "A draft has a name and fields."}, status=400)
        values = {str(key): str(value) for key, value in fields.items()}
        try:
            if values:
                preferences.keep_draft(request.user, form=name, values=values, at=datetime.now(UTC))
            else:
                preferences.drop_draft(request.user, form=name)
        except Refusal as refusal:
            return JsonResponse({"detail": str(refusal)}, status=refusal.status)
        return HttpResponse(status=204)
