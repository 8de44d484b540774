"""Lots and numbered pieces: what expires, where they stand, who got them; goods set aside."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from inventory import lot_queries, queries
from inventory.forms_floor import HoldForm, RecallForm
from inventory.models import Lot, SerialNumber
from inventory.views import looks
from oms.catalogue import queries as sku_queries
from oms.core import frame, history
from oms.core.status import DONE, LOOK, STOP, WAIT, WORK, Look, fill
from oms.core.views.frame import Form, Record, one_effect
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab
from oms.flows import holding
from oms.flows.holding import Held

SHOWN = 200
fill(
    "lot",
    {
        "good": Look(DONE, "Good"),
        "near": Look(LOOK, "Expires soon"),
        "expired": Look(STOP, "Expired"),
        "recalled": Look(STOP, "Recalled"),
    },
)
fill(
    "serial",
    {
        "in_stock": Look(DONE, "In stock"),
        "in_transit": Look(WORK, "On the way"),
        "issued": Look(WAIT, "Left"),
        "lost": Look(STOP, "Lost"),
    },
)


def _today() -> Any:
    return datetime.now(UTC).date()


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "near":
        return lot_queries.near_expiry(rows, _today())
    if value == "expired":
        return lot_queries.expired(rows, _today())
    return rows.filter(recalled_at__isnull=False)


def state_of(lot: Lot) -> str:
    """How a lot stands today."""
    if lot.recalled_at:
        return "recalled"
    if lot.expires_on is None:
        return "good"
    left = (lot.expires_on - _today()).days
    return "expired" if left < 0 else "near" if left <= lot_queries.NEAR_DAYS else "good"


class LotList(ListPage):
    """All lots, the first to expire first."""

    permission = "stock.view"
    title = "Lots"
    under = "Lots"
    template_name = "inventory/lot_list.html"
    page_name = "inventory.lots"
    noun = "lot,lots"
    order = ("expires_on", "id")
    search_help = "A lot or a SKU…"
    tabs = (
        Tab("All", {}),
        Tab("Expires in 30 days", {"state": "near"}, tone="look"),
        Tab("Expired on hand", {"state": "expired"}, tone="stop"),
        Tab("Recalled", {"state": "recalled"}),
    )
    filters = (
        Filter(
            "state",
            "State",
            _state,
            lambda user: [
                Choice("near", "expires in 30 days"),
                Choice("expired", "expired, on hand"),
                Choice("recalled", "recalled"),
            ],
        ),
    )
    columns: ClassVar = (
        Column("Lot"),
        Column("SKU"),
        Column("Last day"),
        Column("On hand", "num"),
        Column("Set aside", "num"),
        Column("State"),
    )

    def rows(self) -> QuerySet[Any]:
        return lot_queries.lots()

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(code__istartswith=text) | rows.filter(sku__code__iexact=text)

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.state = state_of(row)
        return rows


class LotPage(Record):
    """One lot: where it stands, and which orders got it."""

    permission = "stock.view"
    under = "Lots"
    template_name = "inventory/lot_detail.html"
    list_url_name = "inventory:lots"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lot = lot_queries.lots().filter(pk=self.kwargs["lot_id"]).first()
        if lot is None:
            raise Http404("There is no such lot.")
        codes = self.request.user.locations_for("stock.view")
        gone = list(lot_queries.who_got(lot)[:SHOWN])
        for row in gone:
            row.document, row.pieces = looks.document_of(row.reference), -row.on_hand_delta
        return super().get_context_data(**kwargs) | {
            "title": f"Lot {lot.code}",
            "lot": lot,
            "state": state_of(lot),
            "stands": lot_queries.where_it_stands(lot, codes),
            "gone": gone,
            "in_hand": lot_queries.in_somebodys_hand(lot),
            "may_recall": self.request.user.may("lots.recall") and not lot.recalled_at,
            "timeline": history.of("lot", str(lot.pk))[:50],
        }


class Recall(Form):
    """Take a lot off sale everywhere."""

    permission = "lots.recall"
    title = "Recall a lot"
    under = "Lots"
    template_name = "inventory/lot_recall.html"
    form_class = RecallForm

    def lot(self) -> Lot:
        """The lot."""
        found = lot_queries.lots().filter(pk=self.kwargs["lot_id"]).first()
        if found is None:
            raise Http404("There is no such lot.")
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lot = self.lot()
        return super().get_context_data(**kwargs) | {
            "lot": lot,
            "stands": lot_queries.where_it_stands(lot),
            "in_hand": lot_queries.in_somebodys_hand(lot),
        }

    def carry_out(self, form: Any) -> str:
        lot = self.lot()
        with one_effect(self.request):
            done = holding.recall_lot(
                lot.sku.code, lot.code, reason=form.cleaned_data["reason"], **self.doing.as_arguments
            )
            self.done_message = f"{done.pieces} pieces are off sale; {len(done.displaced)} orders were moved."
        return reverse("inventory:lot", args=[lot.pk])


class SerialList(ListPage):
    """Where is this serial number?"""

    permission = "stock.view"
    title = "Serial numbers"
    under = "Serial numbers"
    template_name = "inventory/serial_list.html"
    page_name = "inventory.serials"
    noun = "serial number,serial numbers"
    order = ("code", "id")
    search_help = "Scan or type a serial number…"
    columns: ClassVar = (Column("Serial number"), Column("SKU"), Column("Where"), Column("State"))

    def rows(self) -> QuerySet[Any]:
        return lot_queries.serials()

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows & lot_queries.serials(text)


class SerialPage(Record):
    """One numbered piece and what happened to it."""

    permission = "stock.view"
    under = "Serial numbers"
    template_name = "inventory/serial_detail.html"
    list_url_name = "inventory:serials"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        piece = lot_queries.serials().filter(pk=self.kwargs["serial_id"]).first()
        if piece is None:
            raise Http404("There is no such piece.")
        rows = list(lot_queries.history_of(piece)[:SHOWN])
        names = history.names_of(row.actor for row in rows)
        for row in rows:
            row.document, row.who = looks.document_of(row.reference), names.get(row.actor, row.actor)
            row.what = looks.MOVED.get(row.kind, row.kind.capitalize())
        return super().get_context_data(**kwargs) | {"title": piece.code, "piece": piece, "moves": rows}


class Hold(Form):
    """Set pieces of a SKU aside, or give them back."""

    permission = "stock.hold"
    title = "Set aside"
    under = "Stock look-up"
    template_name = "inventory/lot_hold.html"
    form_class = HoldForm

    def get_form_kwargs(self) -> dict[str, Any]:
        codes = self.request.user.locations_for("stock.hold")
        return super().get_form_kwargs() | {"places": queries.places_for_choice(codes)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sku = sku_queries.by_code_or_barcode(self.kwargs["code"])
        if sku is None:
            raise Http404("There is no such SKU.")
        levels = queries.levels_of(sku.code, self.request.user.locations_for("stock.hold"))
        return super().get_context_data(**kwargs) | {"sku": sku, "levels": list(levels)}

    def carry_out(self, form: Any) -> str:
        said = form.cleaned_data
        is_damaged = said["what"] in {"damage", "mended"}
        what = Held(self.kwargs["code"], said["place"], said["pieces"], is_damaged, said["bin"], said["lot"])
        act = holding.set_aside if said["what"] in {"inspect", "damage"} else holding.give_back
        with one_effect(self.request):
            number = act(what, note=said["note"], **self.doing.as_arguments)
            self.done_message = f"{number}: {said['pieces']} pieces."
        return reverse("inventory:sku", args=[self.kwargs["code"]])


def found(text: str, user: Any) -> list[frame.Found]:
    """The numbered piece or the lot that a text or scan names."""
    wanted = text.strip()
    pieces = SerialNumber.objects.select_related("sku").filter(code__iexact=wanted)[:3]
    lots = Lot.objects.select_related("sku").filter(code__iexact=wanted)[:3]
    return [
        frame.Found(
            piece.code, reverse("inventory:serial", args=[piece.pk]), "barcode", piece.sku.name, exact=True
        )
        for piece in pieces
    ] + [
        frame.Found(
            f"Lot {lot.code}", reverse("inventory:lot", args=[lot.pk]), "calendar", lot.sku.name, exact=True
        )
        for lot in lots
    ]


frame.hang(
    frame.Entry("Lots", "calendar", "inventory:lots", "stock.view", "Stock", position=36),
    frame.Entry("Serial numbers", "barcode", "inventory:serials", "stock.view", "Stock", position=37),
    frame.Finder("lots", found, "stock.view", position=27),
    frame.Tile(
        "Lots that expire soon",
        "calendar",
        lambda standing: f"{reverse('inventory:lots')}?state=near",
        lambda standing: lot_queries.near_expiry(lot_queries.lots(), _today()).count(),
        "stock.hold",
        tone="look",
        position=44,
    ),
)
