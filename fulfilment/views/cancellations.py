"""What partners were asked to leave out, and their answers as they were told by telephone."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from fulfilment import cancellation_queries
from fulfilment.views.floor import OnOneWork
from oms.core import frame, history
from oms.core.errors import Invalid
from oms.core.frame import Standing
from oms.core.views.frame import Action, Page
from oms.flows import recalling

MOST_SHOWN = 100


class Cancellations(Page):
    """Cancellations that wait for a partner's answer, the most urgent first."""

    permission = "fulfilment.accept"
    title = "Cancellations asked"
    under = "Orders"
    template_name = "fulfilment/cancellations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = list(_waiting(_standing(self.request))[:MOST_SHOWN])
        names = history.names_of([row.requested_by for row in rows])
        for row in rows:
            row.asker = names.get(row.requested_by, row.requested_by)
        return super().get_context_data(**kwargs) | {
            "rows": rows,
            "total": _waiting(_standing(self.request)).count(),
        }


class RecordAnswer(OnOneWork, Action):
    """Keep what a partner has said to a cancellation."""

    permission = "fulfilment.accept"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("fulfilment:cancellations")

    def carry_out(self, **kwargs: Any) -> None:
        self.work()
        said = self.request.POST
        if said.get("answer") not in ("accept", "refuse"):
            raise Invalid("Say whether they accept or refuse.")
        recalling.answer(
            kwargs["number"],
            accepts=said["answer"] == "accept",
            said=said.get("reason", "").strip(),
            **self.doing.as_arguments,
        )


def _standing(request: HttpRequest) -> Standing:
    return Standing(request.user, request.session.get("site", ""))


def _waiting(standing: Standing) -> Any:
    return cancellation_queries.unanswered(standing.sites("fulfilment.accept"))


def _count(standing: Standing) -> int:
    return int(_waiting(standing).count())


frame.hang(
    frame.Tile(
        "Cancellations asked",
        "send",
        lambda standing: reverse("fulfilment:cancellations"),
        _count,
        "fulfilment.accept",
        hint="a partner is to answer",
        position=14,
    ),
)
