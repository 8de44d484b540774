"""The page of one order: where it is, what it holds, why it ships from there, what happened."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404
from django.urls import reverse

from fulfilment import queries as work_queries
from oms.core import history
from oms.core.errors import Invalid
from oms.core.templatetags.ui import clock
from oms.core.views.frame import Action, Record
from oms.flows import ordering, standing
from oms.orders import job_queries, queries
from oms.orders.models import Order
from oms.orders.rules import ChangeKind
from oms.orders.views import answer, looks
from oms.orders.views.lists import OrderList
from oms.routing import queries as routing_queries


class OrderPage(Record):
    """One order on one page; the timeline has the newest on top."""

    permission = "orders.view"
    under = "Orders"
    template_name = "orders/order_detail.html"
    list_url_name = "orders:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        order = self.order()
        order.is_done = order.state in {"closed", "cancelled"}
        work = list(work_queries.work_of_order(order.pk))
        lines = _lines(order, work)
        hold = queries.active_hold(order.pk)
        zone = work[0].location.timezone if work else "UTC"
        facts = _facts(order, work, lines, hold, zone)
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
            "why": _why(order),
            "hold_reasons": job_queries.reasons(ChangeKind.HOLD),
            "people": job_queries.people(),
            "timeline": _timeline(order),
            "other_orders": queries.orders_of_customer(order.contact.customer_email),
            "list_param": f"?{self.request.GET.urlencode()}" if context["list_query"] else "",
            "previous_record": before,
            "next_record": after,
            **_allowed(order, work, self.request.user),
        }

    def order(self) -> Order:
        found = queries.orders().filter(number=self.kwargs["number"]).first()
        codes = self.request.user.locations_for("orders.view")
        if found is None:
            raise Http404("There is no such order.")
        if codes is not None and not work_queries.order_ids_at(codes).filter(order=found).exists():
            raise Http404("There is no such order.")
        return found

    def neighbours(self, order: Order) -> tuple[Any | None, Any | None]:
        return OrderList.neighbours(
            order, list_query=self.request.GET.get("list", ""), user=self.request.user, request=self.request
        )


def _lines(order: Order, work: list[Any]) -> list[Any]:
    lines = list(queries.lines_of([order.pk]))
    done: dict[int, dict[str, int]] = {}
    for each in work:
        for part in each.lines.all():
            tally = done.setdefault(part.allocation.order_line_id, {"picked": 0, "packed": 0})
            tally["picked"] += part.quantity_picked
            tally["packed"] += part.quantity_packed
    for line in lines:
        tally = done.get(line.pk, {})
        line.picked, line.packed = tally.get("picked", 0), tally.get("packed", 0)
        # Shipped pieces were reserved once; staff read the column as "set aside so far".
        line.reserved = line.quantity_allocated
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
        "candidates": [_candidate(one) for one in told.get("candidates", [])],
    }


def _candidate(one: dict[str, Any]) -> dict[str, Any]:
    stock = [f"{has} × {sku}" for sku, has in one.get("stock", {}).items()]
    return one | {"stock_words": " · ".join(stock)}


def _timeline(order: Order) -> list[dict[str, Any]]:
    rows = []
    for entry in history.of("order", order.number)[:200]:
        deed = looks.deed_of(entry.action)
        by = "person" if entry.actor_kind == "user" else "system"
        rows.append({"entry": entry, "deed": deed, "by": by})
    return rows


def _allowed(order: Order, work: list[Any], user: Any) -> dict[str, str]:
    """Say of each button why it is off; an empty reason means it is on."""
    ended = f"The order is {order.state}." if order.state in {"closed", "cancelled"} else ""
    late = [each.number for each in work if each.status in {"packed", "shipped"}]
    packed = f"{', '.join(late)} is packed or has left." if late else ""
    no_hold = "" if user.may("orders.hold") else "Your roles do not allow holding orders."
    no_cancel = "" if user.may("orders.cancel") else "Your roles do not allow cancelling orders."
    return {
        "no_hold": no_hold or ended,
        "no_release": no_hold,
        "no_cancel": no_cancel or ended or packed,
    }


class _OnOrder(Action):
    def fallback(self, **kwargs: Any) -> str:
        return reverse("orders:detail", kwargs=kwargs)


class Hold(_OnOrder):
    """Stop one order for a reason."""

    permission = "orders.hold"

    def carry_out(self, **kwargs: Any) -> None:
        said = self.request.POST
        standing.hold_order(
            kwargs["number"],
            reason=said.get("reason", ""),
            code=said.get("code", ""),
            owner=said.get("owner", ""),
            **self.doing.as_arguments,
        )


class Release(_OnOrder):
    """Let one held order go on."""

    permission = "orders.hold"

    def carry_out(self, **kwargs: Any) -> None:
        standing.release_order(kwargs["number"], **self.doing.as_arguments)


class Assign(_OnOrder):
    """Make another person answer for the hold of one order."""

    permission = "orders.hold"

    def carry_out(self, **kwargs: Any) -> None:
        owner = self.request.POST.get("owner", "")
        standing.assign_hold(kwargs["number"], owner=owner, **self.doing.as_arguments)


class Cancel(_OnOrder):
    """Cancel one order of which nothing is packed."""

    permission = "orders.cancel"

    def carry_out(self, **kwargs: Any) -> None:
        ordering.cancel_order(kwargs["number"], reason=_reason(self.request), **self.doing.as_arguments)


def _reason(request: Any) -> str:
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Invalid("Say why: the next person who opens this order will ask.")
    return reason[:200]
