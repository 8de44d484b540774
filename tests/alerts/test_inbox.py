"""The inbox of alerts: what is counted is what is listed, one takes it, and closing needs a note."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from oms.alerts.models import Alert, Severity
from oms.alerts.services import alerts
from oms.core.models import AuditEntry, Grant, User
from tests.builders import NOON, location

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def signed_in(client, name: str, *grants: tuple[str, str]) -> User:
    user = User.objects.create_user(name, first_name=name.title())
    Grant.objects.bulk_create(Grant(user=user, role=role, location_code=code) for role, code in grants)
    client.force_login(user, backend=BACKEND)
    return user


@pytest.fixture
def ruth(client):
    location("PER", name="Perth")
    location("SYD", name="Sydney")
    return signed_in(client, "ruth", ("manager", ""))


def opened(kind: str = "short_pick", number: str = "FO-1-1", *, hours: int = 0, **facts) -> Alert:
    """An alert that was opened so many hours before noon."""
    with transaction.atomic():
        return alerts.open_alert(
            kind, facts.pop("subject", "fulfilment_order"), number, at=NOON - timedelta(hours=hours),
            message=facts.pop("message", f"{kind} of {number}"), **facts,
        )  # fmt: skip


def numbers(page) -> list[str]:
    return [row.subject_id for row in page.context["rows"]]


def press(client, path: str, **fields):
    return client.post(path, {"idempotency_key": uuid4().hex, **fields}, follow=True)


def test_what_stops_work_stands_first_then_the_oldest(client, ruth):
    opened(number="FO-1-1", hours=1)
    opened(number="FO-2-1", hours=9)
    opened("broken_invariant", "I1", subject="invariant", severity=Severity.STOP)

    assert numbers(client.get("/alerts/")) == ["I1", "FO-2-1", "FO-1-1"]


def test_kinds_are_counted_with_their_oldest_and_each_count_opens_its_rows(client, ruth):
    opened(number="FO-1-1", hours=1)
    opened(number="FO-2-1", hours=9)
    opened("late_order", "SO-3", subject="order", hours=2)

    groups = client.get("/alerts/").context["groups"]

    assert [(group["kind"], group["count"]) for group in groups] == [("short_pick", 2), ("late_order", 1)]
    assert groups[0]["oldest"] == NOON - timedelta(hours=9)
    for group in groups:
        assert client.get("/alerts/" + group["url"]).context["total"] == group["count"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("kind=late_order", ["SO-3"]),
        ("severity=stop", ["I1"]),
        ("site=SYD", ["I1", "SO-3", "FO-2-1"]),
        ("owner=me", ["FO-1-1"]),
        ("owner=nobody", ["I1", "SO-3", "FO-2-1"]),
        ("q=FO-2", ["FO-2-1"]),
        ("state=closed", ["SO-9"]),
    ],
)
def test_filters_stand_in_the_address(client, ruth, query, wanted):
    mine = opened(number="FO-1-1", location="PER")
    opened(number="FO-2-1", location="SYD", hours=1)
    opened("late_order", "SO-3", subject="order", hours=2)
    opened("broken_invariant", "I1", subject="invariant", severity=Severity.STOP)
    press(client, f"/alerts/{mine.pk}/take")
    done = opened("late_order", "SO-9", subject="order")
    press(client, f"/alerts/{done.pk}/close", note="Left by courier")

    assert numbers(client.get(f"/alerts/?{query}")) == wanted


def test_the_tile_and_the_side_bar_count_what_the_inbox_lists(client, ruth):
    opened(number="FO-1-1", location="PER")
    opened(number="FO-2-1", location="SYD")
    for site in ("", "PER"):
        session = client.session
        session["site"] = site
        session.save()
        home = client.get("/")
        tile = next(line for line in home.context["tiles"] if line["tile"].name == "Alerts")
        side = [line for section in home.context["frame"].side("") for line in section["entries"]]

        assert client.get(tile["url"]).context["total"] == tile["count"] == (1 if site else 2)
        assert next(line["count"] for line in side if line["entry"].name == "Alerts") == tile["count"]


def test_a_person_of_one_site_sees_and_moves_its_alerts_alone(client, ruth):
    here, there = opened(number="FO-1-1", location="PER"), opened(number="FO-2-1", location="SYD")
    house = opened("broken_audit", "chain", subject="audit")
    signed_in(client, "mai", ("manager", "PER"))

    assert numbers(client.get("/alerts/")) == ["FO-1-1"]
    assert client.get(f"/alerts/{there.pk}").status_code == 404
    for other in (there, house):
        press(client, f"/alerts/{other.pk}/take")
        other.refresh_from_db()
        assert other.owner is None
    press(client, f"/alerts/{here.pk}/take")
    here.refresh_from_db()
    assert here.owner.username == "mai"


def test_a_picker_looks_and_does_not_close(client, ruth):
    here = opened(number="FO-1-1", location="PER")
    signed_in(client, "pia", ("picker", "PER"))

    page = client.get(f"/alerts/{here.pk}")

    assert page.context["page"] == "/pick/FO-1-1"
    assert "Close 1 alert" not in page.content.decode()
    assert client.post(f"/alerts/{here.pk}/close", {"note": "x", "idempotency_key": "1"}).status_code == 403


def test_closing_needs_a_note_and_the_audit_keeps_who_did_it(client, ruth):
    here = opened()

    assert "Say what was done" in press(client, f"/alerts/{here.pk}/close", note=" ").content.decode()
    page = press(client, f"/alerts/{here.pk}/close", note="Found behind the shelf")

    here.refresh_from_db()
    assert (here.note, here.closed_by) == ("Found behind the shelf", f"user:{ruth.pk}")
    assert "Found behind the shelf" in page.content.decode()
    entry = AuditEntry.objects.get(action="alert.closed")
    assert (entry.subject_id, entry.actor_id) == (str(here.pk), str(ruth.pk))
    assert "may have closed it" in press(client, f"/alerts/{here.pk}/take").content.decode()


def test_an_alert_leads_to_its_object(client, ruth):
    work, order = (
        opened(number="FO-1001-2"),
        opened("late_order", "SO-3", subject="order", url="/orders/SO-3"),
    )

    assert client.get(f"/alerts/{work.pk}").context["page"] == "/orders/SO-1001"
    assert client.get(f"/alerts/{order.pk}").context["page"] == "/orders/SO-3"


def test_an_empty_inbox_says_so(client, ruth):
    assert "Nothing needs a person." in client.get("/alerts/").content.decode()
    assert "No alert matches" in client.get("/alerts/?severity=stop").content.decode()


def test_a_closed_cause_that_comes_back_opens_anew(client, ruth):
    first = opened()
    assert opened().pk == first.pk
    press(client, f"/alerts/{first.pk}/close", note="Done")
    again = opened()

    assert again.pk != first.pk
    assert Alert.objects.get(pk=first.pk).times == 2
