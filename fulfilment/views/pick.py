"""Picking on a handheld: one stop at a time, in the order of the walk."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from fulfilment import queries
from fulfilment.forms import ShortForm
from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine
from fulfilment.rules import ScanKind
from fulfilment.views.floor import OnOneWork, ScanDoor, as_uuid, bin_of, room, spot_of
from fulfilment.views.pack import pack_state
from inventory import queries as stock_queries
from inventory.services import picks
from oms.core.errors import Refusal
from oms.core.views.frame import Action, Form, Guarded, Page, one_effect
from oms.flows import picking

FLOOR = ("fulfilment.pick", "fulfilment.pack")


def pick_state(work: FulfilmentOrder) -> dict[str, Any]:
    """What a pick page shows: the stop that is due, the one after it, and how far the walk is."""
    lines = queries.lines_to_work(work)
    for line in lines:
        line.left, line.bin = room(line, ScanKind.PICK), bin_of(line)
        spot = spot_of(line)
        line.lot = spot.lot if spot else None
    open_stops = [line for line in lines if line.left]
    wanted = sum(line.quantity - line.quantity_cancelled for line in lines)
    return {
        "work": work,
        "lines": lines,
        "stop": open_stops[0] if open_stops else None,
        "stop_number": len(lines) - len(open_stops) + 1,
        "next_stop": open_stops[1] if len(open_stops) > 1 else None,
        "picked": sum(line.quantity_picked for line in lines),
        "wanted": wanted,
    }


class PickPage(OnOneWork, Page):
    """The walk of one fulfilment order; opening it claims it."""

    permission = "fulfilment.pick"
    under = "Pick and pack"
    template_name = "fulfilment/pick.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | pick_state(self.work()) | {"title": self.kwargs["number"]}


class PickScan(ScanDoor):
    """A scan on the walk: a bin is confirmed, an item is counted."""

    permission = "fulfilment.pick"
    kind = ScanKind.PICK
    view_template = "fulfilment/pick_view.html"
    view_context = staticmethod(pick_state)

    def other_code(self, work: FulfilmentOrder, code: str) -> dict[str, Any] | None:
        if not stock_queries.is_bin(work.location_id, code):
            return None
        wanted = self.wanted()
        if wanted is not None and work.location.is_bin_managed and bin_of(wanted) != code:
            return self.other_bin(work, wanted, code)
        self.request.session.pop(f"pick:{work.number}", None)
        if wanted is None or bin_of(wanted) == code:
            return {"result": "ok", "title": f"Bin {code}", "detail": "Right bin. Now scan the item."}
        return {
            "result": "look",
            "title": f"Wrong bin: go to {bin_of(wanted)}",
            "detail": f"This is {code}. Nothing was counted.",
        }

    def other_bin(self, work: FulfilmentOrder, wanted: FulfilmentOrderLine, code: str) -> dict[str, Any]:
        """Offer a bin that holds the item too; say where to go when it does not."""
        held = picks.choices(wanted.allocation.reservation.level, picks.Wish(bin=code), at=self.doing.at)
        if not held:
            title = f"Wrong bin: go to {bin_of(wanted)}"
            detail = f"{wanted.sku.code} does not stand in {code}. Nothing was counted."
            return {"result": "look", "title": title, "detail": detail}
        self.request.session[f"pick:{work.number}"] = code
        pieces = sum(free for _, free in held)
        detail = f"{pieces} of {wanted.sku.code} stand here. Scan the item to take it from here."
        return {"result": "look", "title": f"Bin {code} has it too", "detail": detail}

    def chosen_bin(self, work: FulfilmentOrder) -> str:
        """The other bin that the picker has scanned."""
        return str(self.request.session.get(f"pick:{work.number}", ""))


class Claim(OnOneWork, Action):
    """Start on a task: it is then this person's."""

    permission = "fulfilment.pick"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("fulfilment:pick", args=[kwargs["number"]])

    def carry_out(self, **kwargs: Any) -> None:
        self.work()
        picking.claim(kwargs["number"], user=self.request.user, **self.doing.as_arguments)


class PutBack(OnOneWork, Action):
    """Put a task back into the queue."""

    permission = "fulfilment.pick"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("fulfilment:to_pick")

    def carry_out(self, **kwargs: Any) -> None:
        self.work()
        picking.put_back(kwargs["number"], **self.doing.as_arguments)


class Short(OnOneWork, Form):
    """Too few in the bin: how many are missing, and why."""

    permission = "fulfilment.pick"
    title = "Too few found"
    under = "Pick and pack"
    template_name = "fulfilment/short.html"
    form_class = ShortForm

    def get_form_kwargs(self) -> dict[str, Any]:
        state = pick_state(self.work())
        return super().get_form_kwargs() | {"lines": [line for line in state["lines"] if line.left]}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"work": self.work()}

    def carry_out(self, form: Any) -> str:
        number = self.kwargs["number"]
        said = form.cleaned_data
        with one_effect(self.request):
            picking.short_pick(
                number,
                sku=said["sku"],
                missing=said["missing"],
                reason=said["reason"].code,
                **self.doing.as_arguments,
            )
        return reverse("fulfilment:pick", args=[number])


class Undo(Guarded):
    """Take a scan back, from the trail or by the printed card; which right it takes, the scan's site decides."""

    permission = ""

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Undo once; a second time changes nothing."""
        work = queries.work_of_scan(key)
        if work is None or not any(request.user.may(right, location=work.location.code) for right in FLOOR):
            raise Http404("That scan is not known here.")
        new_key = as_uuid(request.headers.get("Idempotency-Key", f"undo:{key}"))
        try:
            counted = picking.undo(key, new_key=new_key, user=request.user, at=self.doing.at)
        except Refusal as refusal:
            return JsonResponse({"result": "wrong", "title": str(refusal), "ack": "OK"})
        is_pick = counted.scan.kind == ScanKind.PICK
        template, state = ("pick_view", pick_state) if is_pick else ("pack_view", pack_state)
        return JsonResponse(
            {
                "result": "ok",
                "title": f"Undone: {counted.line.sku.code}",
                "html": render_to_string(
                    f"fulfilment/{template}.html", state(queries.work_by_number(work.number)), request
                ),
            }
        )
