"""An article that is sold before it is there: two deliveries, of which one comes late and one brings less."""

from collections.abc import Callable
from datetime import datetime, timedelta

from oms.catalogue.models import Sku
from oms.core.actors import SYSTEM
from oms.core.models import User
from oms.flows import counting, deliveries, ordering
from oms.flows.deliveries import NewTerms
from oms.flows.demo.catalogue import Article
from oms.orders.requests import Address, NewLine, NewOrder

READERS = (
    Address("Ivy Walsh", "3 Beach Road", "Fremantle", "AU", region="WA", postcode="6160"),
    Address("Otto Brandt", "11 Ocean Drive", "Perth", "AU", region="WA", postcode="6000"),
    Address("Lena Novak", "7 Elder Street", "Mount Lawley", "AU", region="WA", postcode="6050"),
    Address("Sam Idowu", "52 Hill View", "Perth", "AU", region="WA", postcode="6000"),
)


def sell_ahead(sold: list[Article], *, now: datetime, say: Callable[[str], None]) -> None:
    """Four customers order what is announced; then a ship is late, and the printer prints fewer."""
    begun, article = now - timedelta(hours=5), sold[0]
    new = Sku.objects.create(
        code=f"{article.code}-NEW",
        name=f"{article.name}, new edition",
        category=article.category,
        weight_grams=article.grams,
        unit_cost=article.cost,
        backorder_policy="preorder",
        created_at=begun,
        updated_at=begun,
    )
    ship, press = (_announce(new.code, *each, at=begun) for each in (("ASN-780", 8, 4), ("ASN-781", 6, 9)))
    for number, reader in enumerate(READERS, start=1):
        lines = (NewLine(new.code, 3, article.price),)
        mail = f"{reader.name.split()[0].lower()}@example.com"
        request = NewOrder("shop", f"PRE-{number}", reader.name, reader, "AUD", lines, customer_email=mail)
        ordering.place_order(request, actor=SYSTEM, at=begun + timedelta(minutes=10 * number))
    ruth, at = User.objects.get(username="ruth").actor, now - timedelta(hours=1)
    late = NewTerms("Held at customs", on=(begun + timedelta(days=6)).date())
    deliveries.change(ship, late, actor=ruth, at=at)
    deliveries.change(press, NewTerms("Fewer were printed", to_come=3), actor=ruth, at=at)
    say(f"{len(READERS)} preorders on 2 deliveries: one comes late, one brings fewer than were ordered")


def _announce(sku: str, reference: str, quantity: int, days: int, *, at: datetime) -> int:
    made = counting.expect_stock(
        sku,
        location="PER",
        quantity=quantity,
        reference=reference,
        expected_on=(at + timedelta(days=days)).date(),
        actor=SYSTEM,
        at=at,
    )
    return made.pk
