"""What is written when orders are placed or sourced anew: rows gathered here, written by one routine."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
import structlog
from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper

from fulfilment.rules import RequestStatus
from inventory.rules import LevelsMoved
from oms.core import idempotency
from oms.core.actors import Actor
from oms.core.cursors import bound_cursor, pipelined_cursor
from oms.core.logs import REQUEST_ID
from oms.routing.plans import Parcel, Plan

ANSWER_WITHIN = timedelta(hours=4)
# Below safety stock, below zero, expired, or a number that somebody else took: the world moved since it was seen.
_MOVED = frozenset({"OM001", "OM004", "23505"})
# Rows of these lock levels, and deliveries after them.
_LOCKING = frozenset({"shares", "claims"})
_SHELF_IS_EMPTY = "reserved_and_quarantined_never_exceed_on_hand"

Rows = defaultdict[str, list[dict[str, Any]]]


def no_rows() -> Rows:
    """Rows to gather, none of any table yet."""
    return defaultdict(list)


@dataclass(frozen=True, slots=True)
class NewWork:
    """The head of a fulfilment order that is about to be opened."""

    order_id: int
    sequence: int
    decision_id: int
    status: str
    due_at: datetime | None

    @property
    def number(self) -> str:
        """The fulfilment order's number."""
        return f"FO-{self.order_id}-{self.sequence}"


class Batch:
    """Rows for the routines of ``oms/flows/migrations``, by the name the routine reads them under.

    Batches of several callers may gather into the same ``rows``.
    """

    def __init__(self, *, actor: Actor, at: datetime) -> None:
        self.actor = actor
        self.at = at
        self.rows = no_rows()
        self._request_id = structlog.contextvars.get_contextvars().get(REQUEST_ID, "")

    def add(self, table: str, **values: Any) -> None:
        """Gather one row."""
        self.rows[table].append(values)

    def tell(self, topic: str, aggregate: str, payload: dict[str, Any]) -> None:
        """Gather news for the outbox."""
        self.add(
            "messages",
            aggregate=aggregate,
            topic=topic,
            payload=payload,
            recorded_at=self.at,
            request_id=self._request_id,
        )

    def audit(
        self, action: str, number: str, *, changes: dict[str, Any] | None = None, note: str = ""
    ) -> None:
        """Gather an audit entry about an order."""
        self.add(
            "audit",
            action=action,
            subject_kind="order",
            subject_id=number,
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            actor_name=self.actor.name,
            happened_at=self.at,
            request_id=self._request_id,
            changes=changes,
            note=note,
        )

    def decide(self, plan: Plan, *, order_id: int, decision_id: int, attempt: int = 1) -> None:
        """Gather the decision that a plan is."""
        self.add(
            "decisions",
            id=decision_id,
            order_id=order_id,
            attempt=attempt,
            decided_at=self.at,
            version_id=plan.rules_version_id,
            explanation=plan.explained(),
            cost_minor=plan.cost_minor,
            currency=plan.currency,
            parcels=len(plan.parcels),
            days=plan.days,
        )

    def open_work(self, parcel: Parcel, work: NewWork) -> None:
        """Gather a fulfilment order and the news that its location has work."""
        self.add(
            "work",
            number=work.number,
            order_id=work.order_id,
            sequence=work.sequence,
            location_id=parcel.site_id,
            decision_id=work.decision_id,
            carrier=parcel.carrier,
            service=parcel.service,
            expected_cost_minor=parcel.cost_minor if parcel.priced else None,
            status=work.status,
            request_status=RequestStatus.QUEUED,
            opened_at=self.at,
            due_at=work.due_at,
            acknowledge_by=self.at + ANSWER_WITHIN,
        )
        self.tell(
            "fulfilment_order.opened",
            f"fulfilment_order:{work.number}",
            {"number": work.number, "location": parcel.site, "lines": _lines(parcel)},
        )

    def keep_answer(self, result: object, pending: idempotency.Pending | None) -> None:
        """Gather the claim of the calling door with the answer it will get, to be kept in this very commit."""
        if pending is None or pending.claim is None:
            return
        answer, claim = pending.rendered(result), pending.claim
        self.add(
            "keys",
            client=claim.client,
            key=claim.key,
            fingerprint=claim.fingerprint.hex(),
            status=answer.status,
            body=answer.body.hex(),
        )

    def extend_work(self, parcel: Parcel, *, order_id: int, sequence: int) -> None:
        """Let a request that nobody has answered yet grow by what is in the parcel."""
        number = f"FO-{order_id}-{sequence}"
        self.tell(
            "fulfilment_order.extended",
            f"fulfilment_order:{number}",
            {"number": number, "location": parcel.site, "lines": _lines(parcel)},
        )

    def place(self) -> None:
        """Write the batch as new orders.

        Raises ``LevelsMoved`` when stock or a number was taken since it was seen.
        """
        self._write("flows_place")

    def allocate(self) -> None:
        """Write the batch for orders that are there already.

        Raises ``LevelsMoved`` likewise.
        """
        self._write("flows_allocate")

    @contextmanager
    def placed_behind(self) -> Iterator[Callable[[], None]]:
        """Write the batch as new orders, by and by: each call writes what was gathered, while the caller gathers more.

        What locks levels is written on leaving, all of it at once and in their order.
        Raises ``LevelsMoved`` when stock or a number was taken since it was seen.
        """
        with _as_moved(), pipelined_cursor() as cursor:

            def place() -> None:
                heads = {table: rows for table, rows in self.rows.items() if table not in _LOCKING}
                for table in heads:
                    del self.rows[table]
                _send(cursor, "flows_place", heads)

            yield place
        self.place()

    def _write(self, routine: str) -> None:
        with _as_moved(), bound_cursor() as cursor:
            _send(cursor, routine, self.rows)


def _send(cursor: CursorWrapper, routine: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    cursor.execute(f"select {routine}(%s::jsonb)", [msgspec.json.encode(rows).decode()])


@contextmanager
def _as_moved() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if _moved(error.__cause__):
            raise LevelsMoved("Stock moved while the order was planned. Send it again.") from error
        raise


def _lines(parcel: Parcel) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": pieces} for sku, pieces in parcel.lines]


def _moved(cause: BaseException | None) -> bool:
    if not isinstance(cause, psycopg.Error):
        return False
    return cause.sqlstate in _MOVED or cause.diag.constraint_name == _SHELF_IS_EMPTY
