"""``manage.py rotate_master_key``: seal every credential with the newest master key."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from oms.core import secrets
from oms.core.models import WebhookEndpoint


class Command(BaseCommand):
    help = "Seals every kept credential with the first key of OMS_MASTER_KEYS; --new prints a fresh key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail if any needs it.")
        parser.add_argument("--new", action="store_true", help="Print a fresh key to put in front, and stop.")

    def handle(self, *args: object, **options: object) -> str:
        """Say how many were sealed anew."""
        if options["new"]:
            return secrets.new_master_key()
        try:
            changed = _rotate(only_check=bool(options["check"]))
        except (secrets.CannotUnseal, secrets.NoMasterKey) as error:
            raise CommandError(str(error)) from error
        if options["check"] and changed:
            raise CommandError(f"{changed} endpoints are sealed with an older key.")
        return f"{changed} endpoints sealed with the newest key"


@transaction.atomic
def _rotate(*, only_check: bool) -> int:
    changed = 0
    for endpoint in WebhookEndpoint.objects.select_for_update():
        if all(map(secrets.is_sealed_with_newest, endpoint.sealed_secrets)):
            continue
        changed += 1
        if not only_check:
            endpoint.sealed_secrets = [secrets.resealed(sealed) for sealed in endpoint.sealed_secrets]
            endpoint.save(update_fields=["sealed_secrets"])
    return changed
