"""The words of routing: conditions, actions, rankings and the life of a rule set; pure.

A rule narrows or reorders the sites for the orders that meet its conditions. Conditions about the order are
asked once; conditions about a site are asked of each site, and the action then touches only those that meet
them. A condition about a carrier's service is asked of each service of each site in the same way.
"""

from dataclasses import dataclass
from enum import StrEnum

from oms.core.errors import Conflict, Forbidden, Invalid, NotFound
from oms.core.lifecycles import Lifecycle


class RuleSetStatus(StrEnum):
    """Where a version of a rule set stands; at most one per set is published."""

    DRAFT = "draft"
    TESTED = "tested"
    PUBLISHED = "published"
    RETIRED = "retired"


RULE_SET_LIFECYCLE = Lifecycle(
    {
        RuleSetStatus.DRAFT: frozenset({RuleSetStatus.TESTED, RuleSetStatus.RETIRED}),
        RuleSetStatus.TESTED: frozenset(
            {RuleSetStatus.DRAFT, RuleSetStatus.PUBLISHED, RuleSetStatus.RETIRED}
        ),
        RuleSetStatus.PUBLISHED: frozenset({RuleSetStatus.RETIRED}),
        RuleSetStatus.RETIRED: frozenset(),
    }
)


RULE_SET_EDITABLE = frozenset({RuleSetStatus.DRAFT, RuleSetStatus.TESTED})


class Fact(StrEnum):
    """What a condition asks about."""

    CHANNEL = "channel"
    CUSTOMER_TYPE = "customer_type"
    COUNTRY = "country"
    REGION = "region"
    POSTCODE = "postcode"
    VALUE = "value"
    WEIGHT = "weight"
    SKU = "sku"
    TAG = "tag"
    AVAILABLE = "available"
    ZONE = "zone"
    CATEGORY = "category"
    HAZARD = "hazard"
    LONGEST_SIDE = "longest_side"
    VOLUME = "volume"
    SHIPPING_OPTION = "shipping_option"
    ORDER_AGE = "order_age"
    ORDERS_LEFT = "orders_left"
    HOUR = "hour"
    WEEKDAY = "weekday"
    COVER = "days_of_cover"
    SERVICE = "service"


class Test(StrEnum):
    """How a condition compares."""

    __test__ = False

    IS = "is"
    IS_NOT = "is_not"
    STARTS_WITH = "starts_with"
    BETWEEN = "between"
    ABOVE = "above"
    BELOW = "below"


class Does(StrEnum):
    """What a rule does when its conditions hold."""

    PREFER = "prefer"
    EXCLUDE = "exclude"
    REQUIRE = "require"
    KEEP = "keep"
    FORBID_SPLIT = "forbid_split"
    LIMIT_PARCELS = "limit_parcels"
    HOLD = "hold"
    ALLOW_SPLIT = "allow_split"
    SPLIT_FROM_VALUE = "split_from_value"
    CAP_ORDERS = "cap_orders"
    LOCAL = "local"
    INSURED = "insured"


class Criterion(StrEnum):
    """What makes one plan better than another."""

    PARCELS = "parcels"
    COST = "cost"
    DAYS = "days"
    DISTANCE = "distance"
    UTILISATION = "utilisation"


class IfNone(StrEnum):
    """What happens to an order that the rules leave no site for."""

    BACKORDER = "backorder"
    ASK = "ask"
    REFUSE = "refuse"
    ANY_SITE = "any_site"


WORDS = frozenset(
    {
        *(Fact.CHANNEL, Fact.CUSTOMER_TYPE, Fact.COUNTRY, Fact.REGION, Fact.POSTCODE, Fact.ZONE),
        *(Fact.SHIPPING_OPTION, Fact.WEEKDAY, Fact.SERVICE),
    }
)
NUMBERS = frozenset(
    {
        *(Fact.VALUE, Fact.WEIGHT, Fact.AVAILABLE, Fact.LONGEST_SIDE, Fact.VOLUME, Fact.ORDER_AGE),
        *(Fact.ORDERS_LEFT, Fact.HOUR, Fact.COVER),
    }
)
ONE_OF = frozenset({Fact.CHANNEL, Fact.COUNTRY, Fact.REGION, Fact.ZONE, Fact.SHIPPING_OPTION, Fact.POSTCODE})
GROUPS = frozenset({Fact.SKU, Fact.TAG, Fact.CATEGORY, Fact.HAZARD})
ABOUT_SITES = frozenset({Fact.AVAILABLE, Fact.ORDERS_LEFT, Fact.HOUR, Fact.WEEKDAY, Fact.COVER})
ABOUT_LOADS = frozenset({Fact.ORDERS_LEFT})
NEEDS_SITES = frozenset(
    {Does.PREFER, Does.EXCLUDE, Does.REQUIRE, Does.KEEP, Does.CAP_ORDERS, Does.LOCAL, Does.INSURED}
)
MUST_NAME_SITES = frozenset({Does.PREFER, Does.REQUIRE})
CAN_NARROW_SERVICES = frozenset({Does.EXCLUDE, Does.REQUIRE})
NEEDS_NUMBER = frozenset({Does.KEEP, Does.LIMIT_PARCELS, Does.SPLIT_FROM_VALUE, Does.CAP_ORDERS})
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Condition:
    """One question; several values mean "any of these"."""

    fact: Fact
    test: Test
    values: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class Sites:
    """Which sites an action means; empty in every part means all of them."""

    codes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """What is done, to which sites, with which number; ``note`` tells a person why an order is held."""

    does: Does
    sites: Sites = Sites()
    number: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """When every condition holds, every action is done."""

    position: int
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranking:
    """Criteria from the strongest down; with ``weights`` they are instead added up, each times its weight.

    A weight is minor units per parcel, per minor unit, per day and per kilometre, in the order of
    ``criteria``.
    """

    criteria: tuple[Criterion, ...] = (Criterion.COST,)
    weights: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules that hold for an order, as one published version has them.

    ``scarcity_minor`` is what a piece counts where the last of its stock is about to leave (``scarcity.price``).
    """

    rules: tuple[Rule, ...] = ()
    ranking: Ranking = Ranking()
    split_penalty_minor: int = 0
    max_parcels: int | None = None
    if_none: IfNone = IfNone.BACKORDER
    version_id: int | None = None
    number: int = 0
    name: str = ""
    scarcity_minor: int = 0

    @property
    def needs_loads(self) -> bool:
        """Whether it asks how many orders each site has been given today."""
        return Criterion.UTILISATION in self.ranking.criteria or any(
            any(asked.fact in ABOUT_LOADS for asked in rule.conditions)
            or any(done.does is Does.CAP_ORDERS for done in rule.actions)
            for rule in self.rules
        )

    @property
    def needs_paces(self) -> bool:
        """Whether it asks how fast each site sells what is ordered."""
        return bool(self.scarcity_minor) or any(
            asked.fact is Fact.COVER for rule in self.rules for asked in rule.conditions
        )


class RuleInvalid(Invalid):
    """This rule says something that cannot be carried out."""

    code = "routing-rule-invalid"


class RuleSetNotFound(NotFound):
    """There is no such rule set or version."""

    code = "rule-set-not-found"


class VersionPublished(Conflict):
    """A published version never changes; start a draft from it."""

    code = "rule-set-version-published"


class DraftMoved(Conflict):
    """Somebody else has changed this draft since it was opened here."""

    code = "rule-set-draft-moved"


class SecondPersonNeeded(Forbidden):
    """Whoever wrote the draft cannot publish it."""

    code = "second-person-needed"


class DecisionNotFound(NotFound):
    """No routing decision has this number."""

    code = "routing-decision-not-found"
