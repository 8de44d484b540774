"""Transfers: the list, one of them with its history, and what may be done to it."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse

from inventory import floor_queries, queries
from inventory.forms_floor import ReasonForm, SendForm, TransferForm
from inventory.models import Transfer
from inventory.rules import TransferStatus
from oms.core import frame, history
from oms.core.status import DONE, LOOK, WAIT, WORK, Look, fill
from oms.core.views.frame import Action, Form, Record, one_effect
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab, days
from oms.flows import transferring
from oms.flows.transferring import NewTransfer

fill(
    "transfer",
    {
        "planned": Look(WAIT, "Planned"),
        "sent": Look(WORK, "On the way"),
        "received": Look(DONE, "Received"),
        "cancelled": Look(WAIT, "Cancelled", "ban"),
        "late": Look(LOOK, "Late"),
    },
)
DEEDS = {
    "transfer.planned": ("planned it: the goods are set aside", "transfer", WAIT),
    "transfer.sent": ("sent it: the goods are on their way", "truck", WORK),
    "transfer.received": ("received goods", "truck-delivery", DONE),
    "transfer.short": ("wrote off what did not arrive", "alert-triangle", LOOK),
    "transfer.cancelled": ("cancelled it: the goods stay", "ban", LOOK),
}


def _status(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(status=value)


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(Q(origin__code=value) | Q(destination__code=value))


def within(rows: QuerySet[Transfer], user: Any) -> QuerySet[Transfer]:
    """Transfers of which this person may see an end."""
    codes = user.locations_for("stock.view")
    if codes is None:
        return rows
    return rows.filter(Q(origin__code__in=codes) | Q(destination__code__in=codes))


class TransferList(ListPage):
    """All transfers, newest first."""

    permission = "stock.view"
    title = "Transfers"
    under = "Transfers"
    template_name = "inventory/transfer_list.html"
    page_name = "inventory.transfers"
    noun = "transfer,transfers"
    order = ("-planned_at", "-id")
    search_help = "A transfer's number or a SKU…"
    tabs = (
        Tab("On the way", {"status": "sent"}),
        Tab("Planned", {"status": "planned"}),
        Tab("All", {}),
    )
    filters = (
        Filter(
            "status",
            "Status",
            _status,
            lambda user: [Choice(each.value, each.name.capitalize()) for each in TransferStatus],
        ),
        Filter("site", "Site", _site, lambda user: [Choice(c, n) for c, n, _ in frame.sites_for(user)]),
        Filter("planned", "Planned", days("planned_at"), kind="date"),
    )
    columns: ClassVar = (
        Column("Number"),
        Column("From"),
        Column("To"),
        Column("Pieces", "num"),
        Column("Should arrive"),
        Column("Status"),
    )

    def rows(self) -> QuerySet[Any]:
        return within(floor_queries.transfers(), self.request.user)

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(number__iexact=text) | Q(lines__sku__code__iexact=text)).distinct()

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.pieces = sum(line.quantity for line in row.lines.all())
        return rows


class OnTransfer:
    """A view on one transfer of which this person may see an end."""

    def transfer(self, *, end: str = "") -> Transfer:
        """The transfer, where this person has the right of the view at that end."""
        found = within(floor_queries.transfers(), self.request.user).filter(number=self.kwargs["number"])
        transfer = found.first()
        if transfer is None:
            raise Http404("There is no such transfer.")
        if end and not self.request.user.may(str(self.permission), location=getattr(transfer, end).code):
            raise Http404("You do not do that there.")
        return transfer


class TransferPage(OnTransfer, Record):
    """One transfer: its lines, what is on the way, and who did what."""

    permission = "stock.view"
    under = "Transfers"
    template_name = "inventory/transfer_detail.html"
    list_url_name = "inventory:transfers"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        transfer, user = self.transfer(), self.request.user
        lines = list(transfer.lines.all())
        for line in lines:
            line.on_the_way = line.quantity_sent - line.quantity_received - line.quantity_lost
        return super().get_context_data(**kwargs) | {
            "title": transfer.number,
            "transfer": transfer,
            "lines": lines,
            "needs_serials": any(line.sku.is_serial_tracked for line in lines),
            "may_send": user.may("stock.transfer", location=transfer.origin.code),
            "may_receive": user.may("receiving.receive", location=transfer.destination.code),
            "timeline": [
                {"entry": entry, "deed": DEEDS.get(entry.action, (entry.action, "note", WAIT))}
                for entry in history.of("transfer", transfer.number)[:100]
            ],
        }


class NewTransferPage(Form):
    """Plan a transfer."""

    permission = "stock.transfer"
    title = "Plan a transfer"
    under = "Transfers"
    template_name = "inventory/transfer_new.html"
    form_class = TransferForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {
            "places": queries.places_for_choice(self.request.user.locations_for("stock.transfer")),
            "everywhere": queries.places_for_choice(None),
        }

    def carry_out(self, form: Any) -> str:
        said = form.cleaned_data
        wanted = NewTransfer(
            said["origin"], said["destination"], said["expected_on"], said["lines"], said["note"]
        )
        target = reverse("inventory:transfers")
        with one_effect(self.request):
            made = transferring.plan(wanted, **self.doing.as_arguments)
            self.done_message = f"{made.number} is planned."
            target = reverse("inventory:transfer", args=[made.number])
        return target


class SendPage(OnTransfer, Form):
    """Send a transfer."""

    permission = "stock.transfer"
    title = "Send"
    under = "Transfers"
    template_name = "inventory/transfer_send.html"
    form_class = SendForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        transfer = self.transfer(end="origin")
        return super().get_context_data(**kwargs) | {"transfer": transfer, "lines": transfer.lines.all()}

    def carry_out(self, form: Any) -> str:
        transfer = self.transfer(end="origin")
        with one_effect(self.request):
            transferring.send(
                transfer.number, numbers=form.cleaned_data["serials"], **self.doing.as_arguments
            )
            self.done_message = f"{transfer.number} is on its way."
        return reverse("inventory:transfer", args=[transfer.number])


class CancelTransfer(OnTransfer, Action):
    """Call a transfer off."""

    permission = "stock.transfer"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("inventory:transfer", kwargs=kwargs)

    def carry_out(self, **kwargs: Any) -> None:
        transferring.cancel(self.transfer(end="origin").number, **self.doing.as_arguments)


class CloseShort(OnTransfer, Form):
    """What has not arrived will not come."""

    permission = "receiving.receive"
    title = "Close with a shortage"
    under = "Transfers"
    template_name = "inventory/transfer_short.html"
    form_class = ReasonForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"reasons": queries.reasons_for_choice()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"transfer": self.transfer(end="destination")}

    def carry_out(self, form: Any) -> str:
        transfer = self.transfer(end="destination")
        with one_effect(self.request):
            transferring.close_short(
                transfer.number, reason=form.cleaned_data["reason"], **self.doing.as_arguments
            )
            self.done_message = f"{transfer.number} is closed; what is missing was written off."
        return reverse("inventory:transfer", args=[transfer.number])


def found(text: str, user: Any) -> list[frame.Found]:
    """The transfer that a text or scan names."""
    hits = within(floor_queries.transfers(), user).filter(number__iexact=text.strip())[:1]
    return [
        frame.Found(
            hit.number,
            reverse("inventory:transfer", args=[hit.number]),
            "transfer",
            f"{hit.origin.name} to {hit.destination.name}",
            exact=True,
        )
        for hit in hits
    ]


frame.hang(
    frame.Entry("Transfers", "transfer", "inventory:transfers", "stock.view", "Stock", position=34),
    frame.Entry(
        "Receive", "truck-delivery", "inventory:receive_start", "receiving.receive", "Stock", position=33
    ),
    frame.Finder("transfers", found, "stock.view", position=25),
)
