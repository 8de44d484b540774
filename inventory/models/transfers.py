"""Goods that go from one of our places to another."""

from django.db import models
from django.db.models import F, Q

from inventory.models.ledger import AdjustmentReason, Reservation
from inventory.models.levels import Lot
from inventory.models.places import StockLocation
from inventory.rules import TransferStatus


class Transfer(models.Model):
    """Goods from one location to another; reserved when planned, in transit when sent."""

    number = models.CharField(max_length=20, unique=True)
    origin = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="transfers_out")
    destination = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="transfers_in")
    status = models.CharField(
        max_length=10,
        choices=[(status.value, status.name.title()) for status in TransferStatus],
        default=TransferStatus.PLANNED.value,
        db_default=TransferStatus.PLANNED.value,
    )
    note = models.CharField(max_length=300, blank=True, default="", db_default="")
    expected_on = models.DateField(help_text="The day they should arrive.")
    planned_at = models.DateTimeField()
    planned_by = models.CharField(max_length=80)
    sent_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-planned_at", "-id"]
        indexes = [
            models.Index(fields=["-planned_at", "-id"], name="transfers_newest_first"),
            models.Index(
                fields=["expected_on"],
                name="transfers_on_their_way",
                condition=Q(status__in=["planned", "sent"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in TransferStatus]),
                name="a_transfer_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(origin=F("destination")), name="a_transfer_goes_to_another_location"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class TransferLine(models.Model):
    """Pieces of one SKU on a transfer: sent, of which received and lost on the way."""

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey("catalogue.Sku", on_delete=models.PROTECT, related_name="+")
    reservation = models.OneToOneField(Reservation, on_delete=models.PROTECT, related_name="transfer_line")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField()
    quantity_sent = models.PositiveIntegerField(default=0, db_default=0)
    quantity_received = models.PositiveIntegerField(default=0, db_default=0)
    quantity_lost = models.PositiveIntegerField(default=0, db_default=0)
    loss_reason = models.ForeignKey(
        AdjustmentReason, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_transfer_line_moves_something"),
            models.CheckConstraint(
                condition=Q(quantity_sent__lte=F("quantity"))
                & Q(quantity_sent__gte=F("quantity_received") + F("quantity_lost")),
                name="received_and_lost_never_exceed_what_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(quantity_lost=0) | Q(loss_reason__isnull=False),
                name="a_loss_on_the_way_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"
