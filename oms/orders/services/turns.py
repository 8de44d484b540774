"""Managers' decisions on who is served first."""

from datetime import datetime

from oms.catalogue.models import Sku
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction
from oms.orders.models import Order, Turn


@joins_transaction
def decide(order: Order, sku: Sku, *, is_first: bool, note: str, actor: Actor, at: datetime) -> None:
    """Put a locked order before or after all others that wait for a SKU; the last decision counts."""
    facts = {"is_first": is_first, "note": note, "decided_by": actor.label, "decided_at": at}
    Turn.objects.update_or_create(order=order, sku=sku, defaults=facts)


@joins_transaction
def forget(order: Order, sku: Sku) -> None:
    """Let a locked order be served in its turn again."""
    Turn.objects.filter(order=order, sku=sku).delete()
