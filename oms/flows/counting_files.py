"""Stock files inside the flow that imports them: counts meet the books, differences become movements.

Nothing here commits: each function joins the chunk's transaction.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from inventory import queries as stock_queries
from inventory.services import stocktakes
from inventory.services.stocktakes import Correction, Counted, Looked, Posted
from oms.core import outbox
from oms.core.actors import Actor
from oms.core.transactions import joins_transaction
from oms.imports import counts
from oms.imports.counts import CountBook, CountDeed, Told
from oms.imports.models import ImportJob
from oms.imports.planning import Known
from oms.imports.rules import Finding, Line, Outcome
from oms.imports.services import things

REASON = "count_correction"
NOT_THERE = 0
MOSTLY = 0.9


@joins_transaction
def plan(lines: Sequence[Line], known: Known, book: CountBook, *, at: datetime) -> list[Outcome]:
    """The verdict on each line; when it is about to be written, on levels that are locked by then."""
    if known.lock:
        book.drift.clear()
    resolved = counts.resolved(lines, known, book)
    told = [each for each in resolved if isinstance(each, Told)]
    if known.lock:
        things.make_named(told, at=at)
    counted = [_counted(each) for each in told]
    seen, were_there = _locked(counted, book) if known.lock else _looked(counted)
    said = iter(zip(seen, were_there, strict=True))
    return [counts.judged(each, *next(said), book) if isinstance(each, Told) else each for each in resolved]


@joins_transaction
def post(job: ImportJob, outcomes: Sequence[Outcome], *, at: datetime) -> None:
    """Write the movements of a chunk, and tell whose stock has changed.

    Raises ``ReasonRequired`` when the list of reasons has none for counts.
    """
    deeds = [outcome.deed for outcome in outcomes if isinstance(outcome.deed, CountDeed)]
    if not deeds:
        return
    closed = stocktakes.closed_until()
    corrections = [
        Correction(
            key=_key(job, deed.told),
            level_id=deed.level_id,
            delta=deed.delta,
            moved_at=_dated(deed.told.counted_at, closed.get(deed.told.place.code)),
            before=deed.before,
            after=deed.after,
            bin_id=deed.told.bin.pk if deed.told.bin else None,
            lot_id=deed.told.lot.pk if deed.told.lot else None,
        )
        for deed in deeds
    ]
    _write(job, corrections)
    _tell(job, [(deed.told.sku.code, deed.told.place.code, deed.delta) for deed in deeds], at=at)


@joins_transaction
def withdraw(job: ImportJob, *, after: int, limit: int, at: datetime) -> tuple[int, list[Finding], int]:
    """Write the opposite of the next movements of an import: how many were looked at, what stays, the last one's id.

    A movement stays where its pieces have been promised or put away since.
    """
    posted = stocktakes.posted(job.number, after=after, limit=limit)
    closed = stocktakes.closed_until()
    findings, corrections = [], []
    drift: dict[int, int] = {}
    for each in posted:
        now = each.on_hand + drift.get(each.level_id, 0)
        if reason := _stays(each, now):
            row = int(each.key.split(":")[1].split(".")[0])
            findings.append(Finding(row, "on_hand", f"{each.sku} {each.location}", reason))
            continue
        drift[each.level_id] = drift.get(each.level_id, 0) - each.delta
        moved_at = _dated(each.moved_at, closed.get(each.location))
        spot = (each.bin_id, each.lot_id)
        corrections.append(
            Correction(f"{each.key}:undo", each.level_id, -each.delta, moved_at, now, now - each.delta, *spot)
        )
    _write(job, corrections)
    taken = {correction.key.removesuffix(":undo") for correction in corrections}
    _tell(job, [(each.sku, each.location, -each.delta) for each in posted if each.key in taken], at=at)
    return len(posted), findings, posted[-1].movement_id if posted else after


def totals(so_far: dict[str, Any], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The pieces by which a file changes the stock, and what they cost, by currency."""
    pieces = int(so_far.get("pieces", 0))
    value = {currency: Decimal(amount) for currency, amount in so_far.get("value", {}).items()}
    for outcome in outcomes:
        deed = outcome.deed
        if isinstance(deed, CountDeed):
            pieces += deed.delta
            sku = deed.told.sku
            if sku.unit_cost is not None:
                value[sku.currency] = value.get(sku.currency, Decimal(0)) + sku.unit_cost * deed.delta
    return so_far | {"pieces": pieces, "value": {currency: str(amount) for currency, amount in value.items()}}


def _counted(told: Told) -> Counted:
    return Counted(
        told.sku.pk or NOT_THERE,
        told.place.pk,
        told.pieces,
        told.counted_at,
        told.by_spot,
        told.bin.pk if told.bin else None,
        (told.lot.pk or NOT_THERE) if told.lot else None,
    )


def _looked(counted: Sequence[Counted]) -> tuple[list[Looked], list[bool]]:
    seen = stocktakes.look(counted)
    return seen, [each.level_id is not None for each in seen]


def _locked(counted: Sequence[Counted], book: CountBook) -> tuple[list[Looked], list[bool]]:
    """Look at counts whose levels are locked where they differ, and say which levels had been there."""
    if book.differs:
        made = stocktakes.lock((each.sku_id, each.location_id) for each in counted)
        seen = stocktakes.look(counted)
        were_there = [(each.sku_id, each.location_id) not in made for each in counted]
        differing = [_differs(count, said) for count, said in zip(counted, seen, strict=True)]
    else:
        # What agrees already is not locked: a file told twice holds up nobody.
        seen, were_there = _looked(counted)
        differing = [_differs(count, said) for count, said in zip(counted, seen, strict=True)]
        wanted = [at for at, differs in enumerate(differing) if differs]
        stocktakes.lock((counted[at].sku_id, counted[at].location_id) for at in wanted)
        for at, now in zip(wanted, stocktakes.look([counted[at] for at in wanted]), strict=True):
            seen[at] = now
    # Where nearly every row differs, the next chunk is not looked at twice.
    book.differs = sum(differing) > MOSTLY * len(counted)
    return seen, were_there


def _differs(counted: Counted, seen: Looked) -> bool:
    now = seen.spot_on_hand if counted.by_spot else seen.on_hand
    return counted.pieces != now - seen.since


def _stays(posted: Posted, now: int) -> str:
    is_spot = posted.bin_id is not None or posted.lot_id is not None
    if is_spot != bool(posted.located) and posted.on_hand:
        return "The pieces have been moved into or out of bins since."
    if now - posted.delta < posted.held:
        return f"{posted.held} pieces are reserved or in inspection by now."
    if is_spot and posted.spot_on_hand - posted.delta < posted.spot_quarantined:
        return "The pieces have left their bin since."
    return ""


def _write(job: ImportJob, corrections: Sequence[Correction]) -> None:
    if corrections:
        actor = Actor(job.actor_kind, job.actor_id, job.actor_name)  # type: ignore[arg-type]  # kept as it was given
        reason = stock_queries.reason(REASON)
        stocktakes.post(corrections, reason_id=reason.pk, reference=job.number, actor=actor)


def _key(job: ImportJob, told: Told) -> str:
    return f"{job.number}:{told.line.row}.{told.place.pk}:{_micros(told.counted_at)}"


@lru_cache(maxsize=1024)
def _micros(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _dated(instant: datetime, closed: datetime | None) -> datetime:
    # A closed day stays as it is: what was found out later is dated after its end.
    return max(instant, closed) if closed else instant


def _tell(job: ImportJob, moved: Sequence[tuple[str, str, int]], *, at: datetime) -> None:
    groups: dict[tuple[str, bool], list[tuple[str, int]]] = {}
    for sku, location, delta in moved:
        groups.setdefault((location, delta > 0), []).append((sku, delta))
    for (location, _), changes in sorted(groups.items()):
        outbox.record(
            "stock.changed",
            aggregate=f"import:{job.number}",
            payload={
                "skus": sorted({sku for sku, _ in changes}),
                "location": location,
                "document": job.number,
                "quantity_delta": sum(delta for _, delta in changes),
            },
            at=at,
        )
