"""Addresses that partners were asked to send confirmed work to, and their answers as they were told by telephone."""

from typing import Any

from django.urls import reverse

from fulfilment import address_queries
from fulfilment.views.floor import OnOneWork
from oms.core import frame, history
from oms.core.errors import Invalid
from oms.core.frame import Standing
from oms.core.views.frame import Action, Page
from oms.flows import readdressing

MOST_SHOWN = 100


class AddressChanges(Page):
    """Addresses that wait for a partner's answer, the most urgent first."""

    permission = "fulfilment.accept"
    title = "New addresses asked"
    under = "Orders"
    template_name = "fulfilment/addresses.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waiting = _waiting(Standing(self.request.user, self.request.session.get("site", "")))
        rows = list(waiting[:MOST_SHOWN])
        names = history.names_of([row.change.requested_by for row in rows])
        for row in rows:
            row.asker = names.get(row.change.requested_by, row.change.requested_by)
        return super().get_context_data(**kwargs) | {"rows": rows, "total": waiting.count()}


class RecordAddressAnswer(OnOneWork, Action):
    """Keep what a partner has said to another address."""

    permission = "fulfilment.accept"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("fulfilment:addresses")

    def carry_out(self, **kwargs: Any) -> None:
        self.work()
        said = self.request.POST
        if said.get("answer") not in ("accept", "refuse"):
            raise Invalid("Say whether they accept or refuse.")
        readdressing.answer(
            kwargs["number"],
            accepts=said["answer"] == "accept",
            said=said.get("reason", "").strip(),
            **self.doing.as_arguments,
        )


def _waiting(standing: Standing) -> Any:
    return address_queries.unanswered(standing.sites("fulfilment.accept"))


def _count(standing: Standing) -> int:
    return int(_waiting(standing).count())


frame.hang(
    frame.Tile(
        "New addresses asked",
        "send",
        lambda standing: reverse("fulfilment:addresses"),
        _count,
        "fulfilment.accept",
        hint="a partner is to answer",
        position=15,
    ),
)
