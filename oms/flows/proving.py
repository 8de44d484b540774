"""The story of a proof: invariants are recomputed, kept, and a breach becomes an alert."""

from collections.abc import Callable, Sequence
from datetime import datetime

from oms.alerts.models import Severity
from oms.alerts.services import alerts
from oms.core.transactions import owns_transaction
from oms.reports import queries
from oms.reports.queries import Finding
from oms.reports.services import proofs


def prove(codes: Sequence[str], *, clock: Callable[[], datetime]) -> list[Finding]:
    """Recompute these invariants from raw rows, keep the result and alert where one is broken."""
    started_at = clock()
    findings = queries.check(codes)
    _keep(findings, started_at=started_at, at=clock())
    return findings


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
