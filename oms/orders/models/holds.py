"""Why orders stand still."""

from django.db import models
from django.db.models import Q


class Hold(models.Model):
    """A reason why an order may not proceed, with an owner; released, never deleted."""

    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="holds")
    code = models.CharField(max_length=32, blank=True, default="", db_default="")
    reason = models.CharField(max_length=200)
    owner = models.CharField(max_length=150, blank=True, default="", db_default="")
    placed_by = models.CharField(max_length=80)
    placed_at = models.DateTimeField()
    released_by = models.CharField(max_length=80, blank=True, default="")
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(released_at__isnull=True),
                name="an_order_has_one_hold_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_hold_has_a_reason"),
        ]

    def __str__(self) -> str:
        return self.reason
