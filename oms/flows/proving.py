"""The story of a proof: invariants are recomputed, kept, and a breach becomes an alert."""

from collections.abc import Callable, Sequence
from datetime import datetime

from inventory.models import StockRepair
from inventory.services import repairs
from oms.alerts.models import Severity
from oms.alerts.services import alerts
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.errors import Conflict, Invalid
from oms.core.transactions import owns_transaction
from oms.reports import queries
from oms.reports.queries import Finding
from oms.reports.services import proofs

# Those whose breach is a total that disagrees with its rows; the first column of their breaches is the level.
REPAIRABLE = frozenset({"I1", "I2", "I5"})
MOST_REPAIRED = 1_000


class NotRepairable(Conflict):
    """The breach is not a total that disagrees with its rows."""

    code = "not-repairable"


def prove(codes: Sequence[str], *, clock: Callable[[], datetime]) -> list[Finding]:
    """Recompute these invariants from raw rows, keep the result and alert where one is broken."""
    started_at = clock()
    findings = queries.check(codes)
    _keep(findings, started_at=started_at, at=clock())
    return findings


@owns_transaction()
def repair(code: str, *, note: str, actor: Actor, at: datetime) -> int:
    """Bring every level that breaks this invariant back to the rows behind it; how many there were.

    Raises ``NotRepairable`` for an invariant that only a document can mend, ``Invalid`` without a note.
    """
    if code not in REPAIRABLE:
        raise NotRepairable(
            f"{code} is not repaired here: correct it by a document, such as a count or a return."
        )
    if not note.strip():
        message = "Say why it is repaired."
        raise Invalid(message, problems=(("#/note", message),))
    done = repairs.repair(
        queries.breaking_ids(code)[:MOST_REPAIRED], note=note.strip()[:300], actor=actor, at=at
    )
    for each in done:
        _tell(each, note.strip(), actor=actor, at=at)
    return len(done)


@owns_transaction()
def _keep(findings: Sequence[Finding], *, started_at: datetime, at: datetime) -> None:
    proofs.keep(findings, started_at=started_at, finished_at=at)
    for finding in findings:
        if finding.differences:
            alerts.open_alert(
                "broken_invariant",
                "invariant",
                finding.invariant.code,
                at=at,
                severity=Severity.STOP,
                message=f"Broken ({finding.differences} ×): {finding.invariant.says}",
                url=f"/invariants/{finding.invariant.code}",
            )


def _tell(each: StockRepair, note: str, *, actor: Actor, at: datetime) -> None:
    audit.record(
        "stock.repaired",
        "sku",
        each.level.sku.code,
        actor=actor,
        at=at,
        note=note,
        changes={
            "location": each.level.location.code,
            "on_hand": [each.on_hand_before, each.on_hand_after],
            "reserved": [each.reserved_before, each.reserved_after],
            "quarantined": [each.quarantined_before, each.quarantined_after],
        },
    )
    outbox.record(
        "stock.changed",
        aggregate=f"sku:{each.level.sku.code}",
        payload={
            "sku": each.level.sku.code,
            "location": each.level.location.code,
            "document": f"repair {each.pk}",
            "quantity_delta": each.on_hand_after - each.on_hand_before,
        },
        at=at,
    )
