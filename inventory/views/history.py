"""Stock of the past: every movement with its running balance, and all levels as they stood at an instant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from inventory import history, queries
from inventory.books import midnight
from inventory.views import looks
from inventory.views.files import csv_answer, in_batches
from oms.core import frame
from oms.core import history as people
from oms.core.views.lists import LAST_DAYS, Choice, Column, Filter, ListPage, days

KINDS = tuple(Choice(kind, words) for kind, words in looks.MOVED.items())


def sites(user: Any) -> list[Choice]:
    """The sites a person may see, to choose from."""
    return [Choice(code, name) for code, name, _ in frame.sites_for(user)]


def _on_day(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    """Keep one day by the clock of each movement's own site: a day is as long there as it is anywhere."""
    day = history.parse_day(value)
    if day is None:
        return rows.none()
    found = rows.none()
    for zone in sorted(set(history.places_with_books().values_list("timezone", flat=True))):
        first, last = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        found |= rows.filter(level__location__timezone=zone, moved_at__gte=first, moved_at__lt=last)
    return found


class MovementList(ListPage):
    """The journal of stock, newest first; of one SKU at one site with what it held after each."""

    permission = "stock.view"
    title = "Stock movements"
    under = "Stock movements"
    template_name = "inventory/history_movements.html"
    page_name = "inventory.movements"
    noun = "movement,movements"
    order = ("-moved_at", "-id")
    search_help = "A whole SKU code or document number…"
    filters = (
        Filter("sku", "SKU", lambda rows, value: rows.filter(level__sku__code=value), kind="text"),
        Filter("site", "Site", lambda rows, value: rows.filter(level__location__code=value), sites),
        Filter("kind", "What", lambda rows, value: rows.filter(kind=value), lambda user: KINDS),
        Filter("reference", "For", lambda rows, value: rows.filter(reference=value), kind="text"),
        Filter("day", "Day", _on_day, kind="date"),
        Filter("moved", "Moved", days("moved_at"), lambda user: LAST_DAYS),
    )
    columns: ClassVar = (
        Column("When"),
        Column("What"),
        Column("SKU"),
        Column("Site"),
        Column("For"),
        Column("Who"),
        Column("On hand", "num"),
        Column("Reserved", "num"),
        Column("In inspection", "num"),
    )

    def rows(self) -> QuerySet[Any]:
        codes = self.request.user.locations_for("stock.view")
        rows = queries.movements()
        return rows if codes is None else rows.filter(level__location__code__in=list(codes))

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(reference=text) | rows.filter(level__sku__code=text)

    @property
    def is_running(self) -> bool:
        """Whether the rows follow one another: one level, and nothing left out in between."""
        return {"sku", "site"} <= set(self.asked) and not {"kind", "reference", "q"} & set(self.asked)

    def decorate(self, rows: list[Any]) -> list[Any]:
        names = people.names_of(row.actor for row in rows)
        after = history.run_down(rows, [rows[0].level_id]) if rows and self.is_running else []
        for number, row in enumerate(rows):
            row.who = names.get(row.actor, row.actor)
            row.what = looks.MOVED.get(row.kind, row.kind.capitalize())
            row.document = looks.document_of(row.reference)
            row.after = after[number] if after else None
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"running": self.is_running}


class AsOfPage(ListPage):
    """What every site held at an instant, by the journal."""

    permission = "stock.view"
    title = "Stock as of"
    under = "Stock movements"
    template_name = "inventory/history_as_of.html"
    page_name = "inventory.as_of"
    noun = "level,levels"
    order = ("sku__code", "location__code", "id")
    search_help = "A SKU code…"
    filters = (
        Filter("sku", "SKU", lambda rows, value: rows.filter(sku__code=value), kind="text"),
        Filter("site", "Site", lambda rows, value: rows.filter(location__code=value), sites),
        Filter("at", "As of", lambda rows, value: rows, kind="datetime-local"),
    )
    columns: ClassVar = (
        Column("SKU"),
        Column("Name"),
        Column("Site"),
        Column("On hand", "num"),
        Column("Reserved", "num"),
        Column("In inspection", "num"),
        Column("Safety", "num"),
        Column("Available", "num"),
    )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("format") == "csv" and request.user.may("stock.export"):
            heads = (
                "sku",
                "location",
                "at",
                "on_hand",
                "reserved",
                "quarantined",
                "safety_stock",
                "available",
            )
            return csv_answer(f"stock-as-of-{self.at:%Y-%m-%dT%H%M}", heads, self._lines())
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[Any]:
        codes = self.request.user.locations_for("stock.view")
        rows = history.levels_alone()
        return rows if codes is None else rows.filter(location__code__in=list(codes))

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(sku__code__istartswith=text)

    @property
    def zone(self) -> ZoneInfo:
        """The clock by which the instant is meant: the site's that is asked for or stood at, Perth's otherwise."""
        site = self.asked.get("site") or self.request.session.get("site", "")
        zones = {code: zone for code, _, zone in frame.sites_for(self.request.user)}
        return ZoneInfo(zones.get(site) or next(iter(zones.values()), "UTC"))

    @property
    def at(self) -> datetime:
        """The instant asked for; now when none is, or when it lies ahead."""
        now = datetime.now(UTC)
        try:
            asked = datetime.fromisoformat(self.asked.get("at", "").replace(" ", "+"))
        except ValueError:
            return now
        return min(asked if asked.tzinfo else asked.replace(tzinfo=self.zone), now)

    def decorate(self, rows: list[Any]) -> list[Any]:
        stood = history.as_of([row.pk for row in rows], self.at)
        for row in rows:
            row.stood = stood[row.pk]
        return rows

    def _lines(self) -> Iterator[tuple[Any, ...]]:
        at = self.at
        for batch in in_batches(self.narrowed(self.asked), self.order):
            stood = history.as_of([level.pk for level in batch], at)
            for level in batch:
                was = stood[level.pk]
                figures = (was.on_hand, was.reserved, was.quarantined, was.safety_stock, was.available)
                yield (level.sku.code, level.location.code, at.isoformat(), *figures)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        local = self.at.astimezone(self.zone)
        return super().get_context_data(**kwargs) | {
            "at": self.at,
            "at_local": local.strftime("%Y-%m-%dT%H:%M"),
            "zone": self.zone.key,
            "may_export": self.request.user.may("stock.export"),
        }


frame.hang(
    frame.Entry("Stock movements", "history", "inventory:movements", "stock.view", "Stock", position=34),
)
