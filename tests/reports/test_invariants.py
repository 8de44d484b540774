"""Each invariant stands in the documentation, is kept by something tested, and its page shows what breaks it."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from oms.alerts.models import Alert
from oms.core.models import Grant, User
from oms.flows import proving
from oms.reports.invariants import INVARIANTS
from oms.reports.models import InvariantRun
from tests.builders import order, place, rate, shelf
from tests.house.sources import ROOT

BACKEND = "django.contrib.auth.backends.ModelBackend"
DOCUMENT = ROOT / "docs" / "invariants.md"
ROW = re.compile(r"^\| (I\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.M)


def now() -> datetime:
    return datetime.now(UTC)


def test_the_document_says_what_the_code_says():
    written = {code: (says, kept_by) for code, says, kept_by, _ in ROW.findall(DOCUMENT.read_text())}

    assert written == {code: (one.says, one.kept_by) for code, one in INVARIANTS.items()}


def test_the_tests_that_the_document_names_exist():
    for code, _, _, named in ROW.findall(DOCUMENT.read_text()):
        paths = re.findall(r"`(tests/[\w/.]+?)(?:::(\w+))?`", named)
        assert paths, code
        for path, function in paths:
            assert f"def {function}" in (ROOT / path).read_text(), f"{code}: {path}::{function}"


pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(client, role: str) -> None:
    user = User.objects.create_user(role)
    Grant.objects.create(user=user, role=role)
    client.force_login(user, backend=BACKEND)


def prove(client, **fields):
    return client.post("/invariants/prove", {"idempotency_key": uuid4().hex, **fields}, follow=True)


def test_never_proved_is_red_and_the_button_proves_all(client):
    shelf("MUG", on_hand=3)
    signed_in(client, "manager")
    before = client.get("/invariants/")
    assert {row["state"] for row in before.context["rows"]} == {"never"}
    assert f"Prove {len(INVARIANTS)} invariants now" in before.content.decode()

    after = prove(client)

    assert {row["state"] for row in after.context["rows"]} == {"proved"}
    assert f"0 differences in {len(INVARIANTS)} invariants" in after.content.decode()
    assert client.get("/invariants/?show=broken").context["total"] == 0


def test_a_proof_that_missed_its_night_is_said_to_be_old(client):
    signed_in(client, "manager")
    proving.prove(["I1"], clock=lambda: now() - timedelta(hours=30))

    assert client.get("/invariants/I1").context["state"] == "stale"


def test_a_breach_is_red_shows_its_rows_and_its_alert_leads_there(client):
    rate("PER", region="WA", cost_minor=600, days=2)
    shelf("MUG", on_hand=3)
    mine = order(place(("MUG", 1)))
    # A state no flow would leave behind: closed, and still holding stock.
    type(mine).objects.filter(pk=mine.pk).update(state="closed")
    signed_in(client, "manager")

    prove(client, code="I18")

    page = client.get("/invariants/I18")
    assert page.context["state"] == "broken"
    assert mine.number in page.content.decode()
    assert Alert.objects.get(kind="broken_invariant").url == "/invariants/I18"
    listed = client.get("/invariants/?show=broken")
    assert "I18" in [row["invariant"].code for row in listed.context["rows"]]


def test_the_tile_counts_what_its_page_lists(client):
    signed_in(client, "manager")
    proving.prove(["I1", "I3"], clock=now)

    tile = next(line for line in client.get("/").context["tiles"] if line["tile"].name == "Invariants")

    opened = client.get(tile["url"])
    assert tile["count"] == opened.context["total"] == len(opened.context["rows"]) == len(INVARIANTS) - 2


def test_who_may_only_look_does_not_prove(client):
    signed_in(client, "accountant")

    assert client.get("/invariants/").status_code == 200
    assert prove(client).status_code == 403
    assert not InvariantRun.objects.exists()


def test_a_code_nobody_knows_is_not_found(client):
    signed_in(client, "manager")

    assert client.get("/invariants/I999").status_code == 404
