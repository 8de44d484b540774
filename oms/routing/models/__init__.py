"""Rule sets and their versions, zones and rates, and the decisions that were made by them."""

from oms.routing.models.decisions import Allocation, RoutingDecision
from oms.routing.models.rates import Rate, RateCard, RoutingStamp, Zone, ZonePrefix
from oms.routing.models.rule_sets import RuleRow, RuleSet, RuleSetVersion

__all__ = [
    "Allocation",
    "Rate",
    "RateCard",
    "RoutingDecision",
    "RoutingStamp",
    "RuleRow",
    "RuleSet",
    "RuleSetVersion",
    "Zone",
    "ZonePrefix",
]
