"""Lots: made when they first arrive, recalled at once, set aside when they expire."""

from datetime import date, datetime

from inventory import floor_queries
from inventory.models import Lot, StockLevel
from inventory.rules import LotRefused, LotRequired, local_day
from oms.catalogue.models import Sku
from oms.core.errors import Invalid
from oms.core.transactions import joins_transaction


@joins_transaction
def known(sku: Sku, code: str, *, expires_on: date | None, today: date, at: datetime) -> Lot:
    """The lot of a SKU with this code, made when it is new.

    Raises ``LotRefused`` when it has expired, was recalled, or is known with another date; ``Invalid`` when the SKU
    is not kept by lot.
    """
    checked = code.strip()
    if not sku.is_lot_tracked:
        message = f"{sku.code} is not kept by lot. Leave the lot empty."
        raise Invalid(message, problems=(("#/lot", message),))
    lot = floor_queries.lot_of(sku.pk, checked)
    if lot is None:
        _refuse_past(sku, checked, expires_on, today)
        lot = Lot(sku=sku, code=checked[:40], expires_on=expires_on, created_at=at)
    if expires_on and lot.expires_on and lot.expires_on != expires_on:
        raise LotRefused(
            f"Lot {lot.code} of {sku.code} expires on {lot.expires_on:%d %b %Y}, not on {expires_on:%d %b %Y}."
            " Scan it again."
        )
    if lot.recalled_at:
        raise LotRefused(f"Lot {lot.code} of {sku.code} was recalled: {lot.recall_reason}. Set it aside.")
    _refuse_past(sku, lot.code, lot.expires_on or expires_on, today)
    if lot.pk is None:
        lot.save()
    elif expires_on and lot.expires_on is None:
        lot.expires_on = expires_on
        lot.save(update_fields=["expires_on"])
    return lot


@joins_transaction
def recall(lot: Lot, *, reason: str, at: datetime) -> None:
    """Mark a lot as recalled; nothing of it is reserved or received any more.

    Raises ``LotRefused`` when it was recalled before, ``Invalid`` without a reason.
    """
    if not reason.strip():
        message = "Say why the lot is recalled."
        raise Invalid(message, problems=(("#/reason", message),))
    if lot.recalled_at:
        raise LotRefused(f"Lot {lot.code} was recalled before: {lot.recall_reason}.")
    lot.recalled_at, lot.recall_reason = at, reason.strip()[:200]
    lot.save(update_fields=["recalled_at", "recall_reason"])


def _refuse_past(sku: Sku, code: str, expires_on: date | None, today: date) -> None:
    if expires_on and expires_on < today:
        raise LotRefused(f"Lot {code} of {sku.code} expired on {expires_on:%d %b %Y}. Set it aside.")


def check_sellable(level: StockLevel, lot: Lot | None, *, at: datetime) -> None:
    """Refuse to give back what must not be sold.

    Raises ``LotRequired`` when the SKU is kept by lot and none is named, ``LotRefused``.
    """
    if lot is None:
        if level.sku.is_lot_tracked:
            raise LotRequired(level.sku.code)
        return
    if lot.must_not_be_sold(local_day(level.location.timezone, at)):
        raise LotRefused(f"Lot {lot.code} of {level.sku.code} was recalled or has expired. It stays aside.")
