"""Receiving on a handheld: what arrives is scanned, then posted as one receipt."""

from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, UUID, uuid5

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_date

from inventory import floor_queries, queries
from inventory.floor_queries import Read
from inventory.forms_floor import DocumentForm
from inventory.models import StockLocation
from inventory.services.arrivals import NewArrival
from oms.core.errors import Refusal
from oms.core.frame import Standing
from oms.core.views.frame import Action, Form, Guarded, Page
from oms.flows import arriving, transferring
from oms.flows.arriving import Noted

MOST_PIECES = 100_000


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


def read_item(request: HttpRequest) -> Read | None:
    """What a scanned code means: the SKU, how many pieces, its lot and serial number; None when nobody knows it."""
    post = request.POST
    return floor_queries.read_code(
        post.get("code", "").strip()[:128], gtin=post.get("gtin", ""), quantity=post.get("quantity", "")
    )


class Receiving(Guarded):
    """A document at a location where this person receives."""

    permission = "receiving.receive"
    prefix: ClassVar[str] = "receive"

    @property
    def reference(self) -> str:
        return str(self.kwargs["reference"])

    def place(self) -> StockLocation:
        """The location, when this person receives there."""
        found = queries.location(self.kwargs["place"])
        if not self.request.user.may("receiving.receive", location=found.code):
            raise Http404("You do not receive there.")
        return found

    def address(self, name: str) -> str:
        """The address of a page of this document."""
        return reverse(
            f"inventory:{self.prefix}{name}", kwargs={k: v for k, v in self.kwargs.items() if k != "key"}
        )

    @property
    def said(self) -> dict[str, str]:
        """What holds for each scan of this page: damaged or not, the lot of codes that do not name one."""
        asked = {name: self.request.GET.get(name, "").strip() for name in ("damaged", "lot", "expires_on")}
        return {name: value for name, value in asked.items() if value}

    def state(self) -> dict[str, Any]:
        """What has been scanned, against what should arrive."""
        waiting = floor_queries.arrivals(self.place().pk, self.reference)
        rows = floor_queries.compared(self.place().pk, self.reference, waiting)
        return {
            "rows": rows,
            "scanned": sum(scan.quantity for scan in waiting),
            "expected": sum(row.expected for row in rows),
        }

    def html(self) -> str:
        """The part of the page that a scan changes."""
        return render_to_string("inventory/receive_view.html", self.state(), self.request)

    def note(self, sku: str, read: NewArrival) -> Noted:
        """Count one scan."""
        return arriving.note_arrival(
            self.place().code, self.reference, sku=sku, read=read, **self.doing.as_arguments
        )

    def post_all(self) -> str:
        """Post what was scanned."""
        return arriving.post_arrivals(self.place().code, self.reference, **self.doing.as_arguments)


class ReceivePage(Receiving, Page):
    """One document on the floor."""

    under = "Receive"
    template_name = "inventory/receive.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        said = self.said
        return (
            super().get_context_data(**kwargs)
            | self.state()
            | {
                "title": f"Receive {self.reference}",
                "reference": self.reference,
                "place": self.place(),
                "said": said,
                "scan_url": f"{self.address('_scan')}?{urlencode(said)}",
                "post_url": self.address("_post"),
                "toggle": urlencode(
                    {k: v for k, v in said.items() if k != "damaged"}
                    | ({} if "damaged" in said else {"damaged": "1"})
                ),
            }
        )


class ReceiveScan(Receiving):
    """Where the device sends what it reads."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Count one scan and answer with the new state of the page."""
        read = read_item(request)
        if read is None:
            return JsonResponse({"result": "unknown", "title": "Nobody knows this code.", "ack": "OK"})
        said, post = self.said, request.POST
        arrival = NewArrival(
            as_uuid(request.headers.get("Idempotency-Key", "")),
            max(1, min(read.pieces, MOST_PIECES)),
            (post.get("lot", "") or said.get("lot", "")) if read.sku.is_lot_tracked else "",
            _day(post.get("expires_on", "") or said.get("expires_on", "")),
            self.serial(read),
            "damaged" in said,
            post.get("typed") == "1",
        )
        try:
            noted = self.note(read.sku.code, arrival)
        except Refusal as refusal:
            return JsonResponse(
                {"result": "wrong", "title": "Not counted", "detail": str(refusal), "ack": "OK"}
            )
        scan = noted.scan
        return JsonResponse(
            {
                "result": "ok",
                "title": f"{scan.quantity} × {scan.sku.code} {scan.sku.name}",
                "undo_url": reverse("inventory:receive_undo", args=[scan.key]),
                "html": self.html(),
            }
        )

    def serial(self, read: Read) -> str:
        """The number of the piece: said by the code, or the code itself where the page asks for it."""
        return (self.request.POST.get("serial", "") or read.serial) if read.sku.is_serial_tracked else ""


class ReceivePost(Receiving, Action):
    """Post what was scanned."""

    def fallback(self, **kwargs: Any) -> str:
        return self.address("")

    def carry_out(self, **kwargs: Any) -> None:
        self.post_all()


class ReceiveUndo(Guarded):
    """Take a scan of something that arrived back."""

    permission = "receiving.receive"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Undo once; a second time changes nothing."""
        seen = floor_queries.scan_with_key(key)
        if seen is None or not request.user.may("receiving.receive", location=seen.location.code):
            raise Http404("That scan is not known here.")
        new_key = as_uuid(request.headers.get("Idempotency-Key", f"undo:{key}"))
        try:
            arriving.undo_arrival(key, new_key=new_key, **self.doing.as_arguments)
        except Refusal as refusal:
            return JsonResponse({"result": "wrong", "title": str(refusal), "ack": "OK"})
        state = Receiving()
        state.request, state.kwargs = request, {"place": seen.location.code, "reference": seen.reference}
        return JsonResponse({"result": "ok", "title": f"Undone: {seen.sku.code}", "html": state.html()})


class TransferReceiving(Receiving):
    """The same for a transfer: the document is the transfer, and what was not sent is refused."""

    prefix = "transfer_receive"

    @property
    def reference(self) -> str:
        return str(self.kwargs["number"])

    def place(self) -> StockLocation:
        """The destination, when this person receives there."""
        found = floor_queries.transfer(self.reference).destination
        if not self.request.user.may("receiving.receive", location=found.code):
            raise Http404("You do not receive there.")
        return found

    def note(self, sku: str, read: NewArrival) -> Noted:
        """Count one scan against what was sent."""
        return transferring.note_arrival(self.reference, sku=sku, read=read, **self.doing.as_arguments)

    def post_all(self) -> str:
        """Post what was scanned."""
        return transferring.post_arrivals(self.reference, **self.doing.as_arguments)


class TransferReceivePage(TransferReceiving, ReceivePage):
    """A transfer that arrives."""


class TransferReceiveScan(TransferReceiving, ReceiveScan):
    """Where the device sends what it reads."""


class TransferReceivePost(TransferReceiving, ReceivePost):
    """Post what was scanned."""

    def fallback(self, **kwargs: Any) -> str:
        return reverse("inventory:transfer", args=[self.reference])


class ReceiveStart(Form):
    """Which document the goods came with, where."""

    permission = "receiving.receive"
    title = "Receive"
    under = "Receive"
    template_name = "inventory/receive_start.html"
    form_class = DocumentForm

    def get_form_kwargs(self) -> dict[str, Any]:
        codes = Standing(self.request.user, self.request.session.get("site", "")).sites("receiving.receive")
        self.codes = codes
        return super().get_form_kwargs() | {"places": queries.places_for_choice(codes)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"coming": floor_queries.coming(self.codes)}

    def carry_out(self, form: Any) -> str:
        said = form.cleaned_data
        return reverse("inventory:receive", args=[said["place"], said["reference"]])


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
