"""Signs of life of processes that answer nobody: the clock (beat, broker and worker in one) and the relay."""

from datetime import datetime, timedelta

from oms.runtime.models import Heartbeat

CLOCK = "clock"
RELAY = "relay"
# Silence longer than this means that nobody is there.
SILENCE = {CLOCK: timedelta(seconds=90), RELAY: timedelta(seconds=30)}


def beat(process: str, *, at: datetime) -> None:
    """Say that this process lives."""
    Heartbeat.objects.update_or_create(process=process, defaults={"beat_at": at})


def silent(*, at: datetime) -> dict[str, timedelta | None]:
    """The processes not heard of in time, each with its silence; None when it was never heard of."""
    heard = dict(Heartbeat.objects.values_list("process", "beat_at"))
    ages = {name: at - heard[name] if name in heard else None for name in SILENCE}
    return {name: age for name, age in ages.items() if age is None or age > SILENCE[name]}
