"""What stands where: running totals that only movements change."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from inventory.models.places import Bin, StockLocation


class StockLevel(models.Model):
    """One SKU at one location, in pieces: a running total that only movements change.

    ``damaged`` pieces are among the ``quarantined`` ones. ``located`` is how many of those on hand are known by bin or
    lot: all or none. ``reported`` pieces are a supplier's own, as it says, and sellable by the location's policy.
    ``sellable_until`` is when the first lot here must not be sold any more.
    """

    sku = models.ForeignKey("catalogue.Sku", on_delete=models.PROTECT, related_name="levels", db_index=False)
    location = models.ForeignKey(
        StockLocation, on_delete=models.PROTECT, related_name="levels", db_index=False
    )
    on_hand = models.IntegerField(default=0, db_default=0, editable=False)
    reserved = models.IntegerField(default=0, db_default=0, editable=False)
    quarantined = models.IntegerField(default=0, db_default=0, editable=False)
    damaged = models.IntegerField(default=0, db_default=0, editable=False)
    located = models.IntegerField(default=0, db_default=0, editable=False)
    reported = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    sellable_until = models.DateTimeField(null=True, blank=True, editable=False)
    safety_stock = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Pieces kept back from sale."
    )
    pick_bin = models.ForeignKey(
        Bin,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where pickers find it.",
    )
    available = models.GeneratedField(
        expression=F("on_hand") + F("reported") - F("reserved") - F("quarantined") - F("safety_stock"),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["sellable_until"],
                name="levels_with_lots_that_expire",
                condition=Q(sellable_until__isnull=False),
            ),
            models.Index(fields=["location", "sku"], name="levels_of_a_location"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["sku", "location"], name="one_level_per_sku_and_location"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_is_never_negative"),
            models.CheckConstraint(condition=Q(quarantined__gte=0), name="quarantined_is_never_negative"),
            models.CheckConstraint(
                condition=Q(damaged__gte=0, damaged__lte=F("quarantined")),
                name="damaged_is_part_of_what_is_quarantined",
            ),
            models.CheckConstraint(
                condition=Q(located=0) | Q(located=F("on_hand")), name="all_pieces_or_none_are_located"
            ),
            models.CheckConstraint(
                condition=Q(on_hand__gte=F("quarantined"))
                & Q(on_hand__gte=F("reserved") + F("quarantined") - F("reported")),
                name="reserved_and_quarantined_never_exceed_on_hand",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku.code} at {self.location.code}"


class ExpectedReceipt(models.Model):
    """Units announced for a level; what is still to come is its incoming figure."""

    level = models.ForeignKey(StockLevel, on_delete=models.PROTECT, related_name="expected_receipts")
    reference = models.CharField(max_length=40, help_text="The supplier's or your own document.")
    quantity_expected = models.PositiveIntegerField(help_text="Pieces announced.")
    quantity_received = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # Kept by triggers on the claims of preorders.
    quantity_bound = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    expected_on = models.DateField(help_text="The day they should arrive.")

    class Meta:
        indexes = [
            models.Index(
                fields=["level"],
                name="receipts_to_come",
                condition=~Q(quantity_expected=F("quantity_received")),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "level"], name="one_expectation_per_reference_and_level"
            ),
            models.CheckConstraint(
                condition=Q(quantity_received__lte=F("quantity_expected")),
                name="received_never_exceeds_expected",
            ),
            models.CheckConstraint(
                condition=Q(quantity_bound__lte=F("quantity_expected")),
                name="no_more_is_bound_than_was_announced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.quantity_expected - self.quantity_received} to come"


class Lot(models.Model):
    """Pieces of one SKU that were made together and expire together."""

    sku = models.ForeignKey("catalogue.Sku", on_delete=models.PROTECT, related_name="lots")
    code = models.CharField(max_length=40, help_text="As printed on the goods.")
    expires_on = models.DateField(null=True, blank=True, help_text="Last day on which it may be used.")
    recalled_at = models.DateTimeField(null=True, blank=True, editable=False)
    recall_reason = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["expires_on", "code"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "code"], name="a_lot_code_is_unique_for_its_sku"),
            models.CheckConstraint(condition=~Q(code=""), name="a_lot_has_a_code"),
        ]

    def __str__(self) -> str:
        return self.code

    def must_not_be_sold(self, today: date) -> bool:
        """Whether it was recalled or has expired by this day."""
        return self.recalled_at is not None or (self.expires_on is not None and self.expires_on < today)


class StockContent(models.Model):
    """Pieces of a level in one bin, of one lot, or both: a running total that only movements change."""

    level = models.ForeignKey(StockLevel, on_delete=models.PROTECT, related_name="contents", db_index=False)
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, null=True, blank=True, related_name="contents")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="contents")
    on_hand = models.IntegerField(editable=False)
    quarantined = models.IntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["level", "bin", "lot"], nulls_distinct=False, name="one_content_per_level_bin_and_lot"
            ),
            models.CheckConstraint(
                condition=Q(bin__isnull=False) | Q(lot__isnull=False), name="a_content_has_a_bin_or_a_lot"
            ),
            models.CheckConstraint(
                condition=Q(quarantined__gte=0, on_hand__gte=F("quarantined")),
                name="a_bin_never_holds_less_than_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on_hand} in {self.bin or self.lot}"


class SafetyStockChange(models.Model):
    """How much was kept back from sale, until when; written by the database."""

    level = models.ForeignKey(
        StockLevel, on_delete=models.PROTECT, related_name="safety_changes", db_index=False
    )
    changed_at = models.DateTimeField()
    safety_before = models.PositiveIntegerField()
    reported_before = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["level", "changed_at"], name="safety_stock_as_it_was")]

    def __str__(self) -> str:
        return f"{self.safety_before} until {self.changed_at:%Y-%m-%d}"
