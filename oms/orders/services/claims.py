"""What preorders are bound to."""

from collections.abc import Collection, Mapping

from oms.core.transactions import joins_transaction
from oms.orders import scarcity_queries
from oms.orders.models import OrderLine, SupplyClaim


@joins_transaction
def hold(line: OrderLine, wanted: Mapping[int, int]) -> None:
    """Bind a line of a locked order to these deliveries (id → pieces), and to no other.

    What is bound beyond the pieces that have lost their delivery was never bound before. Claims end by themselves as
    pieces are served or cancelled.
    """
    claims = list(SupplyClaim.objects.filter(line=line))
    lost = next((claim for claim in claims if claim.expected_id is None), None)
    known = {claim.expected_id: claim for claim in claims if claim.expected_id is not None}
    had = sum(claim.quantity for claim in known.values())
    still_lost = max(0, lost.quantity - (sum(wanted.values()) - had)) if lost else 0
    if lost is not None:
        _set(lost, still_lost)
    for expected_id, claim in sorted(known.items()):
        if claim.quantity > wanted.get(expected_id, 0):
            _set(claim, wanted.get(expected_id, 0))
    for expected_id, pieces in sorted(wanted.items()):
        if expected_id not in known and pieces:
            SupplyClaim.objects.create(line=line, expected_id=expected_id, quantity=pieces)
        elif pieces > known[expected_id].quantity:
            _set(known[expected_id], pieces)


@joins_transaction
def loosen(
    delivery_ids: Collection[int], sku_ids: Collection[int], *, of_orders: Collection[int] | None = None
) -> list[SupplyClaim]:
    """Take up pieces that are bound to these deliveries, or of these SKUs have lost theirs: they are dealt anew."""
    found = scarcity_queries.loose_claims(delivery_ids, sku_ids).select_related("line")
    loose = list((found if of_orders is None else found.filter(line__order__in=of_orders)).order_by("pk"))
    SupplyClaim.objects.filter(pk__in=[claim.pk for claim in loose]).delete()
    return loose


@joins_transaction
def deal(wanted: Mapping[tuple[int, int | None], int]) -> None:
    """Bind further pieces, by (line id, delivery id); those without a delivery have lost theirs."""
    lines = {line for line, _ in wanted}
    known = {
        (claim.line_id, claim.expected_id): claim for claim in SupplyClaim.objects.filter(line__in=lines)
    }
    fresh = []
    for (line, delivery), pieces in sorted(wanted.items(), key=lambda each: (each[0][0], each[0][1] or 0)):
        if (claim := known.get((line, delivery))) is not None:
            _set(claim, claim.quantity + pieces)
        else:
            fresh.append(SupplyClaim(line_id=line, expected_id=delivery, quantity=pieces))
    SupplyClaim.objects.bulk_create(fresh)


def _set(claim: SupplyClaim, pieces: int) -> None:
    if not pieces:
        claim.delete()
    elif pieces != claim.quantity:
        claim.quantity = pieces
        claim.save(update_fields=["quantity"])
