"""What rules can name, and what there is of it."""

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from oms.catalogue.models import Sku
from oms.channels.models import Channel
from oms.routing import checking, queries
from oms.routing.checking import Finding, Known
from oms.routing.models import RateCard, RuleSet, RuleSetVersion, Zone
from oms.routing.rules import WEEKDAYS, Fact, RuleBook, RuleSetNotFound, RuleSetStatus

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TAGS = """
select distinct lower(tag) from catalogue_sku, unnest(tags) as tag where is_active and lower(tag) = any(%s)
"""


def findings(version: RuleSetVersion) -> tuple[Finding, ...]:
    """What is wrong or odd about a version as things are now.

    Raises ``RuleInvalid`` when a rule cannot be read at all.
    """
    book = queries.book_of(version)
    return checking.findings(book, known_to(version.rule_set, book))


def rule_sets() -> QuerySet[RuleSet]:
    """All rule sets with their versions."""
    return RuleSet.objects.select_related("channel").prefetch_related("versions")


def rule_set(rule_set_id: int) -> RuleSet:
    """One rule set.

    Raises ``RuleSetNotFound``.
    """
    found = RuleSet.objects.filter(pk=rule_set_id).first()
    if found is None:
        raise RuleSetNotFound(f"There is no rule set {rule_set_id}.")
    return found


def history(rule_set_id: int) -> QuerySet[RuleSetVersion]:
    """All versions of a rule set with their rules and people, newest first."""
    versions = RuleSetVersion.objects.filter(rule_set_id=rule_set_id).order_by("-number")
    return versions.select_related("rule_set", "created_by", "requested_by", "approved_by").prefetch_related(
        "rules"
    )


def known_to(rule_set: RuleSet, book: RuleBook) -> Known:
    """All that the rules of this set could name, and of SKUs what they do name."""
    channel = rule_set.channel
    tags, categories, hazards = (_named(book, each) for each in (Fact.TAG, Fact.CATEGORY, Fact.HAZARD))
    return Known(
        channel=channel.code if channel else "",
        customer_type=rule_set.customer_type,
        sites=queries.sites(),
        channels={
            code.casefold(): active for code, active in Channel.objects.values_list("code", "is_active")
        },
        skus=_skus(_named(book, Fact.SKU)),
        tags=_tags(tags),
        categories=_folded("category", categories),
        hazards=_folded("hazard", hazards),
        zones=frozenset(code.casefold() for code in Zone.objects.values_list("code", flat=True)),
        services=_services(),
        elsewhere=_elsewhere(rule_set),
    )


def choices() -> dict[Fact, list[tuple[str, str]]]:
    """What can be ticked where a condition names channels, zones and the like."""
    cards = RateCard.objects.order_by("carrier", "service").values_list("carrier", "service").distinct()
    return {
        Fact.CHANNEL: list(
            Channel.objects.filter(is_active=True).order_by("name").values_list("code", "name")
        ),
        Fact.CUSTOMER_TYPE: [("b2c", "Consumers"), ("b2b", "Businesses")],
        Fact.ZONE: list(Zone.objects.order_by("code").values_list("code", "name")),
        Fact.SERVICE: [(f"{carrier}/{service}", f"{carrier} {service}") for carrier, service in cards],
        Fact.WEEKDAY: [(day, name) for day, name in zip(WEEKDAYS, _DAYS, strict=True)],
    }


def _named(book: RuleBook, fact: Fact) -> list[str]:
    """The values that conditions on this fact name, folded."""
    asked = (each for rule in book.rules for each in rule.conditions if each.fact is fact)
    return sorted({value.casefold() for each in asked for value in each.values})


def _skus(codes: list[str]) -> dict[str, bool]:
    if not codes:
        return {}
    rows = Sku.objects.annotate(folded=Lower("code")).filter(folded__in=codes)
    return dict(rows.values_list("folded", "is_active"))


def _tags(tags: list[str]) -> frozenset[str]:
    """Those of these tags that some active SKU has."""
    if not tags:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(TAGS, [tags])
        return frozenset(tag for (tag,) in cursor.fetchall())


def _folded(column: str, values: list[str]) -> frozenset[str]:
    if not values:
        return frozenset()
    rows = Sku.objects.filter(is_active=True).annotate(folded=Lower(column)).filter(folded__in=values)
    return frozenset(rows.values_list("folded", flat=True).distinct())


def _services() -> frozenset[str]:
    pairs = RateCard.objects.values_list("carrier", "service").distinct()
    names = {name for carrier, service in pairs for name in (carrier, service, f"{carrier}/{service}")}
    return frozenset(name.casefold() for name in names)


def _elsewhere(rule_set: RuleSet) -> frozenset[tuple[str, str]]:
    live = Q(versions__status=RuleSetStatus.PUBLISHED.value)
    others = RuleSet.objects.filter(live).exclude(pk=rule_set.pk)
    return frozenset(
        (code or "", kind) for code, kind in others.values_list("channel__code", "customer_type")
    )
