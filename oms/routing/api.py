"""Routing decisions over REST: those that were made, and those that would be."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.api import read_body
from oms.core.api.schema import documented
from oms.core.api.views import ApiView
from oms.flows import previewing
from oms.routing import answers, queries
from oms.routing.answers import DecisionAnswer, PreviewAnswer
from oms.routing.preview_bodies import PreviewBody


class OneRoutingDecision(ApiView):
    """Why an order is served from where it is."""

    scope = "routing:read"

    @documented("Read a routing decision", answers={200: DecisionAnswer})
    def get(self, request: Request, decision_id: int) -> Response:
        """The candidates, what each rule did, the winner, the runner-up and the parcels."""
        return Response(answers.of_decision(queries.decision(decision_id)))


class RoutingPreview(ApiView):
    """What would be decided for an order."""

    scope = "routing:read"

    @documented("Preview the routing of an order", body=PreviewBody, answers={200: PreviewAnswer})
    def post(self, request: Request) -> Response:
        """Plan an order on stock, rates and rules as they are, or as they are assumed; nothing is written."""
        body = read_body(request, PreviewBody)
        assumed = body.to_assumed(queries.shop_currency())
        plan = previewing.preview_of_order(body.to_request(), assumed, at=timezone.now())
        return Response(answers.of_plan(plan))
