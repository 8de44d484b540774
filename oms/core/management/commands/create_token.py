"""``manage.py create_token NAME --scope SCOPE``: a key for a program, printed once."""

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.core.errors import Refusal


class Command(BaseCommand):
    help = "Makes an API token and prints it once; only a digest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Whose key this is, such as 'webshop'.")
        parser.add_argument(
            "--scope", action="append", required=True, help="orders:read, orders:* or *; may be repeated."
        )
        parser.add_argument("--location", action="append", default=[], help="Code; default: every location.")
        parser.add_argument("--expires", type=int, metavar="DAYS", help="Default: never.")

    def handle(self, *args: object, **options: object) -> str:
        """Answer the token itself and nothing else, so that a script can keep it."""
        now = timezone.now()
        days = options["expires"]
        try:
            _, text = tokens.create(
                str(options["name"]),
                scopes=options["scope"],
                location_codes=options["location"],
                expires_at=now + timedelta(days=int(days)) if days is not None else None,
                actor=SYSTEM,
                at=now,
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        return text
