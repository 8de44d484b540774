"""Bins on a handheld: what waits is put away, and pieces move from one bin to another, all by scan."""

from abc import abstractmethod
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from inventory import floor_queries, queries
from inventory.floor_queries import Waiting
from inventory.models import Bin, StockLocation
from inventory.services import bins
from inventory.services.bins import Load
from inventory.views.arrivals import as_uuid, read_item
from oms.core import frame
from oms.core.errors import Refusal
from oms.core.frame import Standing
from oms.core.views.frame import Action, Guarded, Page
from oms.flows import shelving

RIGHT = "stock.move"


class AtPlace(Guarded):
    """A view on the bins of one location where this person works."""

    permission = RIGHT
    template: str
    memory: str

    def place(self) -> StockLocation:
        """The location."""
        found = queries.location(self.kwargs["place"])
        if not self.request.user.may(RIGHT, location=found.code) or not found.is_bin_managed:
            raise Http404("There are no bins for you there.")
        return found

    @property
    def held(self) -> dict[str, Any]:
        """What this person has in hand on this page, kept over a lock of the screen."""
        return dict(self.request.session.get(f"{self.memory}:{self.kwargs['place']}", {}))

    def hold(self, what: dict[str, Any]) -> None:
        """Remember what is in hand."""
        self.request.session[f"{self.memory}:{self.kwargs['place']}"] = what

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What the page shows."""

    def html(self) -> str:
        """The part of the page that a scan changes."""
        return render_to_string(self.template, self.state(), self.request)

    def said(self, result: str, title: str, detail: str = "", **more: Any) -> JsonResponse:
        """Answer a scan."""
        return JsonResponse({"result": result, "title": title, "detail": detail, "ack": "OK"} | more)

    def carried(self, loads: list[Load], target: Bin) -> JsonResponse:
        """Carry the loads into a bin, and answer."""
        key = as_uuid(self.request.headers.get("Idempotency-Key", ""))
        try:
            pieces = shelving.carry(
                loads, location=self.kwargs["place"], to=target.code, key=key, **self.doing.as_arguments
            )
        except Refusal as refusal:
            return self.said("wrong", f"Not into {target.code}", str(refusal))
        self.hold({})
        undo = reverse("inventory:carry_undo", args=[self.kwargs["place"], self.memory, key])
        return self.said("ok", f"{pieces} into {target.code}", undo_url=undo, html=self.html())


class PutAway(AtPlace):
    """What waits in receiving, and in staging for nobody."""

    template = "inventory/putaway_view.html"
    memory = "putaway"

    def state(self) -> dict[str, Any]:
        waiting = floor_queries.to_put_away(self.place())
        chosen = next((each for each in waiting if each.content.pk == self.held.get("content")), None)
        home = bins.suggest(chosen.content.level, chosen.content.lot_id, chosen.pieces) if chosen else None
        return {"waiting": waiting, "chosen": chosen, "home": home}


class PutAwayPage(PutAway, Page):
    """Scan a piece, go to its bin, scan the bin."""

    title = "Put away"
    under = "Put away"
    template_name = "inventory/putaway.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | self.state() | {"place": self.place()}


class PutAwayScan(PutAway):
    """Where the device sends what it reads."""

    def post(self, request: HttpRequest, place: str) -> HttpResponse:
        """Take a piece in hand, or put it into the scanned bin."""
        here = self.place()
        target = floor_queries.bin_with_code(here.pk, request.POST.get("code", ""))
        chosen = self.state()["chosen"]
        if target is not None:
            if chosen is None:
                return self.said("look", f"Bin {target.code}", "Scan the goods first. Nothing was moved.")
            return self.carried([_load(chosen, chosen.pieces)], target)
        read = read_item(request)
        if read is None:
            return self.said("unknown", "Nobody knows this code.")
        found = self.waiting(read.sku.pk, request.POST.get("lot", ""))
        if found is None:
            return self.said("wrong", f"{read.sku.code} does not wait here", "Nothing was moved.")
        self.hold({"content": found.content.pk})
        return self.said("ok", f"{found.pieces} × {read.sku.code} {read.sku.name}", html=self.html())

    def waiting(self, sku_id: int, lot: str) -> Waiting | None:
        """What waits of a SKU, of that lot when one was read."""
        rows = [
            each for each in floor_queries.to_put_away(self.place()) if each.content.level.sku_id == sku_id
        ]
        if lot:
            rows = [each for each in rows if each.content.lot and each.content.lot.code == lot]
        return rows[0] if rows else None


class Move(AtPlace):
    """Pieces in hand between two bins."""

    template = "inventory/move_view.html"
    memory = "move"

    def state(self) -> dict[str, Any]:
        source = Bin.objects.filter(pk=self.held.get("bin"), location=self.place()).first()
        taken = self.held.get("taken", {})
        contents = list(floor_queries.contents_of([source.pk])) if source else []
        for content in contents:
            content.taken = taken.get(str(content.pk), 0)
        return {"source": source, "contents": contents, "taken": sum(taken.values())}


class MovePage(Move, Page):
    """Scan the bin, scan what you take, scan the bin where it goes."""

    title = "Move between bins"
    under = "Put away"
    template_name = "inventory/move.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | self.state() | {"place": self.place()}

    def post(self, request: HttpRequest, place: str) -> HttpResponse:
        """Take the whole bin in hand, or nothing."""
        state = self.state()
        if request.POST.get("whole") and state["source"]:
            held = floor_queries.staged_in(state["contents"])
            free = {str(each.pk): each.on_hand - held[each.pk] for each in state["contents"]}
            self.hold({"bin": state["source"].pk, "taken": {key: n for key, n in free.items() if n}})
        else:
            self.hold({})
        return HttpResponseRedirect(reverse("inventory:move", args=[place]))


class MoveScan(Move):
    """Where the device sends what it reads."""

    def post(self, request: HttpRequest, place: str) -> HttpResponse:
        """Choose the bin, take a piece, or put everything in hand into the scanned bin."""
        here, state = self.place(), self.state()
        target = floor_queries.bin_with_code(here.pk, request.POST.get("code", ""))
        if target is not None and state["taken"]:
            loads = [
                Load(each.level_id, each.bin_id, each.lot_id, each.taken)
                for each in state["contents"]
                if each.taken
            ]
            return self.carried(loads, target)
        if target is not None:
            self.hold({"bin": target.pk})
            return self.said("ok", f"From bin {target.code}", html=self.html())
        if state["source"] is None:
            return self.said("look", "Scan a bin first", "Nothing was moved.")
        return self.take(request, state)

    def take(self, request: HttpRequest, state: dict[str, Any]) -> HttpResponse:
        """Take a scanned piece in hand."""
        read, lot = read_item(request), request.POST.get("lot", "")
        if read is None:
            return self.said("unknown", "Nobody knows this code.")
        held = floor_queries.staged_in(state["contents"])
        for each in state["contents"]:
            fits = each.level.sku_id == read.sku.pk and (not lot or (each.lot and each.lot.code == lot))
            if fits and each.taken + read.pieces <= each.on_hand - held[each.pk]:
                taken = self.held.get("taken", {}) | {str(each.pk): each.taken + read.pieces}
                self.hold({"bin": state["source"].pk, "taken": taken})
                return self.said("ok", f"{read.pieces} × {read.sku.code} in hand", html=self.html())
        return self.said(
            "wrong", f"Not so many of {read.sku.code} in {state['source'].code}", "Nothing was taken."
        )


class CarryUndo(AtPlace):
    """Put back what was carried."""

    def post(self, request: HttpRequest, place: str, memory: str, key: UUID) -> HttpResponse:
        """Undo once; a second time changes nothing."""
        self.place()
        page: AtPlace = PutAway() if memory == "putaway" else Move()
        page.request, page.kwargs = request, {"place": place}
        try:
            pieces = shelving.carry_back(key, **self.doing.as_arguments)
        except Refusal as refusal:
            return self.said("wrong", str(refusal))
        return self.said("ok", f"{pieces} back where they were", html=page.html())


class PutAwayStart(Page):
    """The locations with bins, and what waits at each."""

    permission = RIGHT
    title = "Put away"
    under = "Put away"
    template_name = "inventory/putaway_start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        codes = Standing(self.request.user, self.request.session.get("site", "")).sites(RIGHT)
        places = [
            {"place": place, "waiting": sum(each.pieces for each in floor_queries.to_put_away(place))}
            for place in floor_queries.bin_managed(codes)
        ]
        user = self.request.user
        return super().get_context_data(**kwargs) | {
            "places": places,
            "without": floor_queries.without_bins(user.locations_for("locations.change"))
            if user.may("locations.change")
            else [],
        }


class ManageByBins(Action):
    """Keep the stock of a location in bins from now on."""

    permission = "locations.change"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("inventory:putaway_start")

    def carry_out(self, **kwargs: Any) -> None:
        if not self.request.user.may("locations.change", location=kwargs["place"]):
            raise Http404("You do not do that there.")
        shelving.manage_by_bins(kwargs["place"], **self.doing.as_arguments)


def _load(waiting: Waiting, pieces: int) -> Load:
    content = waiting.content
    return Load(content.level_id, content.bin_id, content.lot_id, pieces)


frame.hang(
    frame.Entry("Put away", "packages", "inventory:putaway_start", RIGHT, "Stock", position=35),
)
