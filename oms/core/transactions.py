"""Who opens a transaction and who joins one.

A flow owns its transaction: it is durable, commits once and is tried again when the database or
a moved number asks for it. A service joins: it never commits alone, and a refusal inside it
dooms the whole flow.
"""

import functools
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, ParamSpec, TypeVar

from django.db import DatabaseError, connection, transaction

from oms.core import idempotency
from oms.core.errors import Busy

P = ParamSpec("P")
R = TypeVar("R")

# The database chose this transaction as the victim of a deadlock or of a conflict of snapshots.
_TRY_AGAIN = frozenset({"40001", "40P01"})
_FIRST_PAUSE_SECONDS = 0.004


class NoTransaction(RuntimeError):
    """A service was called outside a flow: a mistake of the program, never of its user."""


def owns_transaction(
    *,
    retry_on: type[Exception] | tuple[type[Exception], ...] = (),
    attempts: int = 5,
    keeps_claim: bool = False,
    one_statement: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run the flow in a transaction of its own, and again from the start when ``retry_on`` is raised in it.

    The claim of the calling door is taken first and answered last; a flow with ``keeps_claim``
    writes both itself (``idempotency.pending()``), to save the round trips. A flow with ``one_statement``
    writes everything by one statement, which is a transaction by itself: no row stays locked while its answer travels.

    Raises ``Busy`` when the database still refuses after the last attempt; the last
    ``retry_on`` itself is passed on.
    """
    wanted = retry_on if isinstance(retry_on, tuple) else (retry_on,)

    def decorate(flow: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(flow)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            for attempt in range(1, attempts + 1):
                try:
                    return _once(flow, _Way(keeps_claim, one_statement), *args, **kwargs)
                except wanted:
                    if attempt == attempts:
                        raise
                except DatabaseError as error:
                    if not may_be_tried_again(error):
                        raise
                    if attempt == attempts:
                        raise Busy() from error
                _pause(attempt)
            raise AssertionError("attempts is at least 1")

        run.owns_transaction = True  # type: ignore[attr-defined]  # read by the house tests
        return run

    return decorate


def joins_transaction(service: Callable[P, R]) -> Callable[P, R]:
    """Run the service inside the caller's transaction; what it refuses is refused whole.

    Raises ``NoTransaction`` when none is open.
    """

    @functools.wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not connection.in_atomic_block:
            raise NoTransaction(
                f"{service.__module__}.{service.__qualname__} joins a transaction; none is open."
            )
        with transaction.atomic(savepoint=False):
            return service(*args, **kwargs)

    run.joins_transaction = True  # type: ignore[attr-defined]  # read by the house tests
    return run


def may_be_tried_again(error: BaseException) -> bool:
    """Whether the database asked for the transaction to be repeated."""
    cause = error.__cause__ or error
    return getattr(cause, "sqlstate", None) in _TRY_AGAIN


class _Way(NamedTuple):
    """How a flow writes."""

    keeps_claim: bool
    one_statement: bool

    def opened(self) -> AbstractContextManager[object]:
        """The transaction around the flow; none of ours where its one statement is all there is."""
        if self.one_statement and not connection.in_atomic_block:
            return nullcontext()
        return transaction.atomic(durable=True)


def _once(flow: Callable[P, R], way: _Way, *args: P.args, **kwargs: P.kwargs) -> R:
    pending = idempotency.pending()
    if pending is None:
        with way.opened():
            return flow(*args, **kwargs)
    pending.forget()
    with way.opened():
        if way.keeps_claim:
            result = flow(*args, **kwargs)
            pending.rendered(result)
        else:
            pending.take()
            result = flow(*args, **kwargs)
            pending.store(result)
    pending.settled = True
    return result


def _pause(attempt: int) -> None:
    # Full jitter: two that met once should not meet again.
    time.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))
