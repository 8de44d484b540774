"""Short words for the things that tests need: a shelf, a place, an order."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from django.db import connection

from fulfilment.rules import ScanKind
from fulfilment.services.parcels import Box
from fulfilment.services.scans import NewScan
from inventory.models import AdjustmentReason, StockLevel, StockLocation
from oms.catalogue.models import Price, Sku
from oms.channels.models import Channel
from oms.core.actors import Actor
from oms.core.models import User
from oms.flows import counting, ordering, picking
from oms.orders.models import Customer, CustomerContact, Order
from oms.orders.requests import Address, NewLine, NewOrder, Placed
from oms.reports import queries as reports
from oms.reports.invariants import INVARIANTS
from oms.routing.models import Rate, RateCard, RuleSetVersion, Zone, ZonePrefix
from oms.routing.rules import RuleBook
from oms.routing.services import rule_sets

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TESTER = Actor("user", "1", "Tess Tester")
PERTH = Address("Lee Kim", "14 Wattle Street", "Mount Lawley", "AU", region="WA", postcode="6050")
SYDNEY = Address("Ada May", "1 Pitt Street", "Sydney", "AU", region="NSW", postcode="2000")
REASONS = ("damaged", "lost", "found", "returned", "promotional_sample", "count_correction")


def reasons() -> None:
    """The managed list of adjustment reasons."""
    for code in REASONS:
        AdjustmentReason.objects.get_or_create(
            code=code, defaults={"name": code.replace("_", " ").capitalize()}
        )


def location(code: str = "PER", **facts) -> StockLocation:
    """A place that holds stock."""
    found = StockLocation.objects.filter(code=code).first()
    return found or StockLocation.objects.create(code=code, name=facts.pop("name", code.title()), **facts)


def channel(code: str = "api", **facts) -> Channel:
    """A channel that takes orders."""
    found = Channel.objects.filter(code=code).first()
    return found or Channel.objects.create(code=code, name=code.upper(), **facts)


def sku(code: str = "MUG", **facts) -> Sku:
    """A SKU that is sold."""
    found = Sku.objects.filter(code=code).first()
    return found or Sku.objects.create(code=code, name=facts.pop("name", code.title()), **facts)


def customer(code: str = "CAFE", *, name: str = "Café Nord", **facts) -> Customer:
    """A business that buys again and again."""
    made = Customer.objects.create(code=code, **{"customer_type": "b2b"} | facts)
    CustomerContact.objects.create(customer=made, name=name, email=f"{code.lower()}@example.com")
    return made


def price(code: str, unit_price: str, price_list: str = "standard", **facts) -> Price:
    """What a SKU costs on a list."""
    return Price.objects.create(sku=sku(code), price_list=price_list, unit_price=Decimal(unit_price), **facts)


def shelf(code: str = "MUG", *, at: str = "PER", on_hand: int) -> StockLevel:
    """So many pieces of a SKU at a location, put there by the flow."""
    reasons()
    sku(code)
    place = location(at)
    counting.adjust_stock(
        code, location=at, quantity_delta=on_hand, reason="found", note="", actor=TESTER, at=NOON
    )
    return StockLevel.objects.get(sku__code=code, location=place)


def rate(code: str, *, region: str, cost_minor: int, days: int) -> None:
    """What a parcel of any weight costs from a location to a region of Australia."""
    zone, _ = Zone.objects.get_or_create(code=f"AU-{region}", defaults={"name": region})
    ZonePrefix.objects.get_or_create(zone=zone, country="AU", region=region, postcode_prefix="")
    card, _ = RateCard.objects.get_or_create(
        location=location(code),
        carrier="auspost",
        service="standard",
        valid_from=NOON.date().replace(year=2020),
        defaults={"name": "Parcel Post"},
    )
    Rate.objects.create(rate_card=card, zone=zone, cost_minor=cost_minor, days=days)


def live_rules(book: RuleBook, name: str = "All orders", **facts) -> RuleSetVersion:
    """A rule set that counts from now on."""
    draft = rule_sets.create(name, by=None, at=NOON, **facts)
    rule_sets.rewrite(draft.pk, book, by=None, at=NOON)
    return rule_sets.publish_first(draft.pk, at=NOON)


def request(
    *lines: tuple[str, int], to: Address = PERTH, number: str = "", via: str = "api", **facts
) -> NewOrder:
    """An order as it comes in; a new channel number unless one is given."""
    request.counter += 1
    return NewOrder(
        channel=via,
        external_number=number or f"T-{request.counter}",
        customer_name=to.name,
        shipping=to,
        currency="AUD",
        lines=tuple(NewLine(code, quantity, Decimal("10.00")) for code, quantity in lines),
        **facts,
    )


request.counter = 0


def place(*lines: tuple[str, int], **facts) -> Placed:
    """Place an order through the flow."""
    channel(facts.get("via", "api"))
    return ordering.place_order(request(*lines, **facts), actor=TESTER, at=NOON)


def order(placed: Placed) -> Order:
    """The order as it stands now."""
    return Order.objects.get(number=placed.number)


def level(code: str = "MUG", *, at: str = "PER") -> StockLevel:
    """A level as it stands now."""
    return StockLevel.objects.get(sku__code=code, location__code=at)


def breaches() -> dict[str, tuple]:
    """What breaks any invariant, recomputed from raw rows; empty when all hold."""
    return {found.invariant.code: found.samples for found in reports.check(INVARIANTS) if found.differences}


def set_role(role: str) -> None:
    """Speak to the database as this role for the rest of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"set local role {role}")


def worker(name: str = "mai") -> User:
    """A person on the floor."""
    return User.objects.filter(username=name).first() or User.objects.create_user(name)


def scan(number: str, code: str, kind: ScanKind, quantity: int = 1) -> picking.Counted:
    """Scan an item off the shelf or into a parcel."""
    read = NewScan(uuid4(), code, quantity)
    return picking.scan(number, kind=kind, read=read, user=worker(), actor=TESTER, at=NOON)


def pack(number: str, code: str, quantity: int = 1) -> None:
    """Pick and pack pieces of a SKU and close the parcel."""
    scan(number, code, ScanKind.PICK, quantity)
    scan(number, code, ScanKind.PACK, quantity)
    picking.close_parcel(number, box=Box(tracking_number=f"T{uuid4().hex[:10]}"), actor=TESTER, at=NOON)
