"""Routing decisions over REST."""

from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.api.schema import documented
from oms.core.api.views import ApiView
from oms.routing import answers, queries
from oms.routing.answers import DecisionAnswer


class OneRoutingDecision(ApiView):
    """Why an order is served from where it is."""

    scope = "routing:read"

    @documented("Read a routing decision", answers={200: DecisionAnswer})
    def get(self, request: Request, decision_id: int) -> Response:
        """The candidates, what each rule did, the winner, the runner-up and the parcels."""
        return Response(answers.of_decision(queries.decision(decision_id)))
