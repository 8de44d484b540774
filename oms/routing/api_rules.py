"""Rule sets over REST: read, drafted and tested by programs. Asking and publishing stay with people, two of them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import idempotency, money
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Invalid
from oms.core.money import Money
from oms.flows import ruling
from oms.routing import parsing, queries, rule_queries, words
from oms.routing.models import RuleSet, RuleSetVersion
from oms.routing.preview_bodies import MOST_MONEY, MOST_RULES, RuleBody, rules_of
from oms.routing.rules import IfNone, RuleBook, RuleInvalid

Text = Annotated[str, Meta(max_length=200)]


class VersionBody(msgspec.Struct, frozen=True):
    """The whole wording of a draft; ``split_penalty`` and ``scarcity`` are in the currency of the rate cards."""

    rules: Annotated[list[RuleBody], Meta(max_length=MOST_RULES)]
    criteria: Annotated[list[str], Meta(min_length=1, max_length=5)]
    weights: Annotated[list[Annotated[int, Meta(ge=0, le=1_000_000)]], Meta(max_length=5)] = []
    split_penalty: Decimal = Decimal(0)
    scarcity: Decimal = Decimal(0)
    max_parcels: Annotated[int, Meta(ge=1, le=64)] | None = None
    if_none: IfNone = IfNone.BACKORDER
    note: Text = ""

    def to_book(self) -> RuleBook:
        """The wording as rules.

        Raises ``RuleInvalid``, ``Invalid`` when a penalty is no amount.
        """
        currency = queries.shop_currency()
        return RuleBook(
            rules=rules_of(self.rules, "#/rules"),
            ranking=parsing.ranking(self.criteria, self.weights),
            split_penalty_minor=_minor(self.split_penalty, currency, "split_penalty"),
            scarcity_minor=_minor(self.scarcity, currency, "scarcity"),
            max_parcels=self.max_parcels,
            if_none=self.if_none,
        )


def _minor(amount: Decimal, currency: str, name: str) -> int:
    if not amount.is_finite() or not 0 <= amount < MOST_MONEY / 1_000:
        raise Invalid(f"{name}: This is an amount from 0.", problems=((f"#/{name}", "From 0."),))
    return money.rounded(amount, currency).amount


class RuleSetAnswer(msgspec.Struct):
    """Whose orders a rule set is for; empty texts mean all. ``live`` is the version that counts now."""

    id: int
    name: str
    channel: str
    customer_type: str
    live: int | None


class VersionSummary(msgspec.Struct):
    """One version in short."""

    id: int
    number: int
    status: str
    note: str
    created_at: datetime
    created_by: str
    requested_by: str
    approved_by: str
    published_at: datetime | None
    retired_at: datetime | None


class FindingAnswer(msgspec.Struct):
    """What is wrong (``stops``) or odd about a rule (0: about the whole), and what to do."""

    rule: int
    at: str
    says: str
    stops: bool


class VersionAnswer(msgspec.Struct):
    """One wording: as JSON, as sentences, and with what is wrong or odd about it today."""

    version: VersionSummary
    rule_set: int
    rules: list[dict[str, Any]]
    criteria: list[str]
    weights: list[int]
    split_penalty: str
    scarcity: str
    currency: str
    max_parcels: int | None
    if_none: str
    sentences: list[str]
    findings: list[FindingAnswer]


class RuleSets(ApiView):
    """Rule sets."""

    scope = "routing:read"

    @documented("List rule sets", answers={200: list_of(RuleSetAnswer)})
    def get(self, request: Request) -> Response:
        """A page of rule sets, by name."""
        return page_of(rule_queries.rule_sets(), request, render=_rule_set, ordering=("name", "id"))


class RuleSetVersions(ApiView):
    """The versions of a rule set."""

    scope = {"GET": "routing:read", "POST": "routing:write"}

    @documented("List the versions of a rule set", answers={200: list_of(VersionSummary)})
    def get(self, request: Request, rule_set_id: int) -> Response:
        """A page of versions, newest first."""
        rule_set = rule_queries.rule_set(rule_set_id)
        return page_of(
            rule_queries.history(rule_set.pk), request, render=_summary, ordering=("-number", "-id")
        )

    @documented("Draft a version of a rule set", body=VersionBody, answers={201: VersionAnswer}, keyed=True)
    def post(self, request: Request, rule_set_id: int) -> HttpResponse:
        """A new draft with this wording; the live version stays until two people have agreed."""
        claim = keyed(request)
        body = read_body(request, VersionBody)
        book = body.to_book()
        with idempotency.claimed(claim, render=_drafted) as answer:
            ruling.draft_written(rule_set_id, book, body.note, actor=self.actor, at=timezone.now())
        return answered(answer)


class OneRuleSetVersion(ApiView):
    """One version."""

    scope = "routing:read"

    @documented("Read a version of a rule set", answers={200: VersionAnswer})
    def get(self, request: Request, version_id: int) -> Response:
        """Its rules as JSON and as sentences, with what is wrong or odd about them."""
        return Response(_version(queries.version(version_id)))


class TestRuleSetVersion(ApiView):
    """Whether every rule of a draft can be carried out and can fire."""

    __test__ = False
    scope = "routing:write"

    @documented("Test a version of a rule set", answers={200: VersionAnswer})
    def post(self, request: Request, version_id: int) -> Response:
        """Note that a draft can be published; 422 with what to mend when it cannot. Safe to repeat."""
        version = queries.version(version_id)
        if version.status != "tested":
            ruling.test_written(version_id, actor=self.actor, at=timezone.now())
        return Response(_version(queries.version(version_id)))


def _drafted(version: RuleSetVersion) -> tuple[int, VersionAnswer]:
    return 201, _version(queries.version(version.pk))


def _rule_set(rule_set: RuleSet) -> RuleSetAnswer:
    live = next((each.pk for each in rule_set.versions.all() if each.status == "published"), None)
    channel = rule_set.channel.code if rule_set.channel else ""
    return RuleSetAnswer(rule_set.pk, rule_set.name, channel, rule_set.customer_type, live)


def _summary(version: RuleSetVersion) -> VersionSummary:
    people = (version.created_by, version.requested_by, version.approved_by)
    return VersionSummary(
        *(version.pk, version.number, version.status, version.note, version.created_at),
        *(str(person) if person else "" for person in people),
        *(version.published_at, version.retired_at),
    )


def _version(version: RuleSetVersion) -> VersionAnswer:
    currency = queries.shop_currency()
    try:
        book = queries.book_of(version)
        says = list(words.book(book, currency=currency, names=queries.site_names()))
        found = [
            FindingAnswer(each.rule, each.at, each.says, each.stops)
            for each in rule_queries.findings(version)
        ]
    except RuleInvalid as refusal:
        says, found = [], [FindingAnswer(0, "", str(refusal), True)]
    return VersionAnswer(
        version=_summary(version),
        rule_set=version.rule_set_id,
        rules=[{"conditions": row.conditions, "actions": row.actions} for row in version.rules.all()],
        criteria=list(version.criteria),
        weights=list(version.weights),
        split_penalty=Money(version.split_penalty_minor, currency).as_text(),
        scarcity=Money(version.scarcity_minor, currency).as_text(),
        currency=currency,
        max_parcels=version.max_parcels,
        if_none=version.if_none,
        sentences=says,
        findings=found,
    )
