"""Real pages in a real Chromium; the suite is skipped where there is none."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

sync_api = pytest.importorskip("playwright.sync_api")
# Playwright's own loop runs in this thread; the tests' queries are meant to.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
# A busy test machine types unevenly; the defaults have a test of their own.
PATIENT = """
    localStorage.getItem("oms-scanner") ?? localStorage.setItem("oms-scanner", '{"gap": 120, "silence": 500}')
"""
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PICTURES = Path(os.environ.get("OMS_SCREENS", Path(__file__).resolve().parents[2] / ".screens"))


@pytest.fixture(scope="session")
def chromium() -> Iterator["sync_api.Browser"]:
    """The machine's own Chromium, or the one Playwright has."""
    path = os.environ.get("OMS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except sync_api.Error as error:
            pytest.skip(f"There is no browser here: {error}")
        yield browser
        browser.close()


class Watched:
    """A page whose console must stay silent: no error, no breach of the content policy."""

    def __init__(self, page: "sync_api.Page") -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: "sync_api.ConsoleMessage") -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


Open = Callable[..., "sync_api.Page"]


@pytest.fixture
def open_page(chromium: "sync_api.Browser", live_server) -> Iterator[Open]:
    """Open a page of the live server, as somebody or nobody, wide or narrow, light or dark."""
    contexts, watched = [], []

    def open_page(
        path="/", *, user=None, size=DESK, theme="light", patient=True, watch=True
    ) -> "sync_api.Page":
        context = chromium.new_context(viewport=size, color_scheme=theme, base_url=live_server.url)
        contexts.append(context)
        if patient:
            context.add_init_script(PATIENT)
        if user is not None:
            client = Client()
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        if watch:
            watched.append(Watched(page))
        page.goto(path)
        return page

    yield open_page
    complaints = [said for one in watched for said in one.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


def wedge(page: "sync_api.Page", code: str, *, end: str = "Enter") -> None:
    """Type like a barcode gun: fast, and closed by its own key."""
    page.keyboard.type(code)
    if end:
        page.keyboard.press(end)
