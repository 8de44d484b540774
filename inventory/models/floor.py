"""What people on the floor have in hand: pieces taken for a promise, arrivals that were scanned and not yet posted."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from inventory.models.ledger import Reservation
from inventory.models.levels import Lot
from inventory.models.places import Bin, StockLocation


class StagedPiece(models.Model):
    """Pieces of one bin and lot that were taken for one reservation; they leave with it, and not with another."""

    reservation = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, related_name="staged", db_index=False
    )
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, null=True, blank=True, related_name="staged")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pieces = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reservation", "bin", "lot"],
                nulls_distinct=False,
                name="one_staged_row_per_reservation_bin_and_lot",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pieces} for {self.reservation_id}"


class ArrivalScan(models.Model):
    """One scan of something that arrived; it moves no stock before its receipt is posted."""

    key = models.UUIDField(unique=True)
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=40, help_text="The document it came with.")
    sku = models.ForeignKey("catalogue.Sku", on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.IntegerField()
    lot_code = models.CharField(max_length=40, blank=True, default="", db_default="")
    expires_on = models.DateField(null=True, blank=True)
    serial = models.CharField(max_length=64, blank=True, default="", db_default="")
    is_damaged = models.BooleanField(default=False, db_default=False)
    is_typed = models.BooleanField(default=False, db_default=False)
    scanned_by = models.CharField(max_length=80)
    scanned_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by"
    )
    # The receipt that posted it; empty while it waits.
    receipt = models.CharField(max_length=20, blank=True, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["location", "reference", "id"], name="arrivals_to_post", condition=Q(receipt="")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="an_arrival_counts_something"),
            models.CheckConstraint(condition=~Q(reference=""), name="an_arrival_names_its_document"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku_id} on {self.reference}"
