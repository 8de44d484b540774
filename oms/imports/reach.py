"""Which files a person may look at, and where their own may write."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from oms.core.errors import Forbidden
from oms.imports import queries
from oms.imports.models import ImportJob
from oms.imports.resources import RIGHTS
from oms.imports.rules import Kind

KINDS = {
    Kind.STOCK: "Stock counts",
    Kind.SKUS: "SKUs",
    Kind.BARCODES: "Barcodes",
    Kind.PRICES: "Prices",
    Kind.BINS: "Bins",
    Kind.LOCATIONS: "Locations",
    Kind.RATES: "Rates",
    Kind.ZONES: "Zones",
}


def kinds_for(user: Any) -> list[tuple[str, str]]:
    """The kinds of file that this person may import."""
    return [(kind.value, word) for kind, word in KINDS.items() if user.may(RIGHTS[kind][0])]


def jobs_for(user: Any) -> QuerySet[ImportJob]:
    """The files that this person may look at: their own, and everybody's when they may import everywhere."""
    rows = queries.jobs()
    if user.locations_for("stock.import") is None:
        return rows
    return rows.filter(actor_kind="user", actor_id=str(user.pk))


def job_for(user: Any, pk: UUID) -> ImportJob:
    """A file that this person may look at."""
    job = jobs_for(user).filter(pk=pk).first()
    if job is None:
        raise Http404("There is no such import.")
    return job


def reach_of(user: Any, job: ImportJob) -> frozenset[str] | None:
    """Where this person may import files of this kind.

    Raises ``Forbidden`` when they may nowhere.
    """
    right = RIGHTS[Kind(job.kind)][0]
    if not user.may(right):
        raise Forbidden(f"Your roles do not allow importing {KINDS[Kind(job.kind)].lower()}.")
    return user.locations_for(right)
