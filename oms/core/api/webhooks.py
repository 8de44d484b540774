"""The REST door to webhook endpoints: who is told our news, and what became of it."""

from datetime import datetime
from typing import Annotated

import msgspec
from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import webhooks
from oms.core.api.bodies import read_body
from oms.core.api.pages import page_of
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.models import WebhookDelivery, WebhookEndpoint

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Topics = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=64)]], msgspec.Meta(max_length=100)
]
_SCOPE = {
    "GET": "webhooks:read",
    "POST": "webhooks:write",
    "PATCH": "webhooks:write",
    "DELETE": "webhooks:write",
}


class NewEndpoint(msgspec.Struct, forbid_unknown_fields=True):
    url: Text
    topics: Topics
    description: Annotated[str, msgspec.Meta(max_length=200)] = ""


class EndpointChange(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    url: Text | msgspec.UnsetType = msgspec.UNSET
    topics: Topics | msgspec.UnsetType = msgspec.UNSET
    description: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class Endpoint(msgspec.Struct):
    id: int
    url: str
    topics: list[str]
    description: str
    enabled: bool
    disabled_reason: str
    created_at: datetime


class EndpointWithSecret(Endpoint):
    secret: str


class Secret(msgspec.Struct):
    secret: str


class Delivery(msgspec.Struct):
    id: int
    webhook_id: str
    topic: str
    attempted_at: datetime
    milliseconds: int
    answer_status: int | None
    error: str


class EndpointsView(ApiView):
    scope = _SCOPE

    @documented("List webhook endpoints", answers={200: list_of(Endpoint)})
    def get(self, request: Request) -> Response:
        """Every endpoint, oldest first."""
        return page_of(WebhookEndpoint.objects.all(), request, render=_endpoint, ordering="id")

    @documented("Add a webhook endpoint", body=NewEndpoint, answers={201: EndpointWithSecret})
    def post(self, request: Request) -> Response:
        """A new endpoint with its signing secret, shown this once."""
        new = read_body(request, NewEndpoint)
        endpoint, secret = webhooks.create(
            new.url, topics=new.topics, description=new.description, actor=self.actor, at=timezone.now()
        )
        return Response(msgspec.structs.asdict(_endpoint(endpoint)) | {"secret": secret}, status=201)


class EndpointView(ApiView):
    scope = _SCOPE

    @documented("Read a webhook endpoint", answers={200: Endpoint})
    def get(self, request: Request, endpoint_id: int) -> Response:
        """One endpoint."""
        return Response(_endpoint(_found(endpoint_id)))

    @documented("Change a webhook endpoint", body=EndpointChange, answers={200: Endpoint})
    def patch(self, request: Request, endpoint_id: int) -> Response:
        """The endpoint after the change; what is left out stays."""
        wanted = msgspec.structs.asdict(read_body(request, EndpointChange))
        changes = {name: value for name, value in wanted.items() if value is not msgspec.UNSET}
        changed = webhooks.change(endpoint_id, changes=changes, actor=self.actor, at=timezone.now())
        return Response(_endpoint(changed))

    @documented("Remove a webhook endpoint", answers={204: None})
    def delete(self, request: Request, endpoint_id: int) -> Response:
        """Nothing; the endpoint is forgotten."""
        webhooks.delete(endpoint_id, actor=self.actor, at=timezone.now())
        return Response(status=204)


class EndpointSecretView(ApiView):
    scope = _SCOPE

    @documented("Rotate the signing secret", answers={200: Secret})
    def post(self, request: Request, endpoint_id: int) -> Response:
        """The new secret, shown this once; the one before signs too until the next rotation."""
        return Response({"secret": webhooks.rotate_secret(endpoint_id, actor=self.actor, at=timezone.now())})


class EndpointTestView(ApiView):
    scope = _SCOPE

    @documented("Send a test event", answers={202: None})
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Accepted; the delivery appears in the log."""
        webhooks.send_test(endpoint_id, actor=self.actor, at=timezone.now())
        return Response(status=202)


class DeliveriesView(ApiView):
    scope = _SCOPE

    @documented("List deliveries to an endpoint", answers={200: list_of(Delivery)})
    def get(self, request: Request, endpoint_id: int) -> Response:
        """Each try, newest first."""
        return page_of(_found(endpoint_id).deliveries.all(), request, render=_delivery)


class DeliveryReplayView(ApiView):
    scope = _SCOPE

    @documented("Send a delivery again", answers={202: None})
    def post(self, request: Request, endpoint_id: int, delivery_id: int) -> Response:
        """Accepted; the same message under the same id is sent once more."""
        if not WebhookDelivery.objects.filter(pk=delivery_id, endpoint_id=endpoint_id).exists():
            raise Http404
        webhooks.replay(delivery_id, actor=self.actor, at=timezone.now())
        return Response(status=202)


def _found(endpoint_id: int) -> WebhookEndpoint:
    endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise Http404
    return endpoint


def _endpoint(endpoint: WebhookEndpoint) -> Endpoint:
    return Endpoint(
        endpoint.pk,
        endpoint.url,
        endpoint.topics,
        endpoint.description,
        endpoint.enabled,
        endpoint.disabled_reason,
        endpoint.created_at,
    )


def _delivery(delivery: WebhookDelivery) -> Delivery:
    return Delivery(
        delivery.pk,
        delivery.webhook_id,
        delivery.topic,
        delivery.attempted_at,
        delivery.milliseconds,
        delivery.answer_status,
        delivery.error,
    )
