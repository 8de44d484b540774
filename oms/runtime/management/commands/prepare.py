"""Bring database, static files and first user into the state that this version expects."""

import hashlib
import os
import secrets
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from oms.core.models import Grant
from oms.core.roles import Role
from oms.runtime.schema import pending_migrations

FIRST_USER = "admin"


class Command(BaseCommand):
    help = "Migrates when something is pending, collects changed static files, makes the first user."
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        """Do what is needed and nothing else: a second start costs a second."""
        self._migrate()
        self._collect_static()
        self._first_user()

    def _migrate(self) -> None:
        pending = pending_migrations(connection)
        if pending:
            self.stdout.write(f"Bringing the database up to date: {len(pending)} migrations")
            call_command("migrate", interactive=False, verbosity=0)

    def _collect_static(self) -> None:
        stamp = Path(settings.STATIC_ROOT) / ".collected"
        digest = _static_digest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        self.stdout.write("Collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0, stdout=StringIO())
        stamp.write_text(digest)

    def _first_user(self) -> None:
        user_model = get_user_model()
        password_file = settings.DATA_DIR / "first-password"
        first = user_model.objects.filter(username=FIRST_USER).first()
        if first is not None and not first.must_change_password:
            password_file.unlink(missing_ok=True)
        if user_model.objects.exists():
            return
        password = _readable_password()
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(password + "\n")
        with transaction.atomic():
            user = user_model.objects.create_superuser(
                FIRST_USER, password=password, must_change_password=True
            )
            Grant.objects.create(user=user, role=Role.ADMINISTRATOR)
        if os.environ.get("OMS_DEMO") != "0" and "seed_demo" in get_commands():
            (settings.DATA_DIR / "demo-wanted").touch()


def _static_digest() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _readable_password() -> str:
    # No letters or digits that look alike; 20 of 31 signs are 99 bits.
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(5)) for _ in range(4))
