"""What a rule's conditions ask: of an order, of a site, and of a carrier's service from it; pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from oms.routing.problem import Demand, OrderFacts, Service, Site
from oms.routing.rules import WEEKDAYS, Condition, Fact, Test

NO_LIMIT = 1 << 40


@dataclass(frozen=True, slots=True)
class SiteView:
    """One site as rules about sites see it: the least it has of any SKU, orders given today, and its own clock.

    ``cover`` is for how many whole days it has of the SKU that runs out first, at the pace at which pieces leave it.
    """

    site: Site
    least: int
    orders_today: int
    here: datetime | None
    cover: int = NO_LIMIT

    @property
    def orders_left(self) -> int:
        """Orders that it may still be given today."""
        limit = self.site.orders_per_day
        return NO_LIMIT if limit is None else max(0, limit - self.orders_today)


Asked = Callable[[OrderFacts, Demand], bool]
SiteAsked = Callable[[SiteView], bool]
ServiceAsked = Callable[[Service], bool]


def view(site: Site, stock: list[int], order: OrderFacts, demand: Demand) -> SiteView:
    """The site as this order meets it."""
    here = order.asked_at.astimezone(_zone(site.timezone)) if order.asked_at else None
    cover = NO_LIMIT
    if order.paces:
        days = [
            cover_days(pieces, order.paces.get((site.id, sku_id), 0))
            for pieces, sku_id in zip(stock, demand.sku_ids, strict=True)
        ]
        cover = min(days)
    return SiteView(site, min(stock), order.loads.get(site.id, 0), here, cover)


def cover_days(pieces: int, pace_permille: int) -> int:
    """For how many whole days pieces last when so many thousandths leave a day; what never leaves lasts for ever."""
    return max(0, pieces) * 1_000 // pace_permille if pace_permille else NO_LIMIT


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _age(order: OrderFacts) -> int:
    """Whole hours since the order was placed."""
    if order.asked_at is None or order.placed_at is None:
        return 0
    return int((order.asked_at - order.placed_at).total_seconds() // 3600)


_NUMBER: dict[Fact, Callable[[OrderFacts, Demand], int]] = {
    Fact.VALUE: lambda order, demand: order.value_minor,
    Fact.WEIGHT: lambda order, demand: demand.weight_grams,
    Fact.LONGEST_SIDE: lambda order, demand: max(line.longest_mm for line in order.lines),
    Fact.VOLUME: lambda order, demand: sum(line.volume_ml * line.quantity for line in order.lines),
    Fact.ORDER_AGE: lambda order, demand: _age(order),
}
_SITE_NUMBER: dict[Fact, Callable[[SiteView], int]] = {
    Fact.AVAILABLE: lambda view: view.least,
    Fact.ORDERS_LEFT: lambda view: view.orders_left,
    Fact.HOUR: lambda view: view.here.hour if view.here else 0,
    Fact.COVER: lambda view: view.cover,
}
_GROUP: dict[Fact, Callable[[OrderFacts], frozenset[str]]] = {
    Fact.SKU: lambda order: frozenset(line.sku.casefold() for line in order.lines),
    Fact.TAG: lambda order: frozenset(
        tag.casefold() for tag in order.tags.union(*[line.tags for line in order.lines])
    ),
    Fact.CATEGORY: lambda order: frozenset(line.category.casefold() for line in order.lines),
    Fact.HAZARD: lambda order: frozenset(line.hazard.casefold() for line in order.lines),
}


_TEXT: dict[Fact, Callable[[OrderFacts], str]] = {
    Fact.CHANNEL: lambda order: order.channel,
    Fact.CUSTOMER_TYPE: lambda order: order.customer_type,
    Fact.COUNTRY: lambda order: order.destination.country,
    Fact.REGION: lambda order: order.destination.region,
    Fact.POSTCODE: lambda order: order.destination.postcode,
    Fact.SHIPPING_OPTION: lambda order: order.shipping_option,
}


def asked_of_site(condition: Condition) -> SiteAsked:
    """A question about a site, ready to be asked."""
    if condition.fact is Fact.WEEKDAY:
        wanted, values = condition.test is Test.IS, frozenset(map(str.casefold, condition.values))
        return lambda view: (view.here is not None and WEEKDAYS[view.here.weekday()] in values) is wanted
    read, number = _SITE_NUMBER[condition.fact], condition.number
    if condition.test is Test.ABOVE:
        return lambda view: read(view) > number
    return lambda view: read(view) < number


def asked_of_service(condition: Condition) -> ServiceAsked:
    """A question about a carrier's service: by its code, its carrier, or both as ``auspost/express``."""
    values, wanted = frozenset(map(str.casefold, condition.values)), condition.test is Test.IS

    def holds(service: Service) -> bool:
        code, carrier = service.code.casefold(), service.carrier.casefold()
        return (not values.isdisjoint((code, carrier, f"{carrier}/{code}"))) is wanted

    return holds


def asked(condition: Condition, zone: str) -> Asked:
    """A question about an order to this zone, ready to be asked."""
    fact, values, number = condition.fact, frozenset(map(str.casefold, condition.values)), condition.number
    if condition.test is Test.ABOVE:
        read = _NUMBER[fact]
        return lambda order, demand: read(order, demand) > number
    if condition.test is Test.BELOW:
        read = _NUMBER[fact]
        return lambda order, demand: read(order, demand) < number
    if fact in _TEXT:
        return _asked_text(_TEXT[fact], condition.test, values)
    wanted = condition.test is Test.IS
    if fact is Fact.ZONE:
        holds = (zone.casefold() in values) is wanted
        return lambda order, demand: holds
    group = _GROUP[fact]
    return lambda order, demand: (not values.isdisjoint(group(order))) is wanted


def _asked_text(text: Callable[[OrderFacts], str], test: Test, values: frozenset[str]) -> Asked:
    if test is Test.STARTS_WITH:
        starts = tuple(values)
        return lambda order, demand: text(order).casefold().startswith(starts)
    if test is Test.BETWEEN:
        low, high = sorted(values, key=sortable) if len(values) > 1 else (*values, *values)
        return lambda order, demand: sortable(low) <= sortable(text(order).casefold()) <= sortable(high)
    wanted = test is Test.IS
    return lambda order, demand: (text(order).casefold() in values) is wanted


def sortable(postcode: str) -> tuple[int, int, str]:
    """Postcodes of digits by their number, others by their letters; the two kinds never mix."""
    text = postcode.replace(" ", "")
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
