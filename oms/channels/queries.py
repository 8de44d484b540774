"""Questions about channels; their policies are kept in the process until the routing stamp moves."""

from dataclasses import dataclass
from datetime import time
from threading import Lock

from django.db.models import Sum

from inventory.models import StockLevel
from oms.channels.models import Channel
from oms.core.errors import Invalid


class UnknownChannel(Invalid):
    """No active channel has this code."""

    code = "unknown-channel"


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """What a channel decides for its orders; ``sites`` of None means every location."""

    id: int
    code: str
    currency: str
    backorder_policy: str
    partial_policy: str
    stock_buffer: int
    sites: frozenset[int] | None
    is_active: bool
    cut_off: time | None = None
    handling_days: int = 0
    kind: str = ""


def sellable(sku_code: str, channel_code: str) -> int:
    """Pieces of a SKU that a channel could promise now: available at its locations, less its buffer.

    Raises ``UnknownChannel``.
    """
    channel = Channel.objects.filter(code=channel_code, is_active=True).prefetch_related("locations").first()
    if channel is None:
        raise UnknownChannel(f"There is no active channel {channel_code}.")
    levels = StockLevel.objects.filter(sku__code=sku_code, location__is_active=True, available__gt=0)
    if sites := [location.pk for location in channel.locations.all()]:
        levels = levels.filter(location__in=sites)
    pieces = levels.aggregate(pieces=Sum("available"))["pieces"] or 0
    return max(0, pieces - channel.stock_buffer)


_lock = Lock()
_kept: tuple[int, dict[str, ChannelPolicy]] = (-1, {})


def policies(stamp: int) -> dict[str, ChannelPolicy]:
    """All channels by code, as they were when the stamp had this value or later."""
    global _kept  # noqa: PLW0603  # one small cache for the process, replaced whole
    kept_stamp, kept = _kept
    if kept_stamp == stamp:
        return kept
    with _lock:
        fresh = _read()
        _kept = (stamp, fresh)
    return fresh


def _read() -> dict[str, ChannelPolicy]:
    policies = {}
    for channel in Channel.objects.prefetch_related("locations"):
        sites = frozenset(location.pk for location in channel.locations.all())
        policies[channel.code] = ChannelPolicy(
            channel.pk,
            channel.code,
            channel.currency,
            channel.backorder_policy,
            channel.partial_policy,
            channel.stock_buffer,
            sites or None,
            channel.is_active,
            channel.cut_off,
            channel.handling_days,
            channel.kind,
        )
    return policies
