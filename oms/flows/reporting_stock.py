"""Stories of stock that others keep: their reports are taken, compared, and sold from where that is agreed."""

from collections.abc import Mapping
from datetime import datetime

from inventory import queries as stock_queries
from inventory.models import StockReport
from inventory.rules import ReportPolicy
from inventory.services import stock_reports
from inventory.services.stock_reports import NewReport, Taken
from oms.alerts.models import Severity
from oms.alerts.services import alerts
from oms.catalogue import queries as sku_queries
from oms.core import audit, outbox
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.transactions import owns_transaction


@owns_transaction()
def take_report(
    location: str,
    pieces: Mapping[str, int],
    *,
    reference: str,
    reported_at: datetime,
    is_complete: bool,
    actor: Actor,
    at: datetime,
) -> StockReport:
    """Take what a partner or supplier says it has (SKU code → pieces) at an instant.

    Raises ``LocationNotFound``, ``SkuNotFound`` naming the codes, ``ReportTaken``, ``Invalid`` for the future.
    """
    if reported_at > at:
        message = "A report speaks of the past: its time is still to come."
        raise Invalid(message, problems=(("#/reported_at", message),))
    place = stock_queries.location(location)
    skus = sku_queries.skus_by_code(pieces)
    by_id = {skus[code].pk: quantity for code, quantity in pieces.items()}
    taken = stock_reports.take(
        place, NewReport(reference, reported_at, by_id, is_complete), actor=actor, at=at
    )
    codes = {sku.pk: code for code, sku in skus.items()}
    audit.record(
        "stock_report.taken",
        "location",
        place.code,
        actor=actor,
        at=at,
        note=reference,
        changes={"skus": len(pieces), "pieces": sum(pieces.values())},
    )
    grown = sorted(codes[sku_id] for sku_id in taken.grown if sku_id in codes)
    if grown:
        payload = {"skus": grown, "location": place.code, "document": reference}
        outbox.record("stock.changed", aggregate=f"stock_report:{taken.report.pk}", payload=payload, at=at)
    _tell(taken, codes, at=at)
    return taken.report


@owns_transaction()
def set_report_policy(location: str, policy: ReportPolicy, *, actor: Actor, at: datetime) -> None:
    """Agree that a location's reports are sold from, or that they are only compared.

    Raises ``LocationNotFound``.
    """
    place = stock_queries.location(location)
    before = place.report_policy
    stock_reports.set_policy(place, policy)
    audit.record(
        "location.report_policy",
        "location",
        place.code,
        actor=actor,
        at=at,
        changes={"report_policy": [before, policy.value]},
    )


def _tell(taken: Taken, codes: Mapping[int, str], *, at: datetime) -> None:
    report, place = taken.report, taken.report.location
    url = f"/stock/reports/{report.pk}"
    for sku_id, missing in taken.oversold.items():
        code = codes.get(sku_id, str(sku_id))
        alerts.open_alert(
            "supplier_short",
            "sku",
            f"{place.code}:{code}",
            at=at,
            location=place.code,
            severity=Severity.STOP,
            message=f"{place.name} says it has {missing} of {code} fewer than is promised from there.",
            url=url,
        )
    if place.report_policy == ReportPolicy.COMPARE and (differing := stock_queries.differing_lines(report)):
        alerts.open_alert(
            "stock_report_differs",
            "location",
            place.code,
            at=at,
            location=place.code,
            message=f"{place.name} reports {differing} SKUs otherwise than our books.",
            url=f"{url}?show=differing",
        )
