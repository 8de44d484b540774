"""Announced deliveries: what comes when, who counts on it, and what changes when it does not."""

from datetime import date
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from inventory import delivery_queries, queries
from inventory.forms_deliveries import MOVE, OFF, PIECES, AnnounceForm, ChangeForm
from inventory.models import ExpectedReceipt
from oms.core import frame, history
from oms.core.errors import Refusal
from oms.core.status import DONE, LOOK, WAIT, WORK, Look, fill
from oms.core.views.frame import Form, Record, one_effect
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab
from oms.flows import counting, deliveries, delivery_effects
from oms.flows.deliveries import NewTerms
from oms.orders import scarcity_queries

fill(
    "delivery",
    {
        "coming": Look(WORK, "To come"),
        "part": Look(WORK, "Part is here"),
        "late": Look(LOOK, "Overdue"),
        "came": Look(DONE, "Arrived"),
        "off": Look(WAIT, "Called off", "ban"),
    },
)
MOST_SHOWN = 100
RIGHT = "purchasing.change"


def state_of(row: ExpectedReceipt, today: date) -> str:
    """Where an announced delivery stands."""
    if row.quantity_expected == row.quantity_received:
        return "came" if row.quantity_received else "off"
    if row.expected_on < today:
        return "late"
    return "part" if row.quantity_received else "coming"


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    to_come = delivery_queries.is_to_come()
    if value == "coming":
        return rows.filter(to_come)
    if value == "late":
        return rows.filter(to_come, expected_on__lt=delivery_queries.today())
    if value == "came":
        return rows.filter(quantity_received__gt=0, quantity_expected=F("quantity_received"))
    return rows.filter(quantity_expected=0) if value == "off" else rows.none()


def _site(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(level__location__code=value)


def _bound(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(quantity_bound__gt=0) if value == "yes" else rows.filter(quantity_bound=0)


class DeliveryList(ListPage):
    """What is announced, soonest first."""

    permission = "stock.view"
    title = "Deliveries"
    under = "Deliveries"
    template_name = "inventory/delivery_list.html"
    page_name = "inventory.deliveries"
    noun = "delivery,deliveries"
    order = ("expected_on", "id")
    search_help = "A document or a SKU…"
    tabs = (
        Tab("To come", {"state": "coming"}),
        Tab("Overdue", {"state": "late"}, tone=LOOK),
        Tab("Preorders count on it", {"bound": "yes"}),
        Tab("All", {}),
    )
    filters = (
        Filter(
            "state",
            "State",
            _state,
            lambda user: [
                Choice("coming", "to come"),
                Choice("late", "overdue"),
                Choice("came", "arrived"),
                Choice("off", "called off"),
            ],
        ),
        Filter("site", "Site", _site, lambda user: [Choice(c, n) for c, n, _ in frame.sites_for(user)]),
        Filter(
            "bound", "Preorders", _bound, lambda user: [Choice("yes", "count on it"), Choice("no", "none")]
        ),
    )
    columns: ClassVar = (
        Column("Document"),
        Column("SKU"),
        Column("Site"),
        Column("Should arrive"),
        Column("To come", "num"),
        Column("Preordered", "num"),
        Column("State"),
    )

    def rows(self) -> QuerySet[Any]:
        return delivery_queries.deliveries(self.request.user.locations_for("stock.view"))

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(reference__iexact=text) | Q(level__sku__code__iexact=text))

    def decorate(self, rows: list[Any]) -> list[Any]:
        orders, today = scarcity_queries.orders_bound([row.pk for row in rows]), delivery_queries.today()
        for row in rows:
            row.state, row.orders = state_of(row, today), orders.get(row.pk, 0)
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"may_announce": self.request.user.may(RIGHT)}


class DeliveryPage(Record):
    """One of them: who counts on it, what became of it, and the form that changes it, tried before it is sent."""

    permission = "stock.view"
    under = "Deliveries"
    template_name = "inventory/delivery_detail.html"
    list_url_name = "inventory:deliveries"

    def delivery(self, *, right: str = "stock.view") -> ExpectedReceipt:
        """The delivery, where this person has the right."""
        found = delivery_queries.deliveries().filter(pk=self.kwargs["delivery_id"]).first()
        if found is None or not self.request.user.may("stock.view", location=found.level.location.code):
            raise Http404("There is no such delivery.")
        if not self.request.user.may(right, location=found.level.location.code):
            raise Http404("You do not do that there.")
        return found

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show what the change would do, or do it."""
        delivery = self.delivery(right=RIGHT)
        form = ChangeForm(request.POST)
        tries = request.POST.get("step") == "preview"
        if not form.is_valid():
            return self._partial({}) if tries and self._is_live else self._draw(form, status=422)
        try:
            if tries:
                found = {
                    "effects": delivery_effects.rehearse(delivery.pk, _terms(form), **self.doing.as_arguments)
                }
                return self._partial(found) if self._is_live else self._draw(form, **found)
            with one_effect(request):
                outcome = deliveries.change(delivery.pk, _terms(form), **self.doing.as_arguments)
                messages.success(request, _done(delivery, form.cleaned_data["what"], outcome.lost))
        except Refusal as refusal:
            if tries and self._is_live:
                return self._partial({"refusal": str(refusal)})
            form.add_error(None, str(refusal))
            return self._draw(form, status=422)
        return HttpResponseRedirect(reverse("inventory:delivery", args=[delivery.pk]))

    @property
    def _is_live(self) -> bool:
        return bool(self.request.headers.get("HX-Request"))

    def _partial(self, context: dict[str, Any]) -> HttpResponse:
        return render(self.request, "inventory/delivery_effects.html", context | self._reach())

    def _draw(self, form: ChangeForm, *, status: int = 200, **found: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **found), status=status)

    def _reach(self) -> dict[str, Any]:
        return {"may_see_orders": self.request.user.may("orders.view")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        delivery, user = self.delivery(), self.request.user
        to_come = delivery.quantity_expected - delivery.quantity_received
        first = {"what": MOVE, "seen": to_come, "expected_on": delivery.expected_on}
        may_change = to_come > 0 and user.may(RIGHT, location=delivery.level.location.code)
        is_transfer = delivery_queries.is_transfer(delivery.reference)
        changes = delivery_queries.changes_of([delivery.pk])
        names = history.names_of(change.changed_by for change in changes)
        for change in changes:
            change.by = names.get(change.changed_by, change.changed_by)
        return (
            {"form": ChangeForm(initial=first)}
            | super().get_context_data(**kwargs)
            | {
                "title": delivery.reference,
                "delivery": delivery,
                "state": state_of(delivery, delivery_queries.today()),
                "to_come": to_come,
                "beside": len(delivery_queries.document(delivery)) - bool(to_come),
                "claims": scarcity_queries.claimants(delivery.pk)[:MOST_SHOWN],
                "orders": scarcity_queries.orders_bound([delivery.pk]).get(delivery.pk, 0),
                "changes": changes,
                "is_transfer": is_transfer,
                "may_change": may_change and not is_transfer,
                **self._reach(),
            }
        )


class AnnouncePage(Form):
    """Announce pieces that a supplier has promised."""

    permission = RIGHT
    title = "Announce a delivery"
    under = "Deliveries"
    template_name = "inventory/delivery_new.html"
    form_class = AnnounceForm

    def get_form_kwargs(self) -> dict[str, Any]:
        codes = self.request.user.locations_for(RIGHT)
        return super().get_form_kwargs() | {"places": queries.places_for_choice(codes)}

    def carry_out(self, form: Any) -> str:
        said = dict(form.cleaned_data)
        target = reverse("inventory:deliveries")
        with one_effect(self.request):
            made = counting.expect_stock(said.pop("sku"), **said, **self.doing.as_arguments)
            self.done_message = f"{made.reference} is announced."
            target = reverse("inventory:delivery", args=[made.pk])
        return target


def _terms(form: ChangeForm) -> NewTerms:
    said = form.cleaned_data
    what, whole = said["what"], said["whole"]
    return NewTerms(
        said["reason"],
        on=said["expected_on"] if what == MOVE else None,
        to_come={PIECES: said["to_come"], OFF: 0}.get(what),
        whole=whole,
        # Of a whole document another sum is to come than of the one SKU that was looked at.
        seen=None if whole else said["seen"],
    )


def _done(delivery: ExpectedReceipt, what: str, lost: int) -> str:
    said = {MOVE: "is moved", PIECES: "brings another number of pieces", OFF: "is called off"}[what]
    told = f" {lost} preordered pieces have lost their delivery." if lost else ""
    return f"{delivery.reference} {said}.{told}"


frame.hang(
    frame.Entry("Deliveries", "truck-delivery", "inventory:deliveries", "stock.view", "Stock", position=33),
)
