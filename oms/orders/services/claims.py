"""What preorders are bound to."""

from collections.abc import Mapping

from oms.core.transactions import joins_transaction
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


def _set(claim: SupplyClaim, pieces: int) -> None:
    if not pieces:
        claim.delete()
    elif pieces != claim.quantity:
        claim.quantity = pieces
        claim.save(update_fields=["quantity"])
