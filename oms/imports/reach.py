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
    Kind.ORDERS: "Orders",
}


def kinds_for(user: Any) -> list[tuple[str, str]]:
    """The kinds of file that this person may import."""
    return [(kind.value, word) for kind, word in KINDS.items() if _may_import(user, kind)]


def kinds_going_out(user: Any) -> list[tuple[str, str]]:
    """The kinds of which this person may take everything out."""
    return [(kind.value, word) for kind, word in KINDS.items() if may_export(user, kind)]


def may_export(user: Any, kind: Kind) -> bool:
    """Whether this person may take everything of a kind out; orders name people, and ship from anywhere."""
    if kind is Kind.ORDERS and user.locations_for("orders.export") is not None:
        return False
    return user.may("stock.export")


def jobs_for(user: Any) -> QuerySet[ImportJob]:
    """The files that this person may look at: their own, and everybody's when they may import everywhere.

    Files of orders name people: they are for those who may look at orders.
    """
    rows = queries.jobs() if user.may("orders.view") else queries.jobs().exclude(kind=Kind.ORDERS.value)
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
    kind = Kind(job.kind)
    if not _may_import(user, kind):
        raise Forbidden(f"Your roles do not allow importing {KINDS[kind].lower()}.")
    return user.locations_for(RIGHTS[kind][0])


def _may_import(user: Any, kind: Kind) -> bool:
    if kind is Kind.ORDERS and user.locations_for(RIGHTS[kind][0]) is not None:
        # Nobody knows yet where a new order will ship from.
        return False
    return user.may(RIGHTS[kind][0])
