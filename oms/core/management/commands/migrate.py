"""Migrations, run as the owner of the tables, then the application's privileges."""

from argparse import ArgumentParser

from django.core.management.commands import migrate
from django.db import connections

from oms.core.grants import apply_grants
from oms.core.owner import application_role, as_owner


class Command(migrate.Command):
    help = "Migrates as the owner of the tables, then grants the application what the committed table says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--app-role", default=None, help="Role to grant to, if not DATABASE_URL's.")

    def handle(self, *args: object, **options: object) -> None:
        """Migrate; a dry run (--check, --plan) grants nothing."""
        connection = connections[str(options["database"])]
        role = options.pop("app_role") or application_role(connection)
        with as_owner(connection):
            super().handle(*args, **options)
            if role and not (options["check_unapplied"] or options["plan"]):
                apply_grants(connection, role)
