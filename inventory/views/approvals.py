"""Corrections that wait for a second person."""

from typing import Any

from django.urls import reverse

from inventory import approval_queries
from oms.core import frame
from oms.core.views.frame import Action, Page
from oms.flows import approving


class Approvals(Page):
    """What colleagues have asked for; nobody decides on their own."""

    permission = "stock.approve"
    title = "Approvals"
    under = "Approvals"
    template_name = "inventory/approvals.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = approval_queries.waiting_for_approval()
        for row in rows:
            row.own = row.requested_by_id == self.request.user.pk
        return super().get_context_data(**kwargs) | {"rows": rows}


class Decide(Action):
    """Yes or no to one of them."""

    permission = "stock.approve"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("inventory:approvals")

    def carry_out(self, **kwargs: Any) -> None:
        user = self.request.user
        if self.request.POST.get("answer") == "yes":
            approving.grant(kwargs["approval_id"], by=user, **self.doing.as_arguments)
        else:
            note = self.request.POST.get("note", "")
            approving.refuse(kwargs["approval_id"], note=note, by=user, **self.doing.as_arguments)


frame.hang(
    frame.Entry(
        "Approvals",
        "check",
        "inventory:approvals",
        "stock.approve",
        "Stock",
        position=39,
        count=lambda standing: len(approval_queries.waiting_for_approval()),
    ),
)
