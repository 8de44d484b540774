"""Questions about what partners were asked to cancel."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Prefetch, QuerySet, Sum

from fulfilment.models import CancellationLine, CancellationRequest, FulfilmentOrder, Parcel
from fulfilment.rules import AskState, NothingAsked, RequestStatus


def is_confirmed_elsewhere(work: FulfilmentOrder) -> bool:
    """Whether somebody else than our own people has promised to do this work."""
    return work.location.kind != "own" and work.request_status == RequestStatus.ACKNOWLEDGED


def open_request(work: FulfilmentOrder) -> CancellationRequest:
    """What the partner of locked work is asked to cancel, locked too, with its lines.

    Raises ``NothingAsked``.
    """
    found = open_requests([work.pk]).select_for_update(of=("self",), no_key=True).first()
    if found is None:
        raise NothingAsked(f"There is no open cancellation of {work.number}.")
    return found


def open_requests(work_ids: Iterable[int]) -> QuerySet[CancellationRequest]:
    """The cancellations of this work that nobody has answered."""
    return CancellationRequest.objects.filter(
        fulfilment_order_id__in=list(work_ids), state=AskState.REQUESTED.value
    ).prefetch_related("lines__work_line__allocation", "lines__work_line__sku")


def asked_pieces(work_ids: Iterable[int]) -> Counter[int]:
    """Pieces per work line whose cancellation is not answered yet."""
    rows = CancellationLine.objects.filter(request__in=open_requests(work_ids)).values_list("work_line_id")
    return Counter(dict(rows.annotate(pieces=Sum("quantity")).order_by()))


def requests_of(order_ids: Iterable[int]) -> QuerySet[CancellationRequest]:
    """Every cancellation that partners were asked for of these orders, newest first."""
    return (
        CancellationRequest.objects.filter(fulfilment_order__order_id__in=list(order_ids))
        .select_related("fulfilment_order__location")
        .prefetch_related("lines__work_line__sku")
        .order_by("-id")
    )


def newest_first() -> "Prefetch[str]":
    """Cancellations of work with their lines, to be read along with the work."""
    rows = CancellationRequest.objects.prefetch_related("lines__work_line__sku").order_by("-id")
    return Prefetch("cancellations", rows)


def unanswered(location_codes: Iterable[str] | None) -> QuerySet[CancellationRequest]:
    """Cancellations at these locations (None: everywhere) that wait for an answer, the most urgent first."""
    rows = CancellationRequest.objects.filter(state=AskState.REQUESTED.value)
    if location_codes is not None:
        rows = rows.filter(fulfilment_order__location__code__in=list(location_codes))
    return (
        rows.select_related("fulfilment_order__location", "fulfilment_order__order__contact")
        .prefetch_related("lines__work_line__sku")
        .order_by("answer_by", "id")
    )


def overdue(at: datetime) -> QuerySet[CancellationRequest]:
    """Cancellations that were to be answered by now and were not, oldest first."""
    return (
        CancellationRequest.objects.filter(answer_by__lt=at, state=AskState.REQUESTED.value)
        .select_related("fulfilment_order__location", "fulfilment_order__order")
        .order_by("answer_by", "id")
    )


def parcels_waiting(order_id: int) -> list[str]:
    """Numbers of an order's closed parcels that have not left."""
    waiting = Parcel.objects.filter(
        fulfilment_order__order_id=order_id, shipment__isnull=True, voided_at__isnull=True
    )
    return list(waiting.order_by("number").values_list("number", flat=True))
