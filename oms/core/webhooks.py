"""Outgoing webhooks, in the manner of Standard Webhooks: signed, repeated, never to a private address.

News fans out into one message per endpoint and aggregate, so that one deaf endpoint holds up nobody
else; the message's id is the ``webhook-id``, the same on every try.
"""

import base64
import hashlib
import hmac
import secrets as randomness
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog
from django.db import transaction
from django.utils import timezone

from oms.core import addresses, audit, outbox, secrets
from oms.core.actors import SYSTEM, Actor
from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from oms.core.outbox import Message
from oms.core.rules import MessageState
from oms.core.transactions import joins_transaction, owns_transaction

DELIVER = "webhook.deliver"
TEST = "webhook.test"
EVERY_TOPIC = "*"
LARGEST_BODY_BYTES = 20_000
LONGEST_RETRY_AFTER_SECONDS = 3_600.0
_GONE, _SLOW_DOWN = 410, frozenset({429, 502, 503, 504})
log = structlog.get_logger("oms.webhooks")


class EndpointInvalid(Invalid):
    """An endpoint needs an https address and at least one topic; * means every topic."""

    code = "endpoint-invalid"


class EndpointDisabled(Conflict):
    """This endpoint is switched off."""

    code = "endpoint-disabled"


@joins_transaction
def add(
    url: str, *, topics: list[str], actor: Actor, at: datetime, description: str = ""
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint and answer it with its signing secret, shown this once.

    Raises ``AddressRefused`` or ``EndpointInvalid``.
    """
    secret = _new_secret()
    endpoint = WebhookEndpoint.objects.create(
        url=str(addresses.checked_url(url)),
        description=description,
        topics=_checked_topics(topics),
        sealed_secrets=[secrets.seal(secret)],
    )
    _told("webhook endpoint.created", endpoint, actor=actor, at=at, changes={"topics": endpoint.topics})
    return endpoint, secret


create = owns_transaction()(add)


@owns_transaction()
def change(endpoint_id: int, *, changes: dict[str, Any], actor: Actor, at: datetime) -> WebhookEndpoint:
    """Change an endpoint's address, topics, description or whether it is enabled.

    Raises ``AddressRefused``, ``EndpointInvalid`` or ``NotFound``.
    """
    endpoint = _locked(endpoint_id)
    if "url" in changes:
        endpoint.url = str(addresses.checked_url(changes["url"]))
    if "topics" in changes:
        endpoint.topics = _checked_topics(changes["topics"])
    endpoint.description = changes.get("description", endpoint.description)
    endpoint.enabled = changes.get("enabled", endpoint.enabled)
    if endpoint.enabled:
        endpoint.disabled_reason = ""
    endpoint.save()
    _told("webhook endpoint.changed", endpoint, actor=actor, at=at, changes={"fields": sorted(changes)})
    return endpoint


@owns_transaction()
def delete(endpoint_id: int, *, actor: Actor, at: datetime) -> None:
    """Forget an endpoint with its log; what still waits for it is discarded by the relay.

    Raises ``NotFound``.
    """
    endpoint = _locked(endpoint_id)
    _told("webhook endpoint.deleted", endpoint, actor=actor, at=at)
    endpoint.delete()


@owns_transaction()
def rotate_secret(endpoint_id: int, *, actor: Actor, at: datetime) -> str:
    """Answer a new signing secret; the one before it goes on signing too, until the next rotation.

    Raises ``NotFound``.
    """
    endpoint = _locked(endpoint_id)
    secret = _new_secret()
    endpoint.sealed_secrets = [secrets.seal(secret), endpoint.sealed_secrets[0]]
    endpoint.save(update_fields=["sealed_secrets"])
    _told("webhook endpoint.secret rotated", endpoint, actor=actor, at=at)
    return secret


@owns_transaction()
def send_test(endpoint_id: int, *, actor: Actor, at: datetime) -> None:
    """Send the endpoint a test event, by the same way as all news.

    Raises ``NotFound`` or ``EndpointDisabled``.
    """
    endpoint = _locked(endpoint_id)
    if not endpoint.enabled:
        raise EndpointDisabled()
    data = {"message": "This is a test.", "endpoint": endpoint.pk}
    _send(endpoint, aggregate="test", topic=TEST, data=data, told_at=at, at=at)
    _told("webhook endpoint.tested", endpoint, actor=actor, at=at)


@owns_transaction()
def replay(delivery_id: int, *, actor: Actor, at: datetime) -> None:
    """Send the message of a logged delivery once more, under the id it had.

    Raises ``NotFound`` when it is no longer kept, ``EndpointDisabled``, or ``Conflict`` while it still waits.
    """
    delivery = WebhookDelivery.objects.select_related("message", "endpoint").filter(pk=delivery_id).first()
    if delivery is None or delivery.message is None:
        raise NotFound("That message is no longer kept.")
    if not delivery.endpoint.enabled:
        raise EndpointDisabled()
    if delivery.message.state != MessageState.DELIVERED:
        raise Conflict("That message still waits, or is a dead letter: replay it there.")
    payload = delivery.message.payload | {"id": delivery.webhook_id}
    outbox.record(DELIVER, aggregate=f"webhook:{delivery.endpoint_id}:replay", payload=payload, at=at)
    audit.record("webhook.replayed", "webhook delivery", delivery_id, actor=actor, at=at)


def fan_out(message: Message) -> None:
    """Write one message for each endpoint that listens to this topic; told again, it changes nothing."""
    with transaction.atomic():
        for endpoint in WebhookEndpoint.objects.filter(enabled=True):
            if listens(endpoint, message.topic):
                _send(
                    endpoint,
                    aggregate=message.aggregate,
                    topic=message.topic,
                    data=message.payload,
                    told_at=message.recorded_at,
                    at=message.recorded_at,
                    dedupe_key=f"webhook:{endpoint.pk}:{message.id}",
                )


def deliver(message: Message) -> None:
    """Call the endpoint once and log what it answered.

    Raises the outbox's own exceptions when it did not answer 2xx.
    """
    endpoint = WebhookEndpoint.objects.filter(pk=message.payload["endpoint"]).first()
    if endpoint is None or not endpoint.enabled:
        raise outbox.NoLongerWanted("The endpoint was removed or switched off.")
    webhook_id = message.payload.get("id") or f"msg_{message.id}"
    body = _body(message)
    started = timezone.now()
    error, reply = "", None
    try:
        reply = addresses.post(
            endpoint.url,
            body=body,
            headers={
                "Content-Type": "application/json",
                "User-Agent": "oms-webhooks/1",
                **signed_headers(endpoint, webhook_id, body, at=started),
            },
        )
    except (addresses.AddressRefused, httpx.HTTPError, TimeoutError, OSError, ValueError) as problem:
        error = f"{type(problem).__name__}: {problem}"[:300]
    WebhookDelivery.objects.create(
        endpoint=endpoint,
        message_id=message.id,
        webhook_id=webhook_id,
        topic=message.payload["type"],
        attempted_at=started,
        milliseconds=reply.milliseconds if reply else int((timezone.now() - started).total_seconds() * 1000),
        answer_status=reply.status if reply else None,
        error=error,
    )
    _judge(endpoint, reply, error)


def listens(endpoint: WebhookEndpoint, topic: str) -> bool:
    """Whether the endpoint asked for this topic, by name, by its room (``order.*``) or for all."""
    room = topic.partition(".")[0]
    return not {EVERY_TOPIC, topic, f"{room}.*"}.isdisjoint(endpoint.topics)


def signed_headers(
    endpoint: WebhookEndpoint, webhook_id: str, body: bytes, *, at: datetime
) -> dict[str, str]:
    """The id, the hour of this try, and one signature for each live secret."""
    stamp = str(int(at.timestamp()))
    signed = f"{webhook_id}.{stamp}.".encode() + body
    signatures = []
    for sealed in endpoint.sealed_secrets:
        key = base64.b64decode(secrets.unseal(sealed).removeprefix("whsec_"))
        signatures.append("v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode())
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def _judge(endpoint: WebhookEndpoint, reply: addresses.Reply | None, error: str) -> None:
    if reply is None:
        raise ConnectionError(error)
    if 200 <= reply.status < 300:
        return
    if reply.status == _GONE:
        _switch_off(endpoint, "The endpoint answered 410 Gone.", at=timezone.now())
        raise outbox.NoLongerWanted("The endpoint answered 410 Gone and was switched off.")
    if reply.status in _SLOW_DOWN and reply.retry_after.isdigit():
        seconds = min(float(reply.retry_after), LONGEST_RETRY_AFTER_SECONDS)
        raise outbox.TryLater(f"The endpoint answered {reply.status} and asked for time.", seconds=seconds)
    raise ConnectionError(f"The endpoint answered {reply.status}.")


@owns_transaction()
def _switch_off(endpoint: WebhookEndpoint, reason: str, *, at: datetime) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(enabled=False, disabled_reason=reason)
    log.warning("webhook endpoint disabled", endpoint=endpoint.pk, reason=reason)
    _told("webhook endpoint.disabled", endpoint, actor=SYSTEM, at=at, note=reason)


@joins_transaction
def _send(
    endpoint: WebhookEndpoint,
    *,
    aggregate: str,
    topic: str,
    data: dict[str, Any],
    told_at: datetime,
    at: datetime,
    dedupe_key: str | None = None,
) -> None:
    payload = {"endpoint": endpoint.pk, "type": topic, "timestamp": told_at.isoformat(), "data": data}
    name = f"webhook:{endpoint.pk}:{aggregate}"[:128]
    outbox.record(DELIVER, aggregate=name, payload=payload, at=at, dedupe_key=dedupe_key)


def _body(message: Message) -> bytes:
    told = {key: message.payload[key] for key in ("type", "timestamp", "data")}
    body = msgspec.json.encode(told)
    if len(body) <= LARGEST_BODY_BYTES:
        return body
    # Too much to push: the receiver is told what happened and fetches the rest.
    return msgspec.json.encode(told | {"data": {"aggregate": message.aggregate, "truncated": True}})


def _checked_topics(topics: list[str]) -> list[str]:
    cleaned = sorted({topic.strip() for topic in topics if topic.strip()})
    if not cleaned:
        raise EndpointInvalid()
    return cleaned


def _locked(endpoint_id: int) -> WebhookEndpoint:
    endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("There is no such endpoint.")
    return endpoint


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(randomness.token_bytes(32)).decode()


def _told(
    action: str,
    endpoint: WebhookEndpoint,
    *,
    actor: Actor,
    at: datetime,
    changes: dict[str, Any] | None = None,
    note: str = "",
) -> None:
    # The host only: a path may carry the receiver's own key.
    said = {"host": urlsplit(endpoint.url).hostname} | (changes or {})
    audit.record(action, "webhook endpoint", endpoint.pk, actor=actor, at=at, changes=said, note=note)


def unfinished(endpoint: WebhookEndpoint) -> int:
    """How many messages still wait for this endpoint, dead letters included."""
    return OutboxMessage.objects.filter(
        aggregate__startswith=f"webhook:{endpoint.pk}:",
        state__in=[MessageState.WAITING, MessageState.LEASED, MessageState.DEAD],
    ).count()
