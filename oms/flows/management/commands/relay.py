"""``manage.py relay``: tells the news in the outbox, and keeps the audit's chain and the keys in order."""

import signal
from argparse import ArgumentParser
from datetime import datetime

import structlog
from django.core.management.base import BaseCommand

from oms.core import audit, idempotency, outbox, webhooks
from oms.core.relay import Chore, Lane, Relay, drain, run
from oms.flows.reactions import OTHERWISE, REACTIONS, tell_of_dead_letter
from oms.letters import queries as letter_queries
from oms.runtime.models import Heartbeat

log = structlog.get_logger("oms.relay")
SLOW = frozenset({webhooks.DELIVER})
LETTERS = frozenset({letter_queries.SEND, letter_queries.TEST})
HOUR_SECONDS = 3_600.0


class Command(BaseCommand):
    help = "Tells the news in the outbox until it is stopped; --once works off what is due and ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Work off what is due, then end.")
        parser.add_argument("--callers", type=int, default=3, help="Threads that call endpoints.")

    def handle(self, *args: object, **options: object) -> str | None:
        """Run until SIGTERM or Ctrl-C; messages in hand are finished first."""
        relay = house_relay(callers=int(str(options["callers"])))
        if options["once"]:
            handled = drain(relay)
            while audit.seal_pending():
                pass
            return f"{handled} messages"
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stopping.set())
        log.info("relay started")
        run(relay)
        log.info("relay stopped")
        return None


def house_relay(*, callers: int = 1) -> Relay:
    """The relay with everything this house does: reactions, lanes, chores."""
    return Relay(
        reactions=REACTIONS,
        otherwise=OTHERWISE,
        lanes=(
            Lane("house", but=SLOW | LETTERS),
            Lane("webhooks", only=SLOW, threads=callers, pause_seconds=0.6),
            Lane("letters", only=LETTERS, pause_seconds=1.0, batch=1),
        ),
        chores=(
            Chore("heartbeat", 5.0, _beat),
            Chore("seal the audit", 1.0, lambda at: audit.seal_pending()),
            Chore("forget old keys", HOUR_SECONDS, lambda at: idempotency.prune(at=at)),
            Chore("forget old news", HOUR_SECONDS, lambda at: outbox.prune(at=at)),
        ),
        on_dead=tell_of_dead_letter,
    )


def _beat(at: datetime) -> None:
    Heartbeat.objects.update_or_create(process="relay", defaults={"beat_at": at})
