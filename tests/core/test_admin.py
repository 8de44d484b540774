import re

import pytest
from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice

from oms.core import outbox, tokens
from oms.core.models import ApiToken, AuditEntry, Grant, OutboxMessage, User, WebhookEndpoint
from oms.core.relay import Relay, drain

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.admin_urls")]
NO_INLINES = {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}


@pytest.fixture
def boss(person, client):
    boss = person("boss", "administrator")
    client.force_login(boss)
    return boss


def test_a_stranger_is_sent_to_sign_in(client):
    answer = client.get("/admin/core/user/")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in?next=/admin/core/user/"


@pytest.mark.parametrize("role", ["picker", "packer", "receiver", "inspector", "buyer", "accountant"])
def test_roles_without_the_key_do_not_enter(person, client, role):
    client.force_login(person("ann", role))
    assert client.get("/admin/").status_code == 403


def test_where_a_second_step_is_required_a_password_does_not_open_the_admin(boss, client, settings):
    assert client.get("/admin/").status_code == 200
    settings.TWO_FACTOR = "required"
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/core/user/").status_code == 302
    device = StaticDevice.objects.create(user=boss, name="recovery")
    session = client.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    assert client.get("/admin/").status_code == 200


def test_an_integrator_sees_tokens_and_no_people(person, client):
    client.force_login(person("ida", "integrator"))
    assert client.get("/admin/core/apitoken/").status_code == 200
    assert client.get("/admin/core/user/").status_code == 403
    assert client.get("/admin/core/auditentry/").status_code == 403


@pytest.mark.parametrize(
    "model",
    [
        "user",
        "apitoken",
        "auditentry",
        "approval",
        "outboxmessage",
        "inboxmessage",
        "webhookendpoint",
        "webhookdelivery",
    ],
)
def test_every_list_opens(boss, client, model):
    assert client.get(f"/admin/core/{model}/").status_code == 200


def test_a_token_made_in_the_admin_is_shown_once(boss, client):
    answer = client.post("/admin/core/apitoken/add/", {"name": "webshop", "scopes": "orders:read, stock:*"})
    text = re.search(r"oms_\w{10}_[\w-]{43}", answer.content.decode())[0]
    token = tokens.recognise(text, at=timezone.now())
    assert token.scopes == {"orders:read", "stock:*"}
    made = ApiToken.objects.get()
    assert text not in client.get("/admin/core/apitoken/").content.decode()
    client.post("/admin/core/apitoken/", {"action": "revoke", "_selected_action": [made.pk]})
    assert tokens.recognise(text, at=timezone.now()) is None


def test_a_token_with_a_wrong_scope_is_refused_with_words(boss, client):
    answer = client.post("/admin/core/apitoken/add/", {"name": "webshop", "scopes": "nonsense"})
    assert "at least one scope" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_an_endpoint_made_in_the_admin_shows_its_secret_once_and_refuses_private_addresses(boss, client):
    form = {"url": "https://example.com/hook", "topics": "*", "description": "", "enabled": "on"}
    answer = client.post("/admin/core/webhookendpoint/add/", form)
    assert "whsec_" in answer.content.decode()
    assert (
        "Only https"
        in client.post(
            "/admin/core/webhookendpoint/add/", form | {"url": "http://example.com/"}
        ).content.decode()
    )
    assert WebhookEndpoint.objects.count() == 1


def test_a_new_person_has_a_first_password_and_the_audit_knows_who_gave_the_role(boss, client):
    password = "wet gravel under the boots"
    client.post(
        "/admin/core/user/add/",
        {"username": "ann", "password1": password, "password2": password, "usable_password": "true"}
        | NO_INLINES,
    )
    ann = User.objects.get(username="ann")
    assert ann.must_change_password
    grants = {"grants-TOTAL_FORMS": "1", "grants-INITIAL_FORMS": "0", "grants-0-user": ann.pk}
    client.post(
        f"/admin/core/user/{ann.pk}/change/",
        {"username": "ann", "is_active": "on", "grants-0-role": "picker", "grants-0-location_code": "PER"}
        | grants,
    )
    assert list(Grant.objects.filter(user=ann).values_list("role", "location_code")) == [("picker", "PER")]
    assert set(AuditEntry.objects.values_list("action", "actor_name")) == {
        ("user.added", "boss"),
        ("user.changed", "boss"),
    }


def test_an_administrator_makes_nobody_a_superuser(boss, client, person):
    ann = person("ann")
    client.post(
        f"/admin/core/user/{ann.pk}/change/",
        {"username": "ann", "is_active": "on", "is_superuser": "on"} | NO_INLINES,
    )
    assert not User.objects.get(pk=ann.pk).is_superuser


def test_the_audit_is_not_changed_by_anybody(boss, client):
    client.post("/admin/core/apitoken/add/", {"name": "webshop", "scopes": "*"})
    entry = AuditEntry.objects.get()
    assert client.get(f"/admin/core/auditentry/{entry.pk}/change/").status_code == 200
    assert client.post(f"/admin/core/auditentry/{entry.pk}/change/", {"note": "x"}).status_code == 403
    assert client.post(f"/admin/core/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_dead_letters_are_replayed_and_discarded_by_action(boss, client):
    def deaf(message):
        raise outbox.Undeliverable("deaf")

    now = timezone.now()
    for number in (1, 2):
        with transaction.atomic():
            outbox.record("thing.done", aggregate=f"thing:{number}", payload={}, at=now)
    drain(Relay(reactions={}, otherwise=(deaf,)), at=now)
    first, second = OutboxMessage.objects.order_by("id")
    url = "/admin/core/outboxmessage/"
    client.post(url, {"action": "replay", "_selected_action": [first.pk]})
    client.post(url, {"action": "discard", "_selected_action": [second.pk], "reason": ""})
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"waiting", "dead"}
    client.post(url, {"action": "discard", "_selected_action": [second.pk], "reason": "test"})
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"waiting", "discarded"}
