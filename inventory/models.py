"""Places, levels, movements and reservations.

The database keeps ``StockLevel`` as the running total of ``StockMovement``; no other write reaches it
(migration 0002). A reservation writes its own movements.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from inventory.rules import LocationKind, MovementKind


class StockLocation(models.Model):
    """A place that holds stock."""

    code = models.SlugField(max_length=16, unique=True, help_text="Short and for ever, such as PER.")
    name = models.CharField(max_length=80, help_text="What staff call it.")
    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.name.title()) for kind in LocationKind],
        default=LocationKind.OWN.value,
        db_default=LocationKind.OWN.value,
        help_text="Own warehouse, partner (3PL) or drop-ship supplier.",
    )
    line1 = models.CharField(max_length=120, blank=True, default="", help_text="Street and number.")
    city = models.CharField(max_length=80, blank=True, default="", help_text="Town or suburb.")
    region = models.CharField(
        max_length=40, blank=True, default="", help_text="State or province, such as WA."
    )
    postcode = models.CharField(max_length=16, blank=True, default="", help_text="Where parcels start.")
    country = models.CharField(max_length=2, default="AU", help_text="ISO 3166-1 code of two letters.")
    latitude = models.DecimalField(
        max_digits=8, decimal_places=5, null=True, blank=True, help_text="Degrees north; for distances."
    )
    longitude = models.DecimalField(
        max_digits=8, decimal_places=5, null=True, blank=True, help_text="Degrees east; for distances."
    )
    timezone = models.CharField(
        max_length=40, default="Australia/Perth", help_text="Its own day begins by this clock."
    )
    priority = models.PositiveSmallIntegerField(
        default=100, db_default=100, help_text="Breaks ties between equal plans; the lower goes first."
    )
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="Off: nothing new is routed here."
    )

    class Meta:
        ordering = ["priority", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in LocationKind]), name="a_location_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(country__regex="^[A-Z]{2}$"), name="a_location_country_is_iso_3166"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Bin(models.Model):
    """A shelf within a location, in the order in which a picker walks."""

    location = models.ForeignKey(
        StockLocation, on_delete=models.PROTECT, related_name="bins", help_text="Where it stands."
    )
    code = models.CharField(max_length=24, help_text="As printed on the shelf, such as A-03-2.")
    path_position = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The walk goes by this number."
    )
    is_pickable = models.BooleanField(
        default=True, db_default=True, help_text="Off for reserve and inspection shelves."
    )

    class Meta:
        ordering = ["location", "path_position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["location", "code"], name="a_bin_code_is_unique_in_its_location"),
        ]

    def __str__(self) -> str:
        return self.code


class StockLevel(models.Model):
    """One SKU at one location, in pieces: a running total that only movements change."""

    sku = models.ForeignKey("catalogue.Sku", on_delete=models.PROTECT, related_name="levels")
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(default=0, db_default=0, editable=False)
    reserved = models.IntegerField(default=0, db_default=0, editable=False)
    quarantined = models.IntegerField(default=0, db_default=0, editable=False)
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
        expression=F("on_hand") - F("reserved") - F("quarantined") - F("safety_stock"),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "location"], name="one_level_per_sku_and_location"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_is_never_negative"),
            models.CheckConstraint(condition=Q(quarantined__gte=0), name="quarantined_is_never_negative"),
            models.CheckConstraint(
                condition=Q(on_hand__gte=F("reserved") + F("quarantined")),
                name="reserved_and_quarantined_never_exceed_on_hand",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} at {self.location_id}: {self.on_hand} on hand"


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

    ``(source, source_key)`` names the cause and occurs once.
    """

    level = models.ForeignKey(
        StockLevel, on_delete=models.PROTECT, related_name="movements", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.name.title()) for kind in MovementKind])
    on_hand_delta = models.IntegerField(default=0, db_default=0)
    reserved_delta = models.IntegerField(default=0, db_default=0)
    quarantined_delta = models.IntegerField(default=0, db_default=0)
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
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "source_key"], name="one_cause_moves_stock_once"),
            models.CheckConstraint(
                condition=~Q(on_hand_delta=0, reserved_delta=0, quarantined_delta=0),
                name="a_movement_moves_something",
            ),
            models.CheckConstraint(
                condition=~Q(kind=MovementKind.ADJUST.value) | Q(reason__isnull=False),
                name="an_adjustment_has_a_reason",
            ),
            models.CheckConstraint(condition=~Q(actor=""), name="a_movement_has_an_actor"),
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
                ),
                name="each_kind_of_movement_moves_its_own_counters",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_hand_delta:+d} on hand, {self.reserved_delta:+d} reserved"


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


class ExpectedReceipt(models.Model):
    """Units announced for a level; what is still to come is its incoming figure."""

    level = models.ForeignKey(StockLevel, on_delete=models.PROTECT, related_name="expected_receipts")
    reference = models.CharField(max_length=40, help_text="The supplier's or your own document.")
    quantity_expected = models.PositiveIntegerField(help_text="Pieces announced.")
    quantity_received = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    expected_on = models.DateField(help_text="The day they should arrive.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "level"], name="one_expectation_per_reference_and_level"
            ),
            models.CheckConstraint(
                condition=Q(quantity_received__lte=F("quantity_expected")),
                name="received_never_exceeds_expected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.quantity_expected - self.quantity_received} to come"
