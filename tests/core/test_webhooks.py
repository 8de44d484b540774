import asyncio
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import sleep

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from standardwebhooks.webhooks import Webhook

from oms.core import addresses, outbox, secrets, webhooks
from oms.core.addresses import AddressRefused
from oms.core.models import AuditEntry, OutboxMessage, WebhookDelivery, WebhookEndpoint
from oms.core.relay import Relay, drain
from tests.core.conftest import CLERK, NOON

pytestmark = pytest.mark.django_db(transaction=True)


class Receiver:
    """A small server that remembers what it was told and answers what it is told to."""

    def __init__(self):
        self.got, self.answers, self.headers, self.delay = [], [], {}, 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                sleep(receiver.delay)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    receiver = Receiver()
    yield receiver
    receiver.stop()


def endpoint_at(url, *topics):
    return webhooks.create(url, topics=list(topics or ["*"]), actor=CLERK, at=NOON)


def tell(topic="order.placed", aggregate="order:SO-1", at=NOON, **data):
    with transaction.atomic():
        outbox.record(topic, aggregate=aggregate, payload=data, at=at)


def relay():
    return Relay(reactions={webhooks.DELIVER: (webhooks.deliver,)}, otherwise=(webhooks.fan_out,))


def work(at=NOON):
    OutboxMessage.objects.filter(state="waiting").update(due_at=at)
    return drain(relay(), at=at)


def test_news_reaches_the_endpoints_that_listen_signed_so_that_others_can_verify(receiver):
    endpoint, secret = endpoint_at(receiver.url, "order.*")
    endpoint_at(receiver.url, "stock.changed")
    tell(number="SO-1")
    work()
    ((headers, body),) = receiver.got
    told = Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
    assert told == {"type": "order.placed", "timestamp": NOON.isoformat(), "data": {"number": "SO-1"}}
    delivery = WebhookDelivery.objects.get()
    assert (delivery.endpoint, delivery.answer_status, delivery.error) == (endpoint, 204, "")


def test_the_id_is_the_same_on_every_try(receiver):
    endpoint_at(receiver.url)
    receiver.answers = [500]
    tell(number="SO-1")
    work()
    work(NOON + timedelta(hours=1))
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert list(WebhookDelivery.objects.order_by("id").values_list("answer_status", flat=True)) == [500, 204]


def test_a_reaction_run_twice_tells_each_endpoint_once(receiver):
    endpoint_at(receiver.url)
    tell(number="SO-1")
    (message,) = outbox.claim(limit=1, at=NOON)
    webhooks.fan_out(message)
    webhooks.fan_out(message)
    assert OutboxMessage.objects.filter(topic=webhooks.DELIVER).count() == 1


def test_one_deaf_endpoint_holds_up_nobody_else(receiver):
    endpoint_at("http://127.0.0.1:9/deaf")
    endpoint_at(receiver.url)
    tell(number="SO-1")
    tell(number="SO-1", topic="order.held")
    work()
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["order.placed", "order.held"]


def test_gone_switches_the_endpoint_off(receiver):
    endpoint, _ = endpoint_at(receiver.url)
    receiver.answers = [410]
    tell()
    tell(topic="order.held")
    work()
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "The endpoint answered 410 Gone.")
    assert len(receiver.got) == 1
    assert set(OutboxMessage.objects.filter(topic=webhooks.DELIVER).values_list("state", flat=True)) == {
        "discarded"
    }
    assert AuditEntry.objects.filter(action="webhook endpoint.disabled").exists()


def test_a_redirect_is_a_failure_and_is_not_followed(receiver):
    endpoint_at(receiver.url)
    receiver.answers, receiver.headers = [307], {"Location": receiver.url}
    tell()
    work()
    assert len(receiver.got) == 1
    assert OutboxMessage.objects.get(topic=webhooks.DELIVER).state == "waiting"


def test_an_endpoint_that_asks_for_time_gets_it(receiver):
    endpoint_at(receiver.url)
    receiver.answers, receiver.headers = [429], {"Retry-After": "120"}
    tell()
    work()
    assert OutboxMessage.objects.get(topic=webhooks.DELIVER).due_at == NOON + timedelta(seconds=120)


def test_an_answer_that_never_comes_is_given_up(receiver, monkeypatch):
    monkeypatch.setattr(addresses, "SECONDS", 0.2)
    receiver.delay = 0.6
    endpoint_at(receiver.url)
    tell()
    work()
    delivery = WebhookDelivery.objects.get()
    assert delivery.answer_status is None
    assert "Time" in delivery.error


def test_during_a_rotation_both_secrets_sign(receiver):
    endpoint, old = endpoint_at(receiver.url)
    new = webhooks.rotate_secret(endpoint.pk, actor=CLERK, at=NOON)
    tell()
    work()
    ((headers, body),) = receiver.got
    lowered = {name.lower(): value for name, value in headers.items()}
    for secret in (old, new):
        assert Webhook(secret).verify(body, lowered)


def test_a_test_event_and_a_replay_go_the_same_way(receiver):
    endpoint, _ = endpoint_at(receiver.url, "order.placed")
    webhooks.send_test(endpoint.pk, actor=CLERK, at=NOON)
    work()
    webhooks.replay(WebhookDelivery.objects.get().pk, actor=CLERK, at=NOON)
    work()
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["webhook.test"] * 2
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_a_body_too_large_is_thinned_out(receiver):
    endpoint_at(receiver.url)
    tell(text="x" * 30_000)
    work()
    ((_, body),) = receiver.got
    assert len(body) < 1_000
    assert json.loads(body)["data"]["truncated"]


def test_a_signing_secret_is_kept_sealed_and_can_be_sealed_anew(settings):
    endpoint, secret = endpoint_at("https://example.com/hook")
    with connection.cursor() as cursor:
        cursor.execute(
            "select e::text from core_webhookendpoint e union all select a::text from core_auditentry a"
        )
        assert not any(secret.removeprefix("whsec_") in line for (line,) in cursor.fetchall())
    fresh = Fernet.generate_key().decode()
    settings.MASTER_KEYS = [fresh, *settings.MASTER_KEYS]
    with pytest.raises(CommandError, match="older key"):
        call_command("rotate_master_key", "--check")
    assert call_command("rotate_master_key").startswith("1 ")
    settings.MASTER_KEYS = [fresh]
    endpoint.refresh_from_db()
    assert secrets.unseal(endpoint.sealed_secrets[0]) == secret
    settings.MASTER_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(secrets.CannotUnseal):
        secrets.unseal(endpoint.sealed_secrets[0])


PRIVATE = """
127.0.0.1 127.1.2.3 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 169.254.170.2
100.64.0.1 100.127.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.1
203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fec0::1 fc00::1
fd00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:10.0.0.1 ::ffff:8.8.8.8
::127.0.0.1 64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::1 2002:7f00:1:: 2002:a9fe:a9fe:: 2001::1
2001:0:53aa:64c::1 2001:db8::1 2001:10::1 2001:20::1 3fff::1 100::1 5f00::1
""".split()


@pytest.mark.parametrize("text", PRIVATE)
def test_ssrf_no_address_outside_the_public_internet_is_public(text):
    assert not addresses.is_public(text)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_public_addresses_are_public(text):
    assert addresses.is_public(text)


SPELLINGS = """
https://127.0.0.1/ https://127.1/ https://2130706433/ https://0x7f000001/ https://0x7f.1/ https://0177.0.0.1/
https://localhost/ https://[::1]/ https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]/ https://169.254.169.254/
https://[64:ff9b::a9fe:a9fe]/ https://0/ https://[fe80::1]/ https://10.0.0.1:8443/
""".split()


@pytest.mark.parametrize("url", SPELLINGS)
def test_ssrf_no_spelling_of_a_private_address_is_called(url):
    with pytest.raises(AddressRefused):
        addresses.post(url, body=b"{}", headers={})


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://example.com:22/",
        "https://user@example.com/",
        "https://good.example@127.0.0.1/",
        "https:///x",
        "//example.com",
        "",
        "not an address",
        "https://example.com/#x",
    ],
)
def test_ssrf_the_shape_of_an_address_is_checked_when_it_is_typed_in_and_changed(url):
    with pytest.raises(AddressRefused):
        endpoint_at(url)
    endpoint, _ = endpoint_at("https://example.com/hook")
    with pytest.raises(AddressRefused):
        webhooks.change(endpoint.pk, changes={"url": url}, actor=CLERK, at=NOON)
    assert WebhookEndpoint.objects.get().url == "https://example.com/hook"


class Names:
    """A resolver that answers as it is told, one answer after the other."""

    def __init__(self, monkeypatch, *answers):
        self.answers, self.asked = list(answers), 0

        async def getaddrinfo(loop, host, port, **more):
            self.asked += 1
            found = self.answers[min(self.asked, len(self.answers)) - 1]
            return [(2, 1, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)


def test_ssrf_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    Names(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(AddressRefused):
        addresses.post("https://example.com/", body=b"", headers={})


def test_ssrf_a_name_that_changes_its_mind_gains_nothing(monkeypatch):
    # Public when it is checked, private when it is asked again: the call goes where the check was.
    names = Names(monkeypatch, ["192.0.2.1"], ["127.0.0.1"])
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "192.0.2.1")
    target = asyncio.run(addresses.resolved(addresses.checked_url("https://example.com/")))
    assert (target.address, target.host, names.asked) == ("192.0.2.1", "example.com", 1)
