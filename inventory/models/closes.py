"""The books of a day: what it opened with, what moved, what it closed with. Written once."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from inventory.models.levels import StockLevel
from inventory.models.places import StockLocation


def _percent(part: int, whole: int) -> Decimal:
    if not part:
        return Decimal("0.00")
    return (Decimal(100 * part) / max(whole, 1)).quantize(Decimal("0.01"))


class StockClose(models.Model):
    """One location's day, closed: the half-open period from ``opened_at`` to ``closed_at``, its own midnights."""

    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="closes")
    day = models.DateField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    levels_moved = models.PositiveIntegerField()
    # How many levels were compared with the books when this was written.
    levels_counted = models.PositiveIntegerField(default=0, db_default=0)
    pieces_closing = models.BigIntegerField()
    pieces_gap = models.BigIntegerField()
    levels_gap = models.PositiveIntegerField()

    class Meta:
        ordering = ["-day", "location"]
        constraints = [
            models.UniqueConstraint(fields=["location", "day"], name="a_day_is_closed_once_per_location"),
            models.CheckConstraint(
                condition=Q(closed_at__gt=F("opened_at")), name="a_day_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.location.code} {self.day}"

    @property
    def gap_percent(self) -> Decimal:
        """Pieces that differ, of all pieces at the close: the figure that stays under one."""
        return _percent(self.pieces_gap, self.pieces_closing)

    @property
    def levels_gap_percent(self) -> Decimal:
        """SKUs that differ, of all SKUs compared."""
        return _percent(self.levels_gap, self.levels_counted)


class StockCloseLine(models.Model):
    """A level that moved that day: opening + received − shipped ± adjusted ± returned ± transferred = closing.

    ``gap`` is what the level itself showed at the day's end less that closing. A level without a line closed as it
    did on its last one.
    """

    close = models.ForeignKey(StockClose, on_delete=models.PROTECT, related_name="lines", db_index=False)
    # A level is never deleted and lines are written from the ledger; the check would dirty a page of each level.
    level = models.ForeignKey(
        StockLevel, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    closed_at = models.DateTimeField()
    opening = models.IntegerField()
    received = models.IntegerField(default=0, db_default=0)
    shipped = models.IntegerField(default=0, db_default=0)
    adjusted = models.IntegerField(default=0, db_default=0)
    returned = models.IntegerField(default=0, db_default=0)
    transferred = models.IntegerField(default=0, db_default=0)
    closing = models.IntegerField()
    reserved_closing = models.IntegerField()
    quarantined_closing = models.IntegerField()
    gap = models.IntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["level", "-closed_at"], name="closes_of_a_level"),
            models.Index(fields=["close"], name="gaps_of_a_close", condition=~Q(gap=0)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["close", "level"], name="one_close_line_per_level"),
            models.CheckConstraint(
                condition=Q(
                    closing=F("opening")
                    + F("received")
                    - F("shipped")
                    + F("adjusted")
                    + F("returned")
                    + F("transferred")
                ),
                name="a_day_closes_with_what_it_opened_with_and_what_moved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level_id}: {self.opening} → {self.closing}"


class CloseSignature(models.Model):
    """A person has looked at a closed day and stands for it."""

    close = models.OneToOneField(StockClose, on_delete=models.PROTECT, related_name="signature")
    signed_by = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return f"{self.close} signed by {self.signed_by}"
