"""Questions about other addresses that partners are asked to send confirmed work to."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from fulfilment.models import AddressRequest, FulfilmentOrder
from fulfilment.rules import AddressAsk
from oms.orders.models import AddressChange
from oms.orders.readdressings import NoAddressAsked


def open_request(work: FulfilmentOrder) -> AddressRequest:
    """What the partner of locked work is asked to send elsewhere, locked too, with the change.

    Raises ``NoAddressAsked``.
    """
    rows = AddressRequest.objects.select_for_update(of=("self",), no_key=True).select_related("change")
    found = rows.filter(fulfilment_order=work, state=AddressAsk.REQUESTED.value).first()
    if found is None:
        raise NoAddressAsked(f"{work.number} is not asked to go elsewhere.")
    return found


def asked_for(change: AddressChange) -> list[AddressRequest]:
    """Every request of an address change with its work and place, in the order in which they were asked."""
    rows = AddressRequest.objects.filter(change=change).order_by("id")
    return list(rows.select_related("fulfilment_order__location"))


def changes_of(order_ids: Iterable[int]) -> dict[int, list[AddressChange]]:
    """Every address change of these orders with its requests, by order id, the newest first."""
    requests = AddressRequest.objects.select_related("fulfilment_order__location").order_by("id")
    rows = AddressChange.objects.filter(order_id__in=list(order_ids)).order_by("-id")
    found: dict[int, list[AddressChange]] = {}
    for change in rows.prefetch_related(Prefetch("requests", requests)):
        found.setdefault(change.order_id, []).append(change)
    return found


def newest_first() -> "Prefetch[str]":
    """Address requests of work with their change, to be read along with the work."""
    return Prefetch("address_requests", AddressRequest.objects.select_related("change").order_by("-id"))


def unanswered(location_codes: Iterable[str] | None) -> QuerySet[AddressRequest]:
    """Addresses at these locations (None: everywhere) that wait for an answer, the most urgent first."""
    rows = AddressRequest.objects.filter(state=AddressAsk.REQUESTED.value)
    if location_codes is not None:
        rows = rows.filter(fulfilment_order__location__code__in=list(location_codes))
    return rows.select_related(
        "change", "fulfilment_order__location", "fulfilment_order__order__contact"
    ).order_by("answer_by", "id")


def overdue(at: datetime) -> QuerySet[AddressRequest]:
    """Addresses that were to be answered by now and were not, oldest first."""
    rows = AddressRequest.objects.filter(answer_by__lt=at, state=AddressAsk.REQUESTED.value)
    return rows.select_related("change", "fulfilment_order__location", "fulfilment_order__order").order_by(
        "answer_by", "id"
    )


def stranded() -> list[str]:
    """Numbers of orders with an open address change of which no live work is asked any more."""
    live = AddressRequest.objects.filter(state=AddressAsk.REQUESTED.value).exclude(
        fulfilment_order__status__in=("cancelled", "shipped")
    )
    rows = AddressChange.objects.filter(state="requested").exclude(pk__in=live.values("change"))
    return list(rows.order_by("id").values_list("order__number", flat=True))
