"""One order's work at one location: what to pick, what was packed, what left."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from fulfilment.rules import GROWING, LIVE_WORK, AddressAsk, AskState, RequestStatus, ScanKind, WorkStatus
from inventory.models.calendars import working_week


def _choices(words):
    return [(word.value, word.name.replace("_", " ").capitalize()) for word in words]


class FulfilmentOrder(models.Model):
    """The work of one order at one location; the number is FO-<order>-<sequence>."""

    number = models.CharField(max_length=24)
    # Parents are found by one statement for all rows that are written at once (flows 0012).
    order = models.ForeignKey(
        "orders.Order",
        on_delete=models.PROTECT,
        related_name="fulfilment_orders",
        db_index=False,
        db_constraint=False,
    )
    sequence = models.PositiveSmallIntegerField()
    location = models.ForeignKey(
        "inventory.StockLocation",
        on_delete=models.PROTECT,
        related_name="fulfilment_orders",
        db_index=False,
        db_constraint=False,
    )
    decision = models.ForeignKey(
        "routing.RoutingDecision",
        on_delete=models.PROTECT,
        related_name="fulfilment_orders",
        db_index=False,
        db_constraint=False,
    )
    carrier = models.CharField(max_length=32, blank=True, default="", db_default="")
    service = models.CharField(max_length=32, blank=True, default="", db_default="")
    expected_cost_minor = models.BigIntegerField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=_choices(WorkStatus), default="open", db_default="open")
    request_status = models.CharField(
        max_length=12, choices=_choices(RequestStatus), default="queued", db_default="queued"
    )
    rejection_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    acknowledge_by = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        "core.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claimed_work",
        db_index=False,
    )
    claimed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["opened_at", "id"]
        indexes = [
            models.Index(fields=["location", "status", "opened_at", "id"], name="work_queue_of_a_location"),
            models.Index(fields=["status", "opened_at", "id"], name="work_by_status"),
            models.Index(fields=["claimed_by"], name="work_in_hand", condition=Q(claimed_by__isnull=False)),
            models.Index(
                fields=["acknowledge_by"],
                name="work_awaiting_an_answer",
                condition=Q(request_status__in=["queued", "sent"], acknowledge_by__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="one_fulfilment_order_per_number"),
            models.UniqueConstraint(fields=["order", "sequence"], name="one_fulfilment_order_per_sequence"),
            models.UniqueConstraint(
                fields=["order", "location"],
                condition=Q(**GROWING),
                name="one_open_request_per_order_and_location",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in WorkStatus]), name="a_work_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(request_status__in=[status.value for status in RequestStatus]),
                name="a_request_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(request_status="rejected") | ~Q(status__in=sorted(LIVE_WORK)),
                name="rejected_work_is_not_live",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class FulfilmentOrderLine(models.Model):
    """Pieces of one allocation to be picked, packed and shipped here."""

    # Found by one statement for all rows that are written at once (flows 0012).
    fulfilment_order = models.ForeignKey(
        FulfilmentOrder, on_delete=models.CASCADE, related_name="lines", db_constraint=False
    )
    allocation = models.OneToOneField(
        "routing.Allocation", on_delete=models.PROTECT, related_name="work_line", db_constraint=False
    )
    # That of the order line; invariant I20 compares the two.
    sku = models.ForeignKey(
        "catalogue.Sku", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    quantity = models.PositiveIntegerField()
    quantity_picked = models.PositiveIntegerField(default=0, db_default=0)
    quantity_packed = models.PositiveIntegerField(default=0, db_default=0)
    quantity_shipped = models.PositiveIntegerField(default=0, db_default=0)
    quantity_cancelled = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_work_line_asks_for_something"),
            models.CheckConstraint(
                condition=Q(
                    quantity_shipped__lte=F("quantity_packed"),
                    quantity_packed__lte=F("quantity_picked"),
                    quantity__gte=F("quantity_picked") + F("quantity_cancelled"),
                ),
                name="shipped_within_packed_within_picked_within_asked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku_id}"


class CancellationRequest(models.Model):
    """We ask a partner that has confirmed the work to leave pieces out; it may refuse."""

    fulfilment_order = models.ForeignKey(
        FulfilmentOrder, on_delete=models.PROTECT, related_name="cancellations"
    )
    state = models.CharField(
        max_length=9, choices=_choices(AskState), default="requested", db_default="requested"
    )
    reason_code = models.CharField(max_length=32, blank=True, default="", db_default="")
    reason = models.CharField(max_length=200)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answered_by = models.CharField(max_length=80, blank=True, default="", db_default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["answer_by"], name="cancellations_to_answer", condition=Q(state="requested"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["fulfilment_order"],
                condition=Q(state="requested"),
                name="work_is_asked_to_cancel_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in AskState]),
                name="a_cancellation_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", answered_at__isnull=True)
                | ~Q(state="requested") & Q(answered_at__isnull=False),
                name="a_cancellation_is_answered_at_an_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(answer=""), name="a_refused_cancellation_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"cancellation of {self.fulfilment_order_id}"


class CancellationLine(models.Model):
    """Pieces of one work line that the partner is asked to leave out."""

    request = models.ForeignKey(CancellationRequest, on_delete=models.CASCADE, related_name="lines")
    work_line = models.ForeignKey(FulfilmentOrderLine, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "work_line"], name="a_cancellation_names_a_work_line_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_cancellation_is_for_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.work_line_id}"


class AddressRequest(models.Model):
    """We ask a partner that has confirmed the work to send it elsewhere; where to stands with the order's change."""

    fulfilment_order = models.ForeignKey(
        FulfilmentOrder, on_delete=models.PROTECT, related_name="address_requests"
    )
    change = models.ForeignKey("orders.AddressChange", on_delete=models.PROTECT, related_name="requests")
    state = models.CharField(
        max_length=9, choices=_choices(AddressAsk), default="requested", db_default="requested"
    )
    requested_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    answered_by = models.CharField(max_length=80, blank=True, default="", db_default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["answer_by"], name="addresses_to_answer", condition=Q(state="requested"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["fulfilment_order"],
                condition=Q(state="requested"),
                name="work_is_asked_for_one_address_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["change", "fulfilment_order"], name="work_is_asked_once_for_an_address"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in AddressAsk]),
                name="an_address_answer_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", answered_by="", answered_at__isnull=True)
                | ~Q(state="requested") & ~Q(answered_by="") & Q(answered_at__isnull=False),
                name="an_address_answer_has_its_time_and_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(answer=""), name="a_refused_address_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"address of {self.fulfilment_order_id}"


class Shipment(models.Model):
    """What left a location at one hand-over."""

    number = models.CharField(max_length=24, unique=True)
    fulfilment_order = models.ForeignKey(FulfilmentOrder, on_delete=models.PROTECT, related_name="shipments")
    shipped_at = models.DateTimeField()
    shipped_by = models.CharField(max_length=80)

    class Meta:
        ordering = ["shipped_at", "id"]
        indexes = [models.Index(fields=["-shipped_at", "-id"], name="shipments_newest_first")]

    def __str__(self) -> str:
        return self.number


class Parcel(models.Model):
    """One box, packed and perhaps gone; (carrier, tracking number) names it once."""

    number = models.CharField(max_length=24, unique=True)
    fulfilment_order = models.ForeignKey(FulfilmentOrder, on_delete=models.PROTECT, related_name="parcels")
    shipment = models.ForeignKey(
        Shipment, on_delete=models.PROTECT, null=True, blank=True, related_name="parcels"
    )
    carrier = models.CharField(max_length=32, blank=True, default="", db_default="")
    service = models.CharField(max_length=32, blank=True, default="", db_default="")
    tracking_number = models.CharField(max_length=64, blank=True, default="", db_default="")
    weight_grams = models.PositiveIntegerField(null=True, blank=True)
    box = models.CharField(max_length=16, blank=True, default="", db_default="")
    packed_at = models.DateTimeField()
    packed_by = models.CharField(max_length=80)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "tracking_number"],
                condition=Q(voided_at__isnull=True) & ~Q(tracking_number=""),
                name="a_tracking_number_belongs_to_one_parcel",
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | Q(shipment__isnull=True),
                name="a_parcel_that_left_is_not_void",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ParcelLine(models.Model):
    """Pieces of one work line in a parcel."""

    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="lines")
    work_line = models.ForeignKey(FulfilmentOrderLine, on_delete=models.PROTECT, related_name="parcel_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parcel", "work_line"], name="one_parcel_line_per_work_line"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_parcel_line_holds_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} in {self.parcel_id}"


class Scan(models.Model):
    """One floor scan and its one effect; the key comes from the device."""

    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=4, choices=_choices(ScanKind))
    work_line = models.ForeignKey(FulfilmentOrderLine, on_delete=models.CASCADE, related_name="scans")
    code = models.CharField(max_length=128)
    quantity = models.IntegerField()
    is_typed = models.BooleanField(default=False, db_default=False)
    scanned_by = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    scanned_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by"
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="a_scan_counts_something")]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} of {self.work_line_id}"


class CarrierService(models.Model):
    """A service of a carrier, by the codes of the rate cards, and the days on which it delivers."""

    carrier = models.SlugField(max_length=32, help_text="The carrier's code, as on rate cards.")
    service = models.SlugField(max_length=32, help_text="The service's code, as on rate cards.")
    name = models.CharField(max_length=80, help_text="What staff and customers read.")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        default=working_week,
        help_text="Days on which it moves and delivers parcels, 1 for Monday to 7 for Sunday.",
    )
    rests_on_holidays = models.BooleanField(
        default=True, db_default=True, help_text="On: not on public holidays of the destination."
    )

    class Meta:
        ordering = ["carrier", "service"]
        constraints = [
            models.UniqueConstraint(fields=["carrier", "service"], name="a_carrier_has_a_service_once"),
            models.CheckConstraint(
                condition=Q(weekdays__len__gt=0) & Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]),
                name="a_service_delivers_on_some_day_of_the_week",
            ),
        ]

    def __str__(self) -> str:
        return self.name
