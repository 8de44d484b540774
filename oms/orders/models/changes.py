"""What was changed on orders after they were accepted."""

from django.db import models
from django.db.models import Q


class OrderChange(models.Model):
    """One edit of an order, for ever: which pieces, which facts, by how much its value moved, and why."""

    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="changes", db_index=False
    )
    sequence = models.PositiveSmallIntegerField()
    pieces = models.JSONField(default=dict)
    facts = models.JSONField(default=list)
    value_delta_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    changed_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["order", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sequence"], name="one_change_per_sequence"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_change_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"change {self.sequence} of order {self.order_id}"
