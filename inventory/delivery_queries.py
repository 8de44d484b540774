"""Questions about announced deliveries."""

from collections.abc import Iterable
from datetime import date

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from inventory.models import DeliveryChange, ExpectedReceipt, Transfer
from oms.core.errors import NotFound

# One document names no more SKUs than a person can look through before it is called off.
MOST_OF_A_DOCUMENT = 500


class DeliveryNotFound(NotFound):
    """No announced delivery has this id."""

    code = "delivery-not-found"


def deliveries(codes: Iterable[str] | None = None) -> QuerySet[ExpectedReceipt]:
    """Everything that was announced at these locations (None: everywhere), with the pieces still ``to_come``."""
    rows = ExpectedReceipt.objects.select_related("level__sku", "level__location").annotate(
        to_come=F("quantity_expected") - F("quantity_received")
    )
    return rows if codes is None else rows.filter(level__location__code__in=list(codes))


def today() -> date:
    """The day by universal time; what was to come before it is overdue."""
    return timezone.now().date()


def delivery(delivery_id: int) -> ExpectedReceipt:
    """The announced delivery with this id.

    Raises ``DeliveryNotFound``.
    """
    found = deliveries().filter(pk=delivery_id).first()
    if found is None:
        raise DeliveryNotFound(f"There is no announced delivery {delivery_id}.")
    return found


def is_to_come() -> Q:
    """A filter for what has not come yet."""
    return Q(quantity_expected__gt=F("quantity_received"))


def document(of: ExpectedReceipt) -> list[ExpectedReceipt]:
    """All that is still to come on the document of a delivery, at its location, by id."""
    rows = deliveries([of.level.location.code]).filter(is_to_come(), reference=of.reference)
    return list(rows.order_by("pk")[:MOST_OF_A_DOCUMENT])


def on_document(reference: str, location_id: int) -> list[int]:
    """Ids of everything that was announced on a document for a location."""
    rows = ExpectedReceipt.objects.filter(reference=reference, level__location=location_id)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def lock(ids: Iterable[int]) -> list[ExpectedReceipt]:
    """These deliveries, locked in the order of their ids; lock their levels first."""
    rows = ExpectedReceipt.objects.select_for_update(of=("self",)).select_related(
        "level__sku", "level__location"
    )
    return list(rows.filter(pk__in=list(ids)).order_by("pk"))


def is_announced(level_id: int, reference: str) -> bool:
    """Whether pieces of a level were announced on this document before."""
    return ExpectedReceipt.objects.filter(level=level_id, reference=reference).exists()


def is_transfer(reference: str) -> bool:
    """Whether a document is one of our transfers, whose pieces have left already."""
    return Transfer.objects.filter(number=reference).exists()


def changes_of(delivery_ids: Iterable[int]) -> list[DeliveryChange]:
    """What became of these deliveries, newest first."""
    return list(DeliveryChange.objects.filter(expected__in=list(delivery_ids)).order_by("-id"))


def spent(reference: str, location: str) -> dict[int, tuple[int, str]]:
    """Deliveries of a document that have come whole and that preorders are still bound to: id → SKU id and code."""
    rows = ExpectedReceipt.objects.filter(
        reference=reference,
        level__location__code=location,
        quantity_expected=F("quantity_received"),
        quantity_bound__gt=0,
    )
    return {
        key: (sku, code) for key, sku, code in rows.values_list("pk", "level__sku_id", "level__sku__code")
    }
