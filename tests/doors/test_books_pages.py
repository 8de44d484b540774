"""The books of stock as the staff see them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from inventory.models import StockClose
from oms.core.actors import SYSTEM
from oms.core.models import Grant, User
from oms.flows import closing, counting
from tests.builders import TESTER, level, location, reasons, sku
from tests.flows.test_closing import NOW, ZONE, day, noon

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def desk(client):
    """An accountant's browser, and three closed days of mugs in Perth."""
    reasons()
    location("PER", name="Perth", timezone=ZONE)
    sku("MUG")
    counting.receive_stock("MUG", location="PER", quantity=20, reference="R", actor=TESTER, at=noon(3))
    counting.adjust_stock(
        "MUG", location="PER", quantity_delta=-2, reason="lost", note="", actor=TESTER, at=noon(2)
    )
    closing.close_through("PER", day(1), actor=SYSTEM, at=NOW)
    user = User.objects.create_user("ines", first_name="Ines")
    Grant.objects.create(user=user, role="accountant")
    client.force_login(user, backend=BACKEND)
    return client


def sign(client, ago, **fields):
    sent = {"idempotency_key": uuid4().hex, "note": ""} | fields
    return client.post(f"/stock/closes/PER/{day(ago)}/sign", sent, follow=True)


def test_the_days_stand_in_a_list_with_their_figure(desk):
    page = desk.get("/stock/closes/")
    assert [(row.day, row.state, row.pieces_closing) for row in page.context["rows"]] == [
        (day(1), "open", 18),
        (day(2), "open", 18),
        (day(3), "open", 20),
    ]
    assert page.context["trend"].newest == 0


def test_a_day_opens_its_lines_and_they_open_its_movements(desk):
    page = desk.get(f"/stock/closes/PER/{day(2)}")
    (line,) = page.context["rows"]
    assert (line.opening, line.adjusted, line.closing) == (20, -2, 18)
    opened = desk.get("/stock/movements", {"sku": "MUG", "site": "PER", "day": day(2)})
    (row,) = opened.context["rows"]
    assert (row.on_hand_delta, row.after.on_hand) == (-2, 18)
    assert desk.get(f"/stock/closes/PER/{day(2)}?show=gaps").context["rows"] == []
    assert desk.get("/stock/closes/PER/2001-01-01").status_code == 404


def test_an_accountant_signs_a_day_once(desk):
    assert "Signed by Ines" in sign(desk, 2, note="seen").content.decode()
    assert "signed already" in sign(desk, 2).content.decode()
    assert [each.state for each in desk.get("/stock/closes/?state=signed").context["rows"]] == ["signed"]


def test_who_has_no_right_to_sign_does_not(desk, client):
    user = User.objects.create_user("bea")
    Grant.objects.create(user=user, role="buyer")
    client.force_login(user, backend=BACKEND)
    assert "Sign the day" not in client.get(f"/stock/closes/PER/{day(2)}").content.decode()
    assert sign(client, 2).status_code == 403
    assert not StockClose.objects.filter(signature__isnull=False).exists()


def test_stock_as_of_an_instant_by_the_sites_own_clock(desk):
    at = (noon(2) - timedelta(minutes=1)).astimezone().isoformat()
    (row,) = desk.get("/stock/as-of", {"at": at}).context["rows"]
    assert row.stood.on_hand == 20
    local = f"{day(2)}T12:00"
    (row,) = desk.get("/stock/as-of", {"at": local, "site": "PER"}).context["rows"]
    assert row.stood.on_hand == 18


def test_pages_are_files_too_and_nothing_in_them_runs(desk):
    sku("=MUG")
    counting.receive_stock("=MUG", location="PER", quantity=1, reference="R", actor=TESTER, at=NOW)
    text = b"".join(desk.get("/stock/as-of?format=csv").streaming_content).decode()
    assert "'=MUG,PER," in text
    text = b"".join(desk.get(f"/stock/closes/PER/{day(2)}?format=csv").streaming_content).decode()
    assert text.splitlines()[1] == "MUG,20,0,0,-2,0,0,18,0"


def test_the_page_of_a_sku_draws_its_days(desk):
    page = desk.get("/stock/skus/MUG")
    assert page.context["chart"].newest == level("MUG").on_hand == 18
    assert [row.balance for row in page.context["movements"]] == [18, 20]
