"""What the floor pages share: one fulfilment order within the person's sites, and the answer to a scan."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from fulfilment import queries
from fulfilment.models import FulfilmentOrder, FulfilmentOrderLine
from fulfilment.rules import ScanKind, TooMany, WrongItem
from fulfilment.services.scans import NewScan
from inventory import floor_queries
from inventory.models import StockContent
from inventory.services import picks
from oms.core.errors import Refusal
from oms.core.views.frame import Guarded
from oms.flows import picking
from oms.flows.picking import Counted

MOST_PIECES_A_SCAN = 1_000


class OnOneWork(Guarded):
    """A view on one fulfilment order at a site where the person has this right."""

    def work(self) -> FulfilmentOrder:
        found = (
            queries.work_with_lines()
            .select_related("order__contact")
            .filter(number=self.kwargs["number"])
            .first()
        )
        if found is None or not self.request.user.may(str(self.permission), location=found.location.code):
            raise Http404("There is no such fulfilment order.")
        return found


class ScanDoor(OnOneWork):
    """Where a device sends its scans, one at a time, each with its own key."""

    kind: ClassVar[ScanKind]
    view_template: ClassVar[str]
    view_context: ClassVar[Callable[..., dict[str, Any]]]

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        """Count one scan and answer with the new state of the page."""
        work = self.work()
        code = request.POST.get("code", "").strip()[:128]
        special = self.other_code(work, code)
        if special is not None:
            return JsonResponse(special)
        try:
            counted = picking.scan(
                number,
                kind=self.kind,
                read=read_scan(request, code, chosen_bin=self.chosen_bin(work)),
                user=request.user,
                **self.doing.as_arguments,
            )
        except (WrongItem, TooMany) as refusal:
            return JsonResponse(self.refused(work, refusal))
        except Refusal as refusal:
            return JsonResponse({"result": "wrong", "title": str(refusal), "ack": "OK"})
        return JsonResponse(self.counted(counted))

    def other_code(self, work: FulfilmentOrder, code: str) -> dict[str, Any] | None:
        """Answer a code that is not an item, such as a bin; None for items."""
        return None

    def chosen_bin(self, work: FulfilmentOrder) -> str:
        """The bin that the person said they take from; empty when they did not."""
        return ""

    def counted(self, counted: Counted) -> dict[str, Any]:
        """Answer a scan that was counted."""
        line = counted.line
        return {
            "result": "ok",
            "title": f"{line.sku.code} {line.sku.name}",
            "undo_url": reverse("fulfilment:undo", args=[counted.scan.key]),
            "html": self.html(),
        }

    def refused(self, work: FulfilmentOrder, refusal: Refusal) -> dict[str, Any]:
        """Answer a scan that was not, with the item that is wanted."""
        wanted = self.wanted()
        return {
            "result": "wrong",
            "title": "Wrong item" if isinstance(refusal, WrongItem) else "Too many",
            "detail": str(refusal),
            "got": {"sku": refusal.details["scanned"], "name": refusal.details["name"]}
            if "scanned" in refusal.details
            else None,
            "want": {"sku": wanted.sku.code, "name": wanted.sku.name} if wanted else None,
            "ack": f"OK, scan {wanted.sku.code}" if wanted else "OK",
        }

    def wanted(self) -> FulfilmentOrderLine | None:
        """The line that should be scanned now."""
        return next((line for line in queries.lines_to_work(self.work()) if room(line, self.kind)), None)

    def html(self) -> str:
        """The part of the page that a scan changes."""
        return render_to_string(self.view_template, type(self).view_context(self.work()), self.request)


def read_scan(request: HttpRequest, code: str, *, chosen_bin: str = "") -> NewScan:
    """The scan in a request; its key is the device's, made a UUID when it is not one.

    A code of a pack stands for all of its pieces, a serial number for its SKU.
    """
    post = request.POST
    key = request.headers.get("Idempotency-Key", "")
    quantity = post.get("quantity", "")
    known = floor_queries.read_code(code, gtin=post.get("gtin", ""), quantity=quantity)
    pieces = known.pieces if known else int(quantity) if quantity.isascii() and quantity.isdigit() else 1
    return NewScan(
        as_uuid(key),
        known.sku.code if known and post.get("gtin", "") not in ("", code) else code,
        max(1, min(pieces, MOST_PIECES_A_SCAN)),
        post.get("typed") == "1",
        bin=chosen_bin,
        lot=post.get("lot", "")[:40] if known and known.sku.is_lot_tracked else "",
        serial=post.get("serial", "")[:64] or (known.serial if known else ""),
    )


def as_uuid(key: str) -> UUID:
    """The key as a UUID: itself when it is one, else one that follows from it.

    Raises ``Http404`` without a key: a scan that could be counted twice is not taken.
    """
    if not key:
        raise Http404("A scan carries an Idempotency-Key.")
    try:
        return UUID(key)
    except ValueError:
        return uuid5(NAMESPACE_URL, key)


def room(line: FulfilmentOrderLine, kind: ScanKind) -> int:
    """Pieces of a line that still want a scan of this kind."""
    if kind is ScanKind.PICK:
        return line.quantity - line.quantity_cancelled - line.quantity_picked
    return line.quantity_picked - line.quantity_packed


def bin_of(line: FulfilmentOrderLine, *, at: datetime | None = None) -> str:
    """The code of the bin a line is picked from, empty when nobody has said."""
    spot = spot_of(line, at=at)
    if spot is not None and spot.bin is not None:
        return str(spot.bin.code)
    place = line.allocation.reservation.level.pick_bin
    return place.code if place else ""


def spot_of(line: FulfilmentOrderLine, *, at: datetime | None = None) -> StockContent | None:
    """The bin and lot that should be taken next for a line, where its location keeps bins."""
    level = line.allocation.reservation.level
    if level.located == 0 or not level.location.is_bin_managed:
        return None
    found = picks.choices(level, picks.ANY, at=at or datetime.now(UTC))
    return found[0][0] if found else None
