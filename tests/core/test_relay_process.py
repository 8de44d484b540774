import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from oms.core import audit, outbox
from oms.core.actors import SYSTEM
from oms.core.models import AuditSeal, OutboxMessage
from oms.runtime.models import Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


def tell():
    now = timezone.now()
    with transaction.atomic():
        outbox.record("thing.done", aggregate="thing:1", payload={}, at=now)
        audit.record("thing.done", "thing", 1, actor=SYSTEM, at=now)


def test_once_works_off_what_is_due_and_seals_the_audit():
    tell()
    assert call_command("relay", "--once") == "1 messages"
    assert OutboxMessage.objects.get().state == "delivered"
    assert AuditSeal.objects.count() == 1


@pytest.mark.slow
def test_the_process_tells_beats_and_stops_cleanly_when_asked():
    login = settings.DATABASES["default"]
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**login)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "relay"],
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=settings.BASE_DIR,
    )
    try:
        tell()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            told = OutboxMessage.objects.get().state == "delivered"
            if told and Heartbeat.objects.filter(process="relay").exists() and AuditSeal.objects.exists():
                break
            time.sleep(0.1)
        else:
            pytest.fail("the relay did nothing in 30 seconds")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=15)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, errors
