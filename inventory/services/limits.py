"""How much one person may write off or find in a day before a second one has to look."""

from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import DecimalField, ExpressionWrapper, F, Sum
from django.db.models.functions import Abs

from inventory.models import StockLevel, StockLocation, StockMovement
from inventory.rules import NeedsSecondPerson, local_day
from oms.catalogue.models import Sku
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction


@joins_transaction
def check(sku: Sku, place: StockLocation, quantity_delta: int, *, actor: Actor, at: datetime) -> None:
    """Refuse a correction that brings a person's day above the limit of the place; the system has none.

    Raises ``NeedsSecondPerson``.
    """
    limit = limit_of(place)
    if actor.kind == "system" or limit is None or not sku.unit_cost:
        return
    # Two corrections at once would each see the other's half as not yet there.
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"adjust:{actor.label}"])
    value = abs(quantity_delta) * sku.unit_cost
    used = _used_today(place, actor, at)
    if used + value > limit:
        raise NeedsSecondPerson(
            f"{value:,.2f} here and {used:,.2f} earlier today are more than {limit:,.2f}: a second person must agree."
        )


def limit_of(place: StockLocation) -> Decimal | None:
    """The value above which a correction at a place needs a second person; None for none."""
    if place.adjustment_limit is not None:
        return place.adjustment_limit
    house = Decimal(settings.ADJUSTMENT_LIMIT)
    return house or None


def _used_today(place: StockLocation, actor: Actor, at: datetime) -> Decimal:
    zone = ZoneInfo(place.timezone)
    midnight = datetime.combine(local_day(place.timezone, at), time(), tzinfo=zone)
    worth = ExpressionWrapper(
        Abs(F("on_hand_delta")) * F("level__sku__unit_cost"),
        output_field=DecimalField(max_digits=19, decimal_places=4),
    )
    rows = StockMovement.objects.filter(
        kind="adjust",
        source="adjustment",
        actor=actor.label,
        moved_at__gte=midnight,
        level__in=StockLevel.objects.filter(location=place),
    )
    return rows.aggregate(total=Sum(worth))["total"] or Decimal(0)
