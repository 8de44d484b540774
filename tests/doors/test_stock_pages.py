"""Stock as the staff see it: each number opens the rows that sum to it."""

from uuid import uuid4

import pytest

from inventory.models import StockMovement
from oms.catalogue.models import Barcode, Sku
from oms.core.models import Grant, User
from tests.builders import channel, level, location, place, shelf

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def desk(client):
    """A manager's browser and a shelf of mugs at two sites."""
    location("PER", name="Perth")
    location("SYD", name="Sydney")
    shelf("MUG", at="PER", on_hand=12)
    shelf("MUG", at="SYD", on_hand=7)
    user = User.objects.create_user("ruth", first_name="Ruth")
    Grant.objects.create(user=user, role="manager")
    client.force_login(user, backend=BACKEND)
    return client


def adjust(client, **fields):
    sent = {"location": "PER", "quantity_delta": "-1", "reason": "damaged", "note": "handle broken"} | fields
    return client.post("/stock/skus/MUG/adjust", {"idempotency_key": uuid4().hex} | sent, follow=True)


def test_a_code_a_name_and_a_barcode_find_the_sku(desk):
    Barcode.objects.create(sku=Sku.objects.get(code="MUG"), code="9312340044271")
    for text in ("MUG", "9312340044271"):
        assert desk.get("/stock/", {"q": text}).headers["Location"] == "/stock/skus/MUG"
    assert [row.code for row in desk.get("/stock/", {"q": "mu"}).context["rows"]] == ["MUG"]


def test_each_number_of_the_matrix_opens_rows_that_sum_to_it(desk):
    channel("api")
    place(("MUG", 3))
    place(("MUG", 2))
    adjust(desk)
    page = desk.get("/stock/skus/MUG")
    for row in page.context["levels"]:
        at = row["level"]
        opened = desk.get(row["doors"]["on_hand"])
        assert opened.context["rows_sum"] == at.on_hand
        assert sum(each.change for each in opened.context["movements"]) == at.on_hand
        opened = desk.get(row["doors"]["reserved"])
        assert sum(each.quantity_open for each in opened.context["reservations"]) == at.reserved
    assert page.context["sums"]["on_hand"] == 18
    assert page.context["sums"]["available"] == 13


def test_the_running_balance_ends_at_the_figure_and_begins_at_nothing(desk):
    for change in ("4", "-2", "3"):
        adjust(desk, quantity_delta=change, reason="found")
    rows = desk.get("/stock/skus/MUG?site=PER").context["movements"]
    assert [row.balance for row in rows] == [17, 14, 16, 12]
    assert rows[-1].balance == rows[-1].change
    assert rows[0].who == "Ruth"


def test_an_adjustment_says_before_and_after_and_happens_once(desk):
    key = uuid4().hex
    assert "on hand 12 → 11" in adjust(desk, idempotency_key=key).content.decode()
    assert "it counted once" in adjust(desk, idempotency_key=key).content.decode()
    assert level().on_hand == 11
    assert StockMovement.objects.filter(reason__code="damaged").count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"quantity_delta": "0"}, "changes nothing"),
        ({"quantity_delta": "-99"}, "12 of 12 pieces are free"),
        ({"reason": ""}, "This field is required"),
        ({"reason": "magic"}, "Select a valid choice"),
    ],
)
def test_a_refused_adjustment_keeps_what_was_typed(desk, fields, said):
    page = adjust(desk, **fields)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert "handle broken" in page.content.decode()
    assert level().on_hand == 12


def test_people_adjust_only_where_they_may(desk, client):
    user = User.objects.create_user("pete")
    Grant.objects.create(user=user, role="manager", location_code="SYD")
    client.force_login(user, backend=BACKEND)
    assert adjust(client).status_code == 422
    assert level().on_hand == 12
    adjust(client, location="SYD")
    assert level(at="SYD").on_hand == 6
    assert [row["level"].location.code for row in client.get("/stock/skus/MUG").context["levels"]] == ["SYD"]
