"""What became of announced deliveries before they came."""

from django.db import models
from django.db.models import F, Q


class DeliveryChange(models.Model):
    """An announced delivery was moved to another day, changed in pieces or called off; written once."""

    expected = models.ForeignKey(
        "inventory.ExpectedReceipt", on_delete=models.PROTECT, related_name="changes"
    )
    day_before = models.DateField()
    day_after = models.DateField()
    pieces_before = models.PositiveIntegerField(help_text="Pieces that were still to come.")
    pieces_after = models.PositiveIntegerField(help_text="Pieces still to come; none when it was called off.")
    reason = models.CharField(max_length=200)
    changed_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="a_changed_delivery_says_why"),
            models.CheckConstraint(
                condition=~Q(day_before=F("day_after"), pieces_before=F("pieces_after")),
                name="a_changed_delivery_is_another",
            ),
        ]

    def __str__(self) -> str:
        if not self.pieces_after:
            return "called off"
        moved = (
            f"{self.day_before:%d %b} to {self.day_after:%d %b}" if self.day_before != self.day_after else ""
        )
        pieces = (
            f"{self.pieces_before} to {self.pieces_after}" if self.pieces_before != self.pieces_after else ""
        )
        return ", ".join(filter(None, (moved, pieces)))
