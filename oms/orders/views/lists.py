"""The list of orders: saved views, filters in the address."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import reverse

from fulfilment import queries as work_queries
from oms.core import frame
from oms.core.views.lists import LAST_DAYS, Choice, Column, Filter, ListPage, Tab, days
from oms.orders import job_queries, partial_queries, queries, risk_queries
from oms.orders.rules import ChangeKind, CustomerType
from oms.orders.views import looks


def _status(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "not_closed":
        return rows.filter(state__in=["open", "on_hold"])
    return rows.filter(status=value)


def _statuses(user: Any) -> list[Choice]:
    known = [Choice(value, look.word) for value, look in looks.STATUS.items()]
    return [Choice("not_closed", "not closed"), *known]


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(pk__in=work_queries.order_ids_at([value]))


def _sites(user: Any) -> list[Choice]:
    return [Choice(code, name) for code, name, _ in frame.sites_for(user)]


def _channel(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(channel__code=value)


def _channels(user: Any) -> list[Choice]:
    return [Choice(code, name) for code, name in queries.channels_in_use()]


def _due(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    now = datetime.now(UTC)
    if value == "late":
        return rows.filter(queries.late(now))
    if value == "risk":
        return rows.filter(risk_queries.at_risk())
    if value == "decision":
        return rows.filter(partial_queries.deciding())
    if value == "waiting":
        return rows.filter(queries.waiting_for_stock())
    return rows.filter(queries.needing_action(now))


def _sku(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(queries.holding_sku(value))


def _hold(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(queries.held_for(value))


def _customer(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(customer_type=value)


KINDS = tuple(Choice(kind.value, kind.name) for kind in CustomerType)
# People read out the last digits of a number.
SPOKEN_DIGITS = range(3, 9)
NEEDS = (
    Choice("action", "a person"),
    Choice("late", "hurry: promise passed"),
    Choice("risk", "a look: at risk of being late"),
    Choice("waiting", "stock"),
    Choice("decision", "a decision: it cannot leave whole"),
)


class OrderList(ListPage):
    """Orders, newest first; every filter stands in the address."""

    permission = "orders.view"
    title = "Orders"
    under = "Orders"
    template_name = "orders/order_list.html"
    page_name = "orders.list"
    noun = "order,orders"
    order = ("-placed_at", "-id")
    orders: ClassVar = {"promise": ("promise_by", "id"), "total": ("-total_minor", "-id")}
    search_help = "Filter: number, name, mail, site:PER, sku:4427…"
    tabs = (
        Tab("All", {}),
        Tab("Open", {"status": "not_closed"}),
        Tab("Needs action", {"needs": "action"}, tone="look"),
        Tab("At risk", {"needs": "risk"}, tone="look"),
        Tab("Late", {"needs": "late"}, tone="stop"),
        Tab("Waiting for stock", {"needs": "waiting"}),
        Tab("On hold", {"status": "on_hold"}),
        Tab("To decide", {"needs": "decision"}, tone="look"),
    )
    filters = (
        Filter("status", "State", _status, _statuses),
        Filter("needs", "Needs", _due, lambda user: NEEDS),
        Filter("site", "Site", _site, _sites),
        Filter("channel", "Channel", _channel, _channels),
        Filter("customer", "Customer", _customer, lambda user: KINDS),
        Filter("sku", "SKU", _sku, kind="text"),
        Filter("hold", "Held for", _hold, kind="text"),
        Filter("since", "Placed", days("placed_at"), lambda user: LAST_DAYS),
    )
    columns = (
        Column("Order"),
        Column("Channel"),
        Column("Customer"),
        Column("Fulfilment"),
        Column("Lines", "num"),
        Column("Total", "num", "total"),
        Column("Ships from"),
        Column("Placed"),
        Column("Promise", "", "promise"),
    )

    def rows(self) -> QuerySet[Any]:
        rows = queries.orders()
        codes = self.request.user.locations_for("orders.view")
        return rows if codes is None else rows.filter(pk__in=work_queries.order_ids_at(codes))

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(queries.matching(text.lstrip("#")))

    def decorate(self, rows: list[Any]) -> list[Any]:
        ids = [row.pk for row in rows]
        sums, places = queries.sums(ids), work_queries.places_of(ids)
        for row in rows:
            row.line_count = sums.get(row.pk, {}).get("lines", 0)
            row.piece_count = sums.get(row.pk, {}).get("pieces", 0)
            served = places.get(row.pk, [])
            row.places = list(dict.fromkeys(work.location.name for work in served))
            row.zone = served[0].location.timezone if served else ""
            row.done = row.state in {"closed", "cancelled"}
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        reasons = job_queries.reasons(*ChangeKind)
        return super().get_context_data(**kwargs) | {
            "may_order": self.request.user.locations_for("orders.create") is None,
            "may_hold": self.request.user.may("orders.hold"),
            "may_cancel": self.request.user.may("orders.cancel"),
            "hold_reasons": [one for one in reasons if one.kind == ChangeKind.HOLD],
            "cancel_reasons": [one for one in reasons if one.kind == ChangeKind.CANCEL],
            "page_help": "Tick rows to hold, release or cancel many. Back from an order keeps this filter.",
        }


def _count(narrow: Callable[[datetime], Q], standing: frame.Standing) -> int:
    """Count the orders of this list at the sites where the person stands."""
    rows = queries.orders().filter(narrow(datetime.now(UTC)))
    codes = standing.sites("orders.view")
    if codes is not None:
        rows = rows.filter(pk__in=work_queries.order_ids_at(codes))
    return rows.order_by().count()


def found(text: str, user: Any) -> list[frame.Found]:
    """Find orders by number, the channel's number, name or mail."""
    exact = list(queries.with_external_number(text)[:2])
    if exact:
        rows = exact
    elif text.isdecimal() and len(text) in SPOKEN_DIGITS:
        rows = list(queries.ending_in(text)[:6])
    else:
        rows = list(queries.orders().filter(queries.matching(text))[:6])
    return [
        frame.Found(
            row.number,
            reverse("orders:detail", args=[row.number]),
            "inbox",
            f"{row.contact.customer_name} · {row.channel.name} · {looks.STATUS[row.status].word}",
            exact=bool(exact),
        )
        for row in rows
    ]


def _tile(name: str, query: str, narrow: Callable[[datetime], Q], **facts: Any) -> frame.Tile:
    return frame.Tile(
        name,
        url=lambda standing: f"{reverse('orders:list')}?{query}{standing.query}",
        count=partial(_count, narrow),
        permission="orders.view",
        **facts,
    )


def _at_risk(at: datetime) -> Q:
    return risk_queries.at_risk()


def _deciding(at: datetime) -> Q:
    return partial_queries.deciding()


def _held(at: datetime) -> Q:
    return Q(state="on_hold")


frame.hang(
    frame.Entry("Orders", "inbox", "orders:list", "orders.view", letter="o", position=10, tab=True),
    frame.Finder("orders", found, "orders.view", position=10),
    _tile(
        "Need action",
        "needs=action",
        queries.needing_action,
        icon="alert-triangle",
        tone="look",
        hint="held, late or without stock",
        position=10,
    ),
    _tile(
        "Late",
        "needs=late",
        queries.late,
        icon="clock-hour-4",
        tone="stop",
        hint="promise has passed",
        position=11,
    ),
    _tile(
        "At risk",
        "needs=risk",
        _at_risk,
        icon="clock-hour-4",
        tone="look",
        hint="will miss its promise",
        position=11,
    ),
    _tile(
        "To decide",
        "needs=decision",
        _deciding,
        icon="alert-triangle",
        tone="look",
        hint="cannot leave whole",
        position=11,
    ),
    _tile("On hold", "status=on_hold", _held, icon="player-pause", hint="release or cancel", position=12),
)
