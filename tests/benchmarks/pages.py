"""Somebody who looks at a page again and again while the machine is busy with something else."""

import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.test import Client

from oms.core.models import Grant, User
from oms.imports.models import ImportJob

EVERY_SECONDS = 1.0


@contextmanager
def somebody_watching(port: int) -> Iterator[list[float]]:
    """How long the page of the newest import took each time, in milliseconds; the list grows while the block runs."""
    user = User.objects.create_user("watcher")
    Grant.objects.create(user=user, role="manager")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    took: list[float] = []
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(port, cookie, took, done))
    watcher.start()
    try:
        yield took
    finally:
        done.set()
        watcher.join()


def slowest(took: list[float], share: float = 0.95) -> float:
    """The milliseconds that this share of the looks stayed under."""
    return sorted(took)[int(share * (len(took) - 1))]


def _watch(port: int, cookie: str, took: list[float], done: threading.Event) -> None:
    while not done.wait(EVERY_SECONDS):
        newest = ImportJob.objects.order_by("-uploaded_at").values_list("pk", flat=True).first()
        page = f"http://127.0.0.1:{port}/imports/{newest or ''}"
        began = time.perf_counter()
        with urllib.request.urlopen(urllib.request.Request(page, headers={"Cookie": cookie})) as answer:
            answer.read()
        took.append(1000 * (time.perf_counter() - began))
    connection.close()
