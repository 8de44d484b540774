"""What an order list can be narrowed by, over REST and on the page alike."""

from django.db.models import Q, QuerySet
from django_filters import BooleanFilter, CharFilter, FilterSet, IsoDateTimeFilter, MultipleChoiceFilter

from oms.orders import queries, risk_queries
from oms.orders.models import Order
from oms.orders.rules import OrderProgress, OrderState

STATUSES = [
    *[(step.value, step.value.replace("_", " ").capitalize()) for step in OrderProgress],
    (OrderState.ON_HOLD.value, "On hold"),
    (OrderState.CANCELLED.value, "Cancelled"),
]


class OrderFilter(FilterSet):
    """Filters of orders; several statuses mean any of them."""

    status = MultipleChoiceFilter(choices=STATUSES, label="Status")
    channel = CharFilter(field_name="channel__code", label="Channel")
    external_number = CharFilter(label="Channel's number")
    customer_type = CharFilter(label="Customer type")
    location = CharFilter(method="at_location", label="Location")
    sku = CharFilter(method="with_sku", label="SKU")
    late = BooleanFilter(method="past_promise", label="Late")
    late_risk = BooleanFilter(method="foreseen", label="At risk of being late")
    placed_after = IsoDateTimeFilter(field_name="placed_at", lookup_expr="gte", label="Placed from")
    placed_before = IsoDateTimeFilter(field_name="placed_at", lookup_expr="lt", label="Placed before")
    q = CharFilter(method="search", label="Number, name or mail")

    class Meta:
        model = Order
        fields: tuple[str, ...] = ()

    def at_location(self, rows: "QuerySet[Order]", name: str, code: str) -> "QuerySet[Order]":
        """Orders with work at a location."""
        return rows.filter(fulfilment_orders__location__code=code).distinct()

    def with_sku(self, rows: "QuerySet[Order]", name: str, code: str) -> "QuerySet[Order]":
        """Orders of a SKU."""
        return rows.filter(lines__sku__code=code).distinct()

    def past_promise(self, rows: "QuerySet[Order]", name: str, late: bool) -> "QuerySet[Order]":
        """Orders past their promise that have not shipped, or all others."""
        behind = Q(promise_by__lt=queries.database_now(), state__in=("open", "on_hold"))
        return rows.filter(behind) if late else rows.exclude(behind)

    def foreseen(self, rows: "QuerySet[Order]", name: str, wanted: bool) -> "QuerySet[Order]":
        """Orders that are foreseen to miss their promise, or all others."""
        return rows.filter(risk_queries.at_risk()) if wanted else rows.exclude(risk_queries.at_risk())

    def search(self, rows: "QuerySet[Order]", name: str, text: str) -> "QuerySet[Order]":
        """Orders that a text means."""
        return rows.filter(queries.matching(text))
