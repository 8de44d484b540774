"""Questions about channels; their policies are kept in the process until the routing stamp moves."""

from dataclasses import dataclass
from threading import Lock

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
            channel.pk, channel.code, channel.currency, channel.backorder_policy, channel.partial_policy,
            channel.stock_buffer, sites or None, channel.is_active,
        )
    return policies
