"""When a total disagreed with the rows behind it, and was brought back to them."""

from django.db import models
from django.db.models import Q

from inventory.models.levels import StockLevel


class StockRepair(models.Model):
    """A level brought back to its journal, and the journal's reserved pieces to the reservations that are open.

    Inserting the row is the repair: the database fills in what it found and what it left, in pieces.
    """

    level = models.ForeignKey(StockLevel, on_delete=models.PROTECT, related_name="repairs")
    repaired_at = models.DateTimeField()
    repaired_by = models.CharField(max_length=80)
    note = models.CharField(max_length=300)
    on_hand_before = models.IntegerField(default=0, db_default=0)
    on_hand_after = models.IntegerField(default=0, db_default=0)
    reserved_before = models.IntegerField(default=0, db_default=0)
    reserved_after = models.IntegerField(default=0, db_default=0)
    quarantined_before = models.IntegerField(default=0, db_default=0)
    quarantined_after = models.IntegerField(default=0, db_default=0)
    located_before = models.IntegerField(default=0, db_default=0)
    located_after = models.IntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(note=""), name="a_repair_says_why")]

    def __str__(self) -> str:
        return f"{self.level} at {self.repaired_at:%Y-%m-%d %H:%M}"
