"""Why it changed: movements, the reservations behind them, and corrected counts."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from inventory.models.levels import StockLevel
from inventory.models.places import Bin, StockLocation
from inventory.rules import MovementKind, SerialStatus


class Reservation(models.Model):
    """Units of one level set aside; its movements are written by the database.

    Open while ``quantity > quantity_released + quantity_issued``.
    """

    # Closed reservations are looked up from their order; open ones have an index of their own.
    # The trigger that adds to the level refuses one that is not there, and a level is never deleted, so the
    # database's own check of the key is spared: an order of three lines would pay for six of them.
    level = models.ForeignKey(
        StockLevel,
        on_delete=models.PROTECT,
        related_name="reservations",
        db_index=False,
        db_constraint=False,
    )
    quantity = models.PositiveIntegerField()
    quantity_released = models.PositiveIntegerField(default=0, db_default=0)
    quantity_issued = models.PositiveIntegerField(default=0, db_default=0)
    reference = models.CharField(max_length=40)
    reserved_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=80)
    # Where the pieces go when they are issued; empty means to a customer.
    counter_location = models.ForeignKey(
        StockLocation, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["level", "id"],
                name="open_reservations_by_level",
                condition=Q(quantity__gt=F("quantity_released") + F("quantity_issued")),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_reservation_holds_something"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("quantity_released") + F("quantity_issued")),
                name="released_and_issued_never_exceed_the_reservation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for {self.reference}"

    @property
    def quantity_open(self) -> int:
        """Pieces that are still held."""
        return self.quantity - self.quantity_released - self.quantity_issued


class AdjustmentReason(models.Model):
    """Why a count may be corrected; a managed list."""

    code = models.SlugField(max_length=32, unique=True, help_text="Named in files and over REST.")
    name = models.CharField(max_length=80, help_text="What staff pick from.")
    is_active = models.BooleanField(default=True, db_default=True, help_text="Off: kept for history only.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class StockMovement(models.Model):
    """One change of one level, for ever: the count is the sum of these rows.

    ``(source, source_key)`` names the cause and occurs once. ``counter_location`` is where the pieces came from or
    went to, so that over all places nothing appears or vanishes; ``bin`` and ``lot`` are the spot that was touched.
    """

    level = models.ForeignKey(
        StockLevel, on_delete=models.PROTECT, related_name="movements", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.name.title()) for kind in MovementKind])
    on_hand_delta = models.IntegerField(default=0, db_default=0)
    reserved_delta = models.IntegerField(default=0, db_default=0)
    quarantined_delta = models.IntegerField(default=0, db_default=0)
    damaged_delta = models.IntegerField(default=0, db_default=0)
    moved_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    # Only the reservation's own trigger writes it, and a reservation is never deleted.
    reservation = models.ForeignKey(
        Reservation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="movements",
        db_index=False,
        db_constraint=False,
    )
    reason = models.ForeignKey(
        AdjustmentReason, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    # The database names it and looks it up itself: a key would make every hand-over lock the same row.
    counter_location = models.ForeignKey(
        StockLocation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    bin = models.ForeignKey(
        Bin, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    lot = models.ForeignKey(
        "inventory.Lot", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    source = models.CharField(max_length=16)
    source_key = models.CharField(max_length=64)
    reference = models.CharField(max_length=40, blank=True, default="", db_default="")
    actor = models.CharField(max_length=80)
    note = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["level", "-moved_at", "-id"], name="movements_of_a_level"),
            models.Index(fields=["-moved_at", "-id"], name="movements_newest_first"),
            models.Index(fields=["reference"], name="movements_by_reference"),
            models.Index(
                fields=["level", "-moved_at", "-id"],
                name="movements_of_quarantine",
                condition=~Q(quarantined_delta=0),
            ),
            models.Index(
                fields=["bin", "-moved_at", "-id"], name="movements_of_a_bin", condition=Q(bin__isnull=False)
            ),
            models.Index(
                fields=["lot", "-moved_at", "-id"], name="movements_of_a_lot", condition=Q(lot__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "source_key"], name="one_cause_moves_stock_once"),
            models.CheckConstraint(
                condition=~Q(on_hand_delta=0, reserved_delta=0, quarantined_delta=0, damaged_delta=0),
                name="a_movement_moves_something",
            ),
            models.CheckConstraint(
                condition=~Q(kind=MovementKind.ADJUST.value) | Q(reason__isnull=False),
                name="an_adjustment_has_a_reason",
            ),
            models.CheckConstraint(condition=~Q(actor=""), name="a_movement_has_an_actor"),
            models.CheckConstraint(
                condition=Q(on_hand_delta=0) | Q(kind="move") | Q(counter_location__isnull=False),
                name="pieces_come_from_somewhere_and_go_somewhere",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="receive", on_hand_delta__gt=0, reserved_delta=0)
                    | Q(kind="reserve", on_hand_delta=0, reserved_delta__gt=0, quarantined_delta=0)
                    | Q(kind="release", on_hand_delta=0, reserved_delta__lt=0, quarantined_delta=0)
                    | Q(
                        kind="issue",
                        on_hand_delta__lt=0,
                        reserved_delta=F("on_hand_delta"),
                        quarantined_delta=0,
                    )
                    | Q(kind="adjust", reserved_delta=0)
                    | Q(kind="transfer", reserved_delta=0)
                    | Q(kind="hold", on_hand_delta=0, reserved_delta=0)
                    | Q(kind="move", reserved_delta=0, damaged_delta=0)
                    | Q(kind="repair")
                ),
                name="each_kind_of_movement_moves_its_own_counters",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_hand_delta:+d} on hand, {self.reserved_delta:+d} reserved"


class SerialNumber(models.Model):
    """One numbered piece: in at most one place and one state, which only its movements change."""

    sku = models.ForeignKey("catalogue.Sku", on_delete=models.PROTECT, related_name="serials", db_index=False)
    code = models.CharField(max_length=64, help_text="As printed on the piece.")
    status = models.CharField(
        max_length=10, choices=[(s.value, s.name.replace("_", " ").capitalize()) for s in SerialStatus]
    )
    level = models.ForeignKey(
        StockLevel, on_delete=models.PROTECT, null=True, blank=True, related_name="serials"
    )
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "code"], name="a_serial_number_is_unique_for_its_sku"),
            models.CheckConstraint(condition=~Q(code=""), name="a_serial_number_has_a_code"),
            models.CheckConstraint(
                condition=Q(status__in=["in_stock", "in_transit"], level__isnull=False)
                | Q(status__in=["issued", "lost"], level__isnull=True),
                name="a_serial_number_is_in_one_place_and_state",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class SerialMovement(models.Model):
    """A numbered piece took part in a movement."""

    serial = models.ForeignKey(SerialNumber, on_delete=models.PROTECT, related_name="moves", db_index=False)
    movement = models.ForeignKey(StockMovement, on_delete=models.PROTECT, related_name="serials")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["serial", "movement"], name="a_serial_number_moves_once_per_movement"
            )
        ]

    def __str__(self) -> str:
        return f"{self.serial_id} by {self.movement_id}"


class StockAdjustment(models.Model):
    """The document of a corrected count; holds the key to its movement."""

    number = models.CharField(max_length=20, unique=True)
    level = models.ForeignKey(StockLevel, on_delete=models.PROTECT, related_name="adjustments")
    movement = models.OneToOneField(StockMovement, on_delete=models.PROTECT, related_name="adjustment")
    on_hand_before = models.IntegerField()
    on_hand_after = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(on_hand_after__gte=0), name="an_adjustment_never_ends_below_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.number
