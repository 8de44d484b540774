"""Why orders are served from where they are; never changed."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from oms.routing.models.rule_sets import RuleSetVersion


class RoutingDecision(models.Model):
    """Why an order is served from where it is; never changed. Without a version no rules were published."""

    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="routing_decisions", db_index=False
    )
    attempt = models.PositiveIntegerField()
    decided_at = models.DateTimeField()
    version = models.ForeignKey(
        RuleSetVersion, models.PROTECT, null=True, blank=True, related_name="decisions", db_constraint=False
    )
    explanation = models.JSONField()
    cost_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    parcels = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "attempt"], name="one_decision_per_order_and_attempt"),
            models.CheckConstraint(condition=Q(cost_minor__gte=0), name="a_plan_never_earns_money"),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class Allocation(models.Model):
    """The decision that pieces of an order line are served from this reservation."""

    # Found by one statement for all rows that are written at once (flows 0012).
    order_line = models.ForeignKey(
        "orders.OrderLine", on_delete=models.PROTECT, related_name="allocations", db_constraint=False
    )
    reservation = models.OneToOneField(
        "inventory.Reservation", on_delete=models.PROTECT, related_name="allocation", db_constraint=False
    )
    decision = models.ForeignKey(
        RoutingDecision,
        on_delete=models.PROTECT,
        related_name="allocations",
        db_index=False,
        db_constraint=False,
    )
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="an_allocation_serves_something")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"
