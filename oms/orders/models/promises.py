"""What was promised, when, and on what grounds."""

from django.db import models
from django.db.models import Q


class Promise(models.Model):
    """An instant by which an order is handed to its carriers; the first one stays what customers were told first."""

    order = models.ForeignKey(
        "orders.Order", on_delete=models.CASCADE, related_name="promises", db_index=False
    )
    sequence = models.PositiveSmallIntegerField()
    promised_by = models.DateTimeField()
    arrives_on = models.DateField(null=True, blank=True)
    cause = models.CharField(max_length=200)
    basis = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["order", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["order", "sequence"], name="one_promise_per_sequence"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="promises_are_counted_from_1"),
        ]

    def __str__(self) -> str:
        return f"promise {self.sequence} of order {self.order_id}"
