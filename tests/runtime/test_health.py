from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as live_settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from oms.core import outbox
from oms.core.models import OutboxMessage
from oms.runtime import findings, health, heartbeats
from oms.runtime.findings import State

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def broker_answers(monkeypatch):
    monkeypatch.setattr(health, "broker", lambda: "")


@pytest.fixture
def everybody_lives():
    for process in heartbeats.SILENCE:
        heartbeats.beat(process, at=datetime.now(UTC))


def test_a_living_process_says_so(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_when_everything_answers(client, everybody_lives):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["state"] == "ready"


def test_a_silent_relay_degrades_but_does_not_close_the_shop(client, everybody_lives):
    heartbeats.beat(heartbeats.RELAY, at=NOON)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["state"] == "degraded"
    assert "relay" in answer.json()["checks"]["heartbeats"]


def test_not_ready_without_the_schema(client, monkeypatch):
    monkeypatch.setattr(health, "_schema_complete", set())
    monkeypatch.setattr(health, "pending_migrations", lambda connection: ["orders.0009_new"])

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "1 pending, the first is orders.0009_new"


def test_news_that_waits_too_long_is_told(everybody_lives):
    OutboxMessage.objects.create(
        topic="order.placed",
        aggregate="order:SO-1",
        payload={},
        recorded_at=NOON,
        due_at=NOON,
        entered_at=NOON,
    )

    assert health.oldest_outbox_age(at=NOON + timedelta(minutes=10)) == timedelta(minutes=10)
    ready, body = health.readiness(at=NOON + timedelta(minutes=10))
    assert ready
    assert "600 s" in body["checks"]["outbox"]


def test_news_of_the_past_is_late_from_when_it_could_first_be_told():
    now = timezone.now()
    with transaction.atomic():
        outbox.record("order.placed", aggregate="order:SO-1", payload={}, at=now - timedelta(days=90))

    assert health.oldest_outbox_age(at=now) < timedelta(seconds=1)
    assert (
        timedelta(minutes=9)
        < health.oldest_outbox_age(at=now + timedelta(minutes=10))
        <= timedelta(minutes=10)
    )


def test_figures_are_for_this_machine_or_for_the_bearer(client, monkeypatch):
    assert b"oms_outbox_waiting 0.0" in client.get("/metrics").content
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403

    monkeypatch.setenv("OMS_METRICS_TOKEN", "secret")

    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_requests_are_counted_by_route_and_not_by_path(client):
    client.get("/healthz")
    client.get("/no/such/page/nobody-knows")

    figures = client.get("/metrics").content.decode()

    assert 'oms_http_requests_total{method="GET",route="/healthz",status="200"}' in figures
    assert "nobody-knows" not in figures


def test_the_doctor_finds_nothing_wrong_with_a_sound_house(everybody_lives):
    found = {finding.name: finding for finding in findings.examine(at=datetime.now(UTC))}

    wrong = {name for name, finding in found.items() if finding.state is State.WRONG}
    # The test server may forget everything in a power cut; that is what the doctor should say of it.
    assert wrong <= {"fsync"}
    assert found["role"].state is State.OK
    assert found["grants"].text == "oms_app has exactly the committed rights"


def test_the_doctor_says_how_to_mend_what_is_wrong(settings, owner_connection):
    owner_connection.commit()
    settings.SECRET_KEY = "short"

    found = {finding.name: finding for finding in findings.examine(at=datetime.now(UTC))}

    assert found["secret key"].state is State.WRONG
    assert found["relay"].mend == "Run manage.py relay."
    assert all(finding.mend for finding in found.values() if finding.state is not State.OK)


def test_the_doctor_ends_with_one_when_something_is_wrong(capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--json")

    assert ended.value.code == 1


def test_settings_of_a_test_never_point_at_a_running_shop():
    assert "oms-test-" in str(live_settings.DATA_DIR)
