"""Who sells: the name, address and tax number on documents, and the zone whose days count for money."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings


def day(at: datetime) -> date:
    """The seller's day at an instant: of prices, invoices and what is due."""
    return at.astimezone(ZoneInfo(settings.SELLER["time_zone"])).date()


def name() -> str:
    """What customers know the seller by."""
    return str(settings.SELLER["name"])


def lines() -> list[str]:
    """The seller's name, address and tax number as documents show them."""
    written = (
        settings.SELLER["name"],
        *settings.SELLER["address"].split("\n"),
        settings.SELLER["tax_number"],
    )
    return [line.strip() for line in written if line.strip()]
