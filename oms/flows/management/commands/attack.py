"""``manage.py attack``: parallel buyers go at a scratch copy of the database, and nothing is oversold."""

import time

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from oms.core.errors import Refusal
from oms.flows import attacking
from oms.flows.attacking import Outcome
from oms.reports import queries as reports
from oms.reports.invariants import INVARIANTS
from oms.runtime.copying import scratch_copy
from oms.runtime.errors import CannotStart

MOST_BUYERS = 10_000


class Command(BaseCommand):
    help = "Lets parallel buyers go at a scratch copy of the database and proves that nothing is oversold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sku", required=True, help="what they all want")
        parser.add_argument("--buyers", type=int, default=100, help="how many buyers, one piece each")
        parser.add_argument("--channel", default="api", help="where they buy")

    def handle(self, *args, **options) -> None:
        """Copy, attack, count, and drop the copy.

        Raises ``CommandError`` when one piece too many or too few was sold.
        """
        if not 1 <= options["buyers"] <= MOST_BUYERS:
            raise CommandError(f"Say 1 to {MOST_BUYERS:,} buyers.")
        try:
            with scratch_copy():
                self._attack(options["sku"], options["channel"], options["buyers"])
        except (Refusal, CannotStart) as refusal:
            raise CommandError(str(refusal)) from refusal

    def _attack(self, sku: str, channel: str, buyers: int) -> None:
        before = attacking.sellable(sku, channel)
        self.stdout.write(
            f"{before} pieces of {sku} are sellable on {channel}; {buyers} buyers want one each."
        )
        began = time.perf_counter()
        outcome = attacking.attack(sku, channel=channel, buyers=buyers, clock=timezone.now)
        self._report(outcome, buyers, time.perf_counter() - began)
        broken = [finding for finding in reports.check(INVARIANTS) if finding.differences]
        for finding in broken:
            self.stdout.write(f"BROKEN {finding.invariant.code}: {finding.samples}")
        expected = min(before, buyers)
        if outcome.errors or broken or outcome.counts["allocated"] != expected:
            raise CommandError(f"{expected} should have been sold.", returncode=1)
        self.stdout.write(f"Proved: exactly {expected} sold, 0 oversold, {len(INVARIANTS)} invariants hold.")

    def _report(self, outcome: Outcome, buyers: int, seconds: float) -> None:
        counts = outcome.counts
        self.stdout.write(
            f"{counts['allocated']} got a piece, {counts['waiting']} wait, {counts['refused']} were refused,"
            f" {counts['failed']} failed, in {seconds:.2f} s ({buyers / seconds:.0f} a second)."
        )
        for error in outcome.errors[:5]:
            self.stdout.write(f"FAILED {error}")
