"""Who is served first when there is not enough for everybody."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from oms.orders.rules import SERVED_BY, ServedBy


def served_by() -> list[str]:
    """Priority, then promise, then age."""
    return list(SERVED_BY)


class ServingPolicy(models.Model):
    """In which order waiting orders are served when stock arrives; there is one."""

    criteria = ArrayField(
        models.CharField(max_length=8, choices=[(each.value, each.name.title()) for each in ServedBy]),
        default=served_by,
        help_text="Strongest first: priority, promise, age. What a manager decided goes before all of them.",
    )

    together_days = models.PositiveSmallIntegerField(
        default=14,
        db_default=14,
        help_text="So many days an order that is to leave whole may keep pieces from others; then a person is asked.",
    )

    class Meta:
        verbose_name_plural = "serving policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(together_days__gte=1, together_days__lte=365),
                name="stock_is_kept_together_for_a_year_at_most",
            ),
            models.CheckConstraint(condition=Q(id=1), name="there_is_one_serving_policy"),
            models.CheckConstraint(
                condition=Q(criteria__len__gt=0) & Q(criteria__contained_by=list(SERVED_BY)),
                name="waiting_orders_are_served_by_something_known",
            ),
        ]

    def __str__(self) -> str:
        return ", then ".join(self.criteria)


class Turn(models.Model):
    """A manager's decision that an order is served before or after all others that wait for a SKU."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="turns", db_index=False)
    sku = models.ForeignKey("catalogue.Sku", on_delete=models.PROTECT, related_name="+")
    is_first = models.BooleanField()
    note = models.CharField(max_length=200)
    decided_by = models.CharField(max_length=80)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-is_first", "decided_at"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sku"], name="an_order_has_one_turn_per_sku"),
            models.CheckConstraint(condition=~Q(note=""), name="a_turn_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{'first' if self.is_first else 'last'}: order {self.order_id}"


class SupplyClaim(models.Model):
    """Pieces of a preorder that are bound to an announced delivery, and served first when it comes.

    Without a delivery they have lost theirs, and are bound again as soon as another one holds them. The database ends a
    claim as its pieces are served or cancelled, and binds neither more than wait on the line nor more than are to come.
    """

    line = models.ForeignKey(
        "orders.OrderLine", on_delete=models.CASCADE, related_name="supply_claims", db_index=False
    )
    expected = models.ForeignKey(
        "inventory.ExpectedReceipt", on_delete=models.PROTECT, null=True, related_name="claims"
    )
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["line", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "expected"], nulls_distinct=False, name="a_line_claims_a_delivery_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_claim_is_for_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"
