"""Ship what is there, wait, or cancel the rest: what each choice means, and the form that decides."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from oms.core.errors import Forbidden, Invalid
from oms.flows import deciding, keeping
from oms.flows.supplies import Supplies
from oms.orders import partial_queries
from oms.orders.amendments import cancelled_value
from oms.orders.models import Order, PartialQuestion
from oms.orders.partials import CHOICES, PartialDecision
from oms.orders.views.answer import Facts, listed
from oms.orders.views.deeds import OnOrder


@dataclass(frozen=True, slots=True)
class Stands:
    """What is there, what is missing, and when and for how much it could leave; money in minor units."""

    question: PartialQuestion | None
    there: int
    missing: int
    places: str
    leaves: datetime | None
    arrives_on: date | None
    cost_minor: int | None
    later_minor: int | None
    rest_minor: int
    has_bundles: bool


def of_order(order: Order, work: list[Any], lines: list[Any], user: Any) -> dict[str, Any]:
    """What the page needs when the order waits for a decision, or stands until it is whole."""
    question = partial_queries.open_question(order.pk)
    missing, kept = keeping.missing_of(lines), keeping.is_kept(order, lines)
    if question is None and not kept:
        return {"stands": None}
    return {
        "stands": _stands(question, missing, work, lines),
        "kept": kept,
        "no_decision": "" if user.may("orders.hold") else "Your roles do not allow deciding about orders.",
        "may_cancel_rest": user.may("orders.cancel"),
    }


def _stands(question: PartialQuestion | None, missing: int, work: list[Any], lines: list[Any]) -> Stands:
    live = [one for one in work if one.status not in {"cancelled", "shipped"} and one.wanted]
    costs = [one.expected_cost_minor for one in live]
    known = [cost for cost in costs if cost is not None]
    dues = [one.due_at for one in live if one.due_at]
    return Stands(
        question,
        sum(line.quantity_allocated for line in lines),
        missing,
        listed(dict.fromkeys(one.location.name for one in live)),
        max(dues) if dues else None,
        _arrival(lines),
        sum(known) if known and len(known) == len(costs) else None,
        min(known) if known else None,
        sum(_rest(line) for line in lines),
        any(line.bundle_line for line in lines),
    )


def _arrival(lines: list[Any]) -> date | None:
    """The day by which all that is missing was announced; None when some of it was not."""
    lacking = [line for line in lines if line.quantity_waiting]
    awaited = Supplies(line.sku_id for line in lacking).awaited_by(lacking)
    days = []
    for line in lacking:
        bound = awaited[line.pk]
        if sum(each.pieces for each in bound) < line.quantity_waiting:
            return None
        days += [each.supply.expected_on for each in bound]
    return max(days, default=None)


def _rest(line: Any) -> int:
    """What the missing pieces of a line are worth."""
    gone = line.quantity_cancelled
    all_of_it = gone + line.quantity_waiting + line.quantity_unplanned
    return cancelled_value(line.total_minor, line.quantity_ordered, all_of_it) - cancelled_value(
        line.total_minor, line.quantity_ordered, gone
    )


def told(facts: Facts, hold: Any, shown: dict[str, Any]) -> Facts:
    """What is known of the order, and that it waits for a decision or until it is whole."""
    return replace(facts, decides=bool(hold and shown["stands"]), whole=bool(shown.get("kept")))


class Decide(OnOrder):
    """Decide what becomes of one order that cannot leave whole."""

    permission = "orders.hold"

    def carry_out(self, **kwargs: Any) -> None:
        said = self.request.POST
        if said.get("decision") not in [choice.value for choice in CHOICES]:
            raise Invalid("Choose what is to become of the order.")
        decision = PartialDecision(said["decision"])
        if decision is PartialDecision.CANCEL_REST and not self.request.user.may("orders.cancel"):
            raise Forbidden("Your roles do not allow cancelling orders.")
        seen = said.get("missing", "")
        deciding.decide(
            kwargs["number"],
            decision,
            note=said.get("note", ""),
            missing=int(seen) if seen.isdecimal() and len(seen) < 10 else None,
            **self.doing.as_arguments,
        )
