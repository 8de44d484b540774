"""The page of one SKU: a matrix where each number opens the rows that sum to it."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse

from inventory import history, queries
from inventory.forms import AdjustForm
from inventory.rules import NeedsSecondPerson
from inventory.views import charts, looks
from oms.catalogue import queries as sku_queries
from oms.core import history as people
from oms.core.views.frame import Form, Record, one_effect
from oms.core.views.lists import COUNTED_UP_TO, beyond, read_cursor, turned, write_cursor
from oms.flows import approving, counting
from oms.flows.counting import Change, Named

SHOWN = 50
SHOWN_DAYS = timedelta(days=90)
ORDER = ("-moved_at", "-id")
# What a column of the matrix counts, and the words over the rows behind it.
COLUMNS = {
    "on_hand": "Movements of on hand",
    "reserved": "Reservations that are open",
    "quarantined": "Movements of goods in inspection",
    "incoming": "Expected receipts",
}


class SkuPage(Record):
    """One SKU: what there is where, why, and what comes."""

    permission = "stock.view"
    under = "Stock look-up"
    template_name = "inventory/sku_detail.html"
    list_url_name = "inventory:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sku = sku_queries.by_code_or_barcode(self.kwargs["code"])
        if sku is None:
            raise Http404("There is no such SKU.")
        codes = self.request.user.locations_for("stock.view")
        levels = list(queries.levels_of(sku.code, codes))
        site = self.request.GET.get("site", "")
        shown = [level for level in levels if not site or level.location.code == site]
        show = self.request.GET.get("show", "")
        show = show if show in COLUMNS else "movements"
        return super().get_context_data(**kwargs) | {
            "title": f"{sku.code} {sku.name}",
            "sku": sku,
            "barcodes": sku.barcodes.all(),
            "levels": [_row(sku.code, level) for level in levels],
            "sums": _sums(levels),
            "site": site,
            "site_name": next((level.location.name for level in levels if level.location.code == site), ""),
            "show": show,
            "show_words": COLUMNS.get(show, "Movements"),
            "bins": [level for level in levels if level.pick_bin and level.on_hand],
            "expected": list(queries.expected_at(levels)),
            "chart": _chart(shown, at=self.doing.at),
            "may_adjust": self.request.user.may("stock.adjust"),
            "may_hold": self.request.user.may("stock.hold"),
            "bundle": self.bundle(sku, codes),
            **self.rows_behind(show, shown),
        }

    def bundle(self, sku: Any, codes: Any) -> dict[str, Any] | None:
        """Return what a bundle is made of and how many each site could ship, or None for an ordinary SKU."""
        if not sku.is_bundle:
            return None
        available = queries.bundles_available(sku.pk, codes)
        return {
            "parts": sku_queries.components_of([sku.code]).get(sku.code, ()),
            "sites": [(code, count) for code, count in available.items() if count],
            "total": sum(available.values()),
        }

    def rows_behind(self, show: str, levels: list[Any]) -> dict[str, Any]:
        """Return the rows that sum to the number which was opened."""
        if show == "reserved":
            rows = list(
                queries.open_reservations(level.pk for level in levels).select_related("level__location")
            )
            for row in rows:
                row.document = looks.document_of(row.reference)
            return {"reservations": rows, "rows_sum": sum(row.quantity_open for row in rows)}
        if show == "incoming":
            rows = list(queries.expected_at(levels))
            total = sum(row.quantity_expected - row.quantity_received for row in rows)
            return {"receipts": rows, "rows_sum": total}
        return self.movements(show, levels)

    def movements(self, show: str, levels: list[Any]) -> dict[str, Any]:
        """Return a page of movements, newest first, each with the balance after it."""
        column = "quarantined" if show == "quarantined" else "on_hand"
        rows = queries.movements().filter(level__in=levels)
        if show in COLUMNS:
            rows = rows.exclude(**{f"{column}_delta": 0})
        get = self.request.GET
        backwards = "before" in get and "after" not in get
        cursor = get.get("before" if backwards else "after", "")
        total = rows.order_by()[: COUNTED_UP_TO + 1].count()
        rows = rows.order_by(*(turned(ORDER) if backwards else ORDER))
        if cursor:
            rows = rows.filter(beyond(ORDER, read_cursor(cursor, ORDER), forward=not backwards))
        taken = list(rows[: SHOWN + 1])
        more, taken = len(taken) > SHOWN, taken[:SHOWN]
        if backwards:
            taken.reverse()
        _balance(taken, levels, column)
        newer, older = (more, bool(cursor)) if backwards else (bool(cursor), more)
        return {
            "movements": taken,
            "movement_count": min(total, COUNTED_UP_TO),
            "movement_count_is_floor": total > COUNTED_UP_TO,
            "contents": list(history.contents_in_quarantine(level.pk for level in levels))
            if show == "quarantined"
            else [],
            "rows_sum": sum(getattr(level, column) for level in levels),
            "previous": write_cursor(taken[0], ORDER) if taken and newer else "",
            "next": write_cursor(taken[-1], ORDER) if taken and older else "",
        }


def _balance(rows: list[Any], levels: list[Any], column: str) -> None:
    """Write beside each movement what the levels held after it, counted from the last closed day."""
    names = people.names_of(row.actor for row in rows)
    after = history.run_down(rows, [level.pk for level in levels])
    for row, stood in zip(rows, after, strict=True):
        row.change, row.balance = getattr(row, f"{column}_delta"), getattr(stood, column)
        row.who = names.get(row.actor, row.actor)
        row.what = looks.MOVED.get(row.kind, row.kind.capitalize())
        row.document = looks.document_of(row.reference)


def _chart(levels: list[Any], *, at: datetime) -> charts.Drawn | None:
    """Draw what was on hand at the end of each closed day, up to now."""
    found: dict[date, Any] = dict(history.day_ends([each.pk for each in levels], since=at - SHOWN_DAYS))
    if found:
        found[max(found) + timedelta(days=1)] = sum(each.on_hand for each in levels)
    return charts.drawn(found)


def _row(code: str, level: Any) -> dict[str, Any]:
    def door(show: str) -> str:
        asked = urlencode({"site": level.location.code, "show": show})
        return f"{reverse('inventory:sku', args=[code])}?{asked}#rows"

    return {"level": level, "doors": {show: door(show) for show in COLUMNS}}


def _sums(levels: list[Any]) -> dict[str, int]:
    names = ("on_hand", "reserved", "quarantined", "safety_stock", "available", "incoming")
    return {name: sum(getattr(level, name) for level in levels) for name in names}


class Adjust(Form):
    """Correct a count, with a reason from the managed list."""

    permission = "stock.adjust"
    title = "Adjust stock"
    under = "Stock look-up"
    template_name = "inventory/sku_adjust.html"
    form_class = AdjustForm

    def get_form_kwargs(self) -> dict[str, Any]:
        codes = self.request.user.locations_for("stock.adjust")
        return super().get_form_kwargs() | {
            "places": queries.places_for_choice(codes),
            "reasons": queries.reasons_for_choice(),
        }

    def get_initial(self) -> dict[str, Any]:
        site = self.request.GET.get("site") or self.request.session.get("site", "")
        return {"location": site}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sku = sku_queries.by_code_or_barcode(self.kwargs["code"])
        if sku is None:
            raise Http404("There is no such SKU.")
        levels = queries.levels_of(sku.code, self.request.user.locations_for("stock.adjust"))
        return super().get_context_data(**kwargs) | {"sku": sku, "levels": list(levels)}

    def carry_out(self, form: Any) -> str:
        data = form.cleaned_data
        named = Named(data["bin"], data["lot"], tuple(data["serials"].split()))
        try:
            with one_effect(self.request):
                done = counting.adjust_stock(
                    self.kwargs["code"],
                    location=data["location"],
                    quantity_delta=data["quantity_delta"],
                    reason=data["reason"],
                    note=data["note"],
                    named=named,
                    **self.doing.as_arguments,
                )
                self.done_message = f"{done.number}: on hand {done.on_hand_before} → {done.on_hand_after}."
        except NeedsSecondPerson as refusal:
            change = Change(
                self.kwargs["code"],
                data["location"],
                data["quantity_delta"],
                data["reason"],
                data["note"],
                named,
            )
            approving.ask(change, by=self.request.user, at=self.doing.at)
            self.done_message = f"Sent for approval. {refusal}"
        return reverse("inventory:sku", args=[self.kwargs["code"]])
