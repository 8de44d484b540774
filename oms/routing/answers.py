"""A stored decision as REST answers it: money as decimal strings, everything as it was seen then."""

from datetime import datetime
from typing import Any

import msgspec

from oms.core.money import Money
from oms.routing.models import RoutingDecision
from oms.routing.plans import Plan


class RulesAnswer(msgspec.Struct):
    """The rules that decided; without a version none were published."""

    version: int | None
    number: int
    name: str
    ranked_by: str


class PieceAnswer(msgspec.Struct):
    """Pieces of one SKU."""

    sku: str
    quantity: int


class ParcelAnswer(msgspec.Struct):
    """What one location sends; the cost is null where there was no rate."""

    location: str
    carrier: str
    service: str
    cost: str | None
    days: int | None
    grams: int
    lines: list[PieceAnswer]


class OutlineAnswer(msgspec.Struct):
    """A plan in short; the cost has the split penalty in it."""

    locations: list[str]
    cost: str
    days: int
    parcels: int
    unfilled: int


class CandidateAnswer(msgspec.Struct):
    """One location as it was seen; cost, days, score and rank are those of serving the order alone."""

    location: str
    kept: bool
    outcome: str
    rule_effects: list[str]
    stock: dict[str, int]
    lines_covered: int
    lines: int
    cost: str | None
    days: int | None
    distance_km: int | None
    score: int | None
    rank: int | None


class DecisionAnswer(msgspec.Struct):
    """Why an order is served from where it is."""

    id: int
    order: str
    attempt: int
    decided_at: datetime
    rules: RulesAnswer
    why: str
    currency: str
    cost: str
    days: int
    optimal: bool
    bound: str
    winner: OutlineAnswer | None
    runner_up: OutlineAnswer | None
    parcels: list[ParcelAnswer]
    missing: list[PieceAnswer]
    candidates: list[CandidateAnswer]
    holds: list[str]


class PlanAnswer(msgspec.Struct):
    """A plan: its parcels, their cost with the split penalty for each after the first, and the pieces nobody can send.

    ``optimal`` says that no plan is better; else none costs less than ``bound``.
    """

    parcels: list[ParcelAnswer]
    cost: str
    days: int
    unfilled: int
    unfilled_lines: list[PieceAnswer]
    optimal: bool
    bound: str


class PreviewAnswer(msgspec.Struct):
    """What would be decided, for whom it was a choice, and why."""

    plan: PlanAnswer
    candidates: list[CandidateAnswer]
    explanation: str
    currency: str
    rules: RulesAnswer
    runner_up: OutlineAnswer | None
    holds: list[str]


def of_plan(plan: Plan) -> PreviewAnswer:
    """A plan that nobody has carried out."""
    told, currency = plan.explained(), plan.currency
    missing = [PieceAnswer(sku, pieces) for sku, pieces in plan.missing]
    return PreviewAnswer(
        plan=PlanAnswer(
            parcels=[_parcel(each, currency) for each in told["parcels"]],
            cost=_text(plan.cost_minor, currency),
            days=plan.days,
            unfilled=plan.unfilled,
            unfilled_lines=missing,
            optimal=plan.optimal,
            bound=_text(plan.bound_minor, currency),
        ),
        candidates=[_candidate(each, currency) for each in told["candidates"]],
        explanation=plan.why,
        currency=currency,
        rules=RulesAnswer(plan.rules_version_id, plan.rules_number, plan.rules_name, plan.ranked_by),
        runner_up=_outline(told["runner_up"], currency),
        holds=list(plan.holds),
    )


def of_decision(decision: RoutingDecision) -> DecisionAnswer:
    """The decision with all its reasons."""
    told, currency = decision.explanation, decision.currency
    return DecisionAnswer(
        id=decision.pk,
        order=decision.order.number,
        attempt=decision.attempt,
        decided_at=decision.decided_at,
        rules=RulesAnswer(
            told["rules"]["version"], told["rules"]["number"], told["rules"]["name"], told["ranked_by"]
        ),
        why=told["why"],
        currency=currency,
        cost=_text(told["cost"], currency),
        days=told["days"],
        optimal=told["optimal"],
        bound=_text(told["bound"], currency),
        winner=_outline(told["winner"], currency),
        runner_up=_outline(told["runner_up"], currency),
        parcels=[_parcel(each, currency) for each in told["parcels"]],
        missing=[PieceAnswer(each["sku"], each["quantity"]) for each in told["missing"]],
        candidates=[_candidate(each, currency) for each in told["candidates"]],
        holds=told["holds"],
    )


def _outline(told: dict[str, Any] | None, currency: str) -> OutlineAnswer | None:
    if told is None:
        return None
    return OutlineAnswer(
        told["sites"], _text(told["cost"], currency), told["days"], len(told["sites"]), told["unfilled"]
    )


def _parcel(told: dict[str, Any], currency: str) -> ParcelAnswer:
    return ParcelAnswer(
        location=told["site"],
        carrier=told["carrier"],
        service=told["service"],
        cost=_text(told["cost"], currency) if told["priced"] else None,
        days=told["days"] if told["priced"] else None,
        grams=told["grams"],
        lines=[PieceAnswer(each["sku"], each["quantity"]) for each in told["lines"]],
    )


def _candidate(told: dict[str, Any], currency: str) -> CandidateAnswer:
    return CandidateAnswer(
        location=told["site"],
        kept=told["kept"],
        outcome=told["outcome"],
        rule_effects=told["effects"],
        stock=told["stock"],
        lines_covered=told["covers"],
        lines=told["lines"],
        cost=None if told["cost"] is None else _text(told["cost"], currency),
        days=told["days"],
        distance_km=told["km"],
        score=told["score"],
        rank=told["rank"],
    )


def _text(minor: int, currency: str) -> str:
    return Money(minor, currency).as_text()
