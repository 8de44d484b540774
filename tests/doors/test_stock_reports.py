"""Partners' stock over REST and on the pages: theirs beside ours."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from inventory.models import StockReport
from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.core.models import Grant, User
from tests.builders import NOON, level, location, shelf, sku

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def desk(client):
    user = User.objects.create_user("ruth")
    Grant.objects.create(user=user, role="manager")
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def send(client):
    """Report stock over REST with a token of these scopes and places."""

    def post(*, locations=None, **body):
        scopes = ["stock:write", "stock:read"]
        _, token = tokens.create("feed", scopes=scopes, location_codes=locations or (), actor=SYSTEM, at=NOON)
        moment = datetime.now(UTC) - timedelta(minutes=1)
        sent = {"location": "KILN", "reference": uuid4().hex, "reported_at": moment.isoformat()} | body
        return client.post(
            "/api/v1/stock-reports",
            json.dumps(sent),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    return post


def test_a_supplier_reports_and_its_stock_is_sellable(send):
    sku("MUG")
    location("KILN", kind="supplier", report_policy="sell")

    answer = send(lines=[{"sku": "MUG", "on_hand": 15}])

    assert answer.status_code == 201
    assert answer.json() | {"id": 0, "reported_at": "", "reference": ""} == {
        "id": 0, "location": "KILN", "reference": "", "reported_at": "", "complete": False, "skus": 1,
        "pieces": 15, "differing": 1,
    }  # fmt: skip
    assert level(at="KILN").available == 15


def test_a_token_of_another_place_does_not_report(send):
    sku("MUG")
    location("KILN", kind="supplier")

    assert send(locations=["PER"], lines=[{"sku": "MUG", "on_hand": 1}]).status_code == 404


def test_an_unknown_sku_is_named(send):
    location("KILN", kind="supplier")

    answer = send(lines=[{"sku": "NOPE", "on_hand": 1}])

    assert answer.status_code == 404
    assert "NOPE" in answer.json()["detail"]


def test_the_page_shows_theirs_beside_ours_and_narrows_to_what_differs(desk, send):
    shelf("MUG", at="3PL", on_hand=7)
    shelf("CUP", at="3PL", on_hand=2)
    send(location="3PL", reference="MON", lines=[{"sku": "MUG", "on_hand": 4}, {"sku": "CUP", "on_hand": 2}],
         reported_at=datetime.now(UTC).isoformat())  # fmt: skip
    report = StockReport.objects.get()

    listed = desk.get("/stock/reports").content.decode()
    every = desk.get(f"/stock/reports/{report.pk}").context["rows"]
    narrowed = desk.get(f"/stock/reports/{report.pk}", {"show": "differing"}).context["rows"]

    assert "MON" in listed
    assert [row.sku.code for row in every] == ["CUP", "MUG"]
    assert [(row.sku.code, row.difference) for row in narrowed] == [("MUG", -3)]
