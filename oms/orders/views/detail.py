"""The page of one order: where it is, what it holds, why it ships from there, what happened."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fulfilment import address_queries, cancellation_queries
from fulfilment import queries as work_queries
from fulfilment.rules import LIVE_WORK
from oms.core import history
from oms.core.templatetags.ui import clock, signed
from oms.core.views.frame import Record
from oms.orders import job_queries, queries, risk_queries, scarcity_queries
from oms.orders.models import Order
from oms.orders.rules import ChangeKind
from oms.orders.views import agreed, answer, deciding, looks
from oms.orders.views.lists import OrderList
from oms.orders.views.reach import order_within_reach
from oms.routing import queries as routing_queries
from oms.routing import reading

SKUS_SHOWN = 4


class OrderPage(Record):
    """One order on one page; the timeline has the newest on top."""

    permission = "orders.view"
    under = "Orders"
    template_name = "orders/order_detail.html"
    list_url_name = "orders:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        order = self.order()
        order.is_done = order.state in {"closed", "cancelled"}
        work = _work(order)
        asked = [one for each in work for one in each.cancellations.all() if one.state == "requested"]
        lines = _lines(order, work, asked)
        hold = queries.active_hold(order.pk)
        zone = work[0].location.timezone if work else "UTC"
        stands = deciding.of_order(order, work, lines, self.request.user)
        facts = deciding.told(_facts(order, work, lines, hold, zone), hold, stands)
        before, after = self.neighbours(order)
        context = super().get_context_data(**kwargs)
        return context | {
            "title": order.number,
            "order": order,
            "contact": order.contact,
            "hold": hold,
            "held_by": history.names_of([hold.placed_by]).get(hold.placed_by, "") if hold else "",
            "zone": zone,
            "answer": answer.answer(facts),
            "next_step": answer.next_step(facts),
            "late": facts.late,
            "lines": lines,
            "sums": _sums(lines),
            "work": work,
            "work_live": [each for each in work if each.status != "cancelled"],
            **_asked(order, work, asked, self.request.user),
            "risk": risk_queries.risks_of([order.pk]).get(order.pk) if not order.is_done else None,
            "promises": list(queries.promises_of(order.pk)),
            "why": _why(order),
            **_reasons(),
            "timeline": _timeline(order),
            "other_orders": queries.orders_of_customer(order.contact.customer_email),
            "list_param": f"?{self.request.GET.urlencode()}" if context["list_query"] else "",
            **agreed.of_order(order, self.request.user),
            **stands,
            "previous_record": before,
            "next_record": after,
            **_allowed(order, work, self.request.user),
        }

    def order(self) -> Order:
        return order_within_reach(self.request.user, self.kwargs["number"], "orders.view")

    def neighbours(self, order: Order) -> tuple[Any | None, Any | None]:
        return OrderList.neighbours(
            order, list_query=self.request.GET.get("list", ""), user=self.request.user, request=self.request
        )


def _work(order: Order) -> list[Any]:
    rows = work_queries.work_of_order(order.pk).prefetch_related(cancellation_queries.newest_first())
    work: list[Any] = list(rows)
    for one in work:
        one.parts = []
        for part in one.lines.all():
            part.wanted = part.quantity - part.quantity_cancelled
            if part.wanted:
                one.parts.append(part)
        one.wanted = sum(part.wanted for part in one.parts)
        one.picked = sum(part.quantity_picked for part in one.parts)
        one.rest = len(one.parts) > SKUS_SHOWN + 1
    return work


def _asked(order: Order, work: list[Any], asked: list[Any], user: Any) -> dict[str, Any]:
    """What partners were asked to leave out or to send elsewhere, and who would have to be asked."""
    return {
        "cancellations_open": asked,
        "moving": _moving(order),
        "may_answer": user.may("fulfilment.accept"),
        "confirmed_by": _confirmed_by(work),
    }


def _moving(order: Order) -> Any:
    """Where the order is to go once partners accept, and who was asked; None when nowhere else."""
    change = next(iter(address_queries.changes_of([order.pk]).get(order.pk, [])), None)
    if change is None or change.state != "requested":
        return None
    for one in change.requests.all():
        one.answer_key = f"address-{one.pk}"
    return change


def _confirmed_by(work: list[Any]) -> list[str]:
    confirmed = [one for one in work if one.parts and one.status in LIVE_WORK]
    return sorted(
        {one.location.name for one in confirmed if cancellation_queries.is_confirmed_elsewhere(one)}
    )


def _reasons() -> dict[str, Any]:
    listed = job_queries.reasons(ChangeKind.HOLD, ChangeKind.CANCEL)
    return {
        "people": job_queries.people(),
        "hold_reasons": [one for one in listed if one.kind == ChangeKind.HOLD],
        "cancel_reasons": [one for one in listed if one.kind == ChangeKind.CANCEL],
    }


def _lines(order: Order, work: list[Any], asked: list[Any]) -> list[Any]:
    lines: list[Any] = list(queries.lines_of([order.pk]))
    claims = scarcity_queries.claims_of([line.pk for line in lines])
    done: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for part in (part for each in work for part in each.lines.all()):
        tally = done[part.allocation.order_line_id]
        tally["picked"] += part.quantity_picked
        tally["packed"] += part.quantity_packed
        tally["asked"] += sum(
            one.quantity for each in asked for one in each.lines.all() if one.work_line_id == part.pk
        )
    for line in lines:
        tally = done[line.pk]
        line.picked, line.packed, line.asked = tally["picked"], tally["packed"], tally["asked"]
        # Shipped pieces were reserved once; staff read the column as "set aside so far".
        line.reserved = line.quantity_allocated
        line.still_wanted = line.quantity_ordered - line.quantity_shipped - line.quantity_cancelled
        line.claims = claims.get(line.pk, []) if line.quantity_waiting else []
    return lines


def _sums(lines: list[Any]) -> dict[str, int]:
    names = (
        "quantity_ordered",
        "reserved",
        "quantity_waiting",
        "picked",
        "packed",
        "quantity_shipped",
        "quantity_cancelled",
        "still_wanted",
        "total_minor",
    )
    return {name: sum(getattr(line, name) for line in lines) for name in names}


def _facts(order: Order, work: list[Any], lines: list[Any], hold: Any, zone: str) -> answer.Facts:
    legs = tuple(
        answer.Leg(
            each.location.name,
            each.status,
            sum(part.quantity - part.quantity_cancelled for part in each.lines.all()),
            tuple(parcel.tracking_number for parcel in each.parcels.all() if parcel.tracking_number),
        )
        for each in work
        if each.status != "cancelled"
    )
    now = datetime.now(UTC)
    return answer.Facts(
        number=order.number,
        status=order.status,
        legs=legs,
        waiting=tuple(
            f"{line.quantity_waiting} × {line.sku.name}" for line in lines if line.quantity_waiting
        ),
        hold_reason=hold.reason if hold else "",
        promise=clock(order.promise_by, now, ZoneInfo(zone)) if order.promise_by else "",
        late=answer.is_late(order.promise_by, status=order.status, at=now),
    )


def _why(order: Order) -> dict[str, Any] | None:
    decision = routing_queries.latest_decision(order.pk)
    if decision is None:
        return None
    told = decision.explanation
    return {
        "decision": decision,
        "rules": told.get("rules", {}),
        "ranked_by": told.get("ranked_by", ""),
        "why": told.get("why", ""),
        "currency": told.get("currency", order.currency),
        "candidates": [reading.candidate(one) for one in told.get("candidates", [])],
    }


def _timeline(order: Order) -> list[dict[str, Any]]:
    rows = []
    for entry in history.of("order", order.number)[:200]:
        deed = looks.deed_of(entry.action)
        by = "person" if entry.actor_kind == "user" else "system"
        rows.append({"entry": entry, "deed": deed, "by": by, "difference": _difference(entry)})
    return rows


def _difference(entry: Any) -> str:
    """What an edit changed or a person decided, in words: "−2 × MUG, +1 × CUP, notes"."""
    told = entry.changes or {}
    if entry.action == "order.partial_decided":
        return f"{told['decision'].replace('_', ' ')}, {told['missing']} missing"
    if entry.action != "order.amended":
        return ""
    pieces = [f"{signed(count)} × {sku}" for sku, count in told.get("pieces", {}).items()]
    return ", ".join([*pieces, *(name.replace("_", " ") for name in told.get("facts", []))])


def _allowed(order: Order, work: list[Any], user: Any) -> dict[str, str]:
    """Say of each button why it is off; an empty reason means it is on."""
    ended = f"The order is {order.state}." if order.state in {"closed", "cancelled"} else ""
    late = [each.number for each in work if each.status in {"packed", "shipped"}]
    packed = f"{', '.join(late)} is packed or has left." if late else ""
    no_change = "" if user.may("orders.change") else "Your roles do not allow changing orders."
    no_hold = "" if user.may("orders.hold") else "Your roles do not allow holding orders."
    no_cancel = "" if user.may("orders.cancel") else "Your roles do not allow cancelling orders."
    return {
        "no_change": no_change or ended,
        "no_hold": no_hold or ended,
        "no_release": no_hold,
        "no_cancel": no_cancel or ended or packed,
    }
