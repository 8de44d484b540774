"""``manage.py audit_verify``: recompute the whole chain of the audit."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from oms.core import audit


class Command(BaseCommand):
    help = "Seals what is waiting, recomputes every link of the audit chain and prints its head."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--known", metavar="SEQ:HASH", help="A head kept outside, to notice a cut tail.")

    def handle(self, *args: object, **options: object) -> str:
        """Print the head; fail with every finding when the chain is not sound."""
        while audit.seal_pending():
            pass
        known = str(options["known"] or "").partition(":")
        verdict = audit.verify(known_head=(int(known[0]), known[2]) if known[0] else None)
        if not verdict.sound:
            raise CommandError("\n".join(verdict.findings))
        return f"{verdict.checked} sealed, {verdict.unsealed} waiting, head {verdict.checked}:{verdict.head}"
