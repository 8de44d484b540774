"""The buttons of one order's page: hold, release, hand over, cancel, keep the address."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from oms.core.errors import Invalid
from oms.core.views.frame import Action
from oms.flows import ordering, readdressing, standing
from oms.orders.views.reach import order_within_reach


class OnOrder(Action):
    """A deed on an order that is served where the person has this right."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        order_within_reach(request.user, kwargs["number"], str(self.permission))
        return super().post(request, **kwargs)

    def fallback(self, **kwargs: Any) -> str:
        return reverse("orders:detail", kwargs=kwargs)


class KeepAddress(OnOrder):
    """Take back that one order is to go elsewhere."""

    permission = "orders.change"

    def carry_out(self, **kwargs: Any) -> None:
        readdressing.withdraw(
            kwargs["number"], reason=self.request.POST.get("reason", ""), **self.doing.as_arguments
        )


class Hold(OnOrder):
    """Stop one order for a reason."""

    permission = "orders.hold"

    def carry_out(self, **kwargs: Any) -> None:
        said = self.request.POST
        standing.hold_order(
            kwargs["number"],
            reason=said.get("reason", ""),
            code=said.get("code", ""),
            owner=said.get("owner", ""),
            **self.doing.as_arguments,
        )


class Release(OnOrder):
    """Let one held order go on."""

    permission = "orders.hold"

    def carry_out(self, **kwargs: Any) -> None:
        standing.release_order(kwargs["number"], **self.doing.as_arguments)


class Assign(OnOrder):
    """Make another person answer for the hold of one order."""

    permission = "orders.hold"

    def carry_out(self, **kwargs: Any) -> None:
        owner = self.request.POST.get("owner", "")
        standing.assign_hold(kwargs["number"], owner=owner, **self.doing.as_arguments)


class Cancel(OnOrder):
    """Cancel one order of which nothing is packed."""

    permission = "orders.cancel"

    def carry_out(self, **kwargs: Any) -> None:
        code, reason = self.request.POST.get("code", ""), self.request.POST.get("reason", "").strip()
        if not code and not reason:
            raise Invalid("Say why: the next person who opens this order will ask.")
        ordering.cancel_order(kwargs["number"], reason=reason[:200], code=code, **self.doing.as_arguments)
