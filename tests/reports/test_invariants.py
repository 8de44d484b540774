"""Each invariant stands in the documentation, is kept by something tested, and its page shows what breaks it."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from inventory.models import StockMovement
from oms.alerts.models import Alert
from oms.core.models import AuditEntry, Grant, User
from oms.flows import proving
from oms.reports.invariants import INVARIANTS, ROOMS
from oms.reports.models import InvariantRun
from tests.builders import NOON, TESTER, breaches, level, order, place, rate, shelf
from tests.house.sources import ROOT

BACKEND = "django.contrib.auth.backends.ModelBackend"
DOCUMENT = ROOT / "docs" / "invariants.md"
ROW = re.compile(r"^\| (I\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.M)


def now() -> datetime:
    return datetime.now(UTC)


def test_no_two_invariants_have_one_code():
    codes = [each.code for room in ROOMS for each in room]
    assert sorted(codes) == sorted(INVARIANTS)


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


def test_a_breach_is_red_shows_its_rows_and_its_alert_leads_there(client, owner_connection):
    rate("PER", region="WA", cost_minor=600, days=2)
    shelf("MUG", on_hand=3)
    mine = order(place(("MUG", 1)))
    # A state that no flow leaves behind and the database refuses: closed, and still holding stock.
    spoil(
        owner_connection,
        f"update orders_order set state = 'closed' where id = {mine.pk}",
        table="orders_order",
    )
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


def test_a_level_is_brought_back_to_its_journal(client, owner_connection):
    signed_in(client, "manager")
    shelf("MUG", on_hand=9)
    place(("MUG", 2))
    spoil(owner_connection, "update inventory_stocklevel set on_hand = 20, reserved = 5")
    proving.prove(["I1"], clock=lambda: NOON)

    page = client.get("/invariants/I1").content.decode()
    client.post("/invariants/I1/repair", {"note": "The disk was full.", "idempotency_key": uuid4().hex})

    assert "Repair 1 level" in page
    assert (level().on_hand, level().reserved) == (9, 2)
    assert AuditEntry.objects.filter(action="stock.repaired").get().changes["on_hand"] == [20, 9]
    assert breaches() == {}


def test_a_reservation_that_the_journal_forgot_is_written_by_a_movement(owner_connection):
    shelf("MUG", on_hand=9)
    place(("MUG", 2))
    spoil(owner_connection, "update inventory_reservation set quantity = 3", table="inventory_reservation")

    assert proving.repair("I2", note="Found by night.", actor=TESTER, at=NOON) == 1

    assert level().reserved == 3
    assert StockMovement.objects.get(kind="repair").reserved_delta == 1


def test_what_only_a_document_can_mend_is_not_repaired():
    with pytest.raises(proving.NotRepairable, match="by a document"):
        proving.repair("I25", note="Please.", actor=TESTER, at=NOON)


def spoil(owner_connection, change: str, *, table: str = "inventory_stocklevel") -> None:
    """Change a table behind the back of its walls."""
    cursor = owner_connection.cursor()
    cursor.execute(f"alter table {table} disable trigger user")
    cursor.execute(change)
    cursor.execute(f"alter table {table} enable trigger user")
    owner_connection.commit()
