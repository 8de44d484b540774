"""Keep what a recomputation found, so that a page can say when each invariant was last proved."""

from collections.abc import Sequence
from datetime import datetime

from oms.core.transactions import joins_transaction
from oms.reports.models import InvariantRun
from oms.reports.queries import Finding


@joins_transaction
def keep(findings: Sequence[Finding], *, started_at: datetime, finished_at: datetime) -> None:
    """Record one run of each invariant."""
    InvariantRun.objects.bulk_create(
        InvariantRun(
            code=finding.invariant.code,
            started_at=started_at,
            finished_at=finished_at,
            rows_checked=finding.rows_checked,
            differences=finding.differences,
            samples=list(finding.samples),
        )
        for finding in findings
    )
