"""Orders and their lines. Personal data stands apart, in ``OrderContact``, and can be erased."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now, Upper

from oms.orders.rules import (
    FIRST_PRIORITY,
    LAST_PRIORITY,
    NORMAL_PRIORITY,
    PARTIAL_POLICIES,
    CustomerType,
    OrderProgress,
    OrderState,
)


class Order(models.Model):
    """What a customer wants, as facts without personal data; the number is SO-<id>."""

    number = models.CharField(max_length=20)
    # Read, not locked, when it is written (flows 0002): every order of a channel would lock the same row.
    channel = models.ForeignKey(
        "channels.Channel",
        on_delete=models.PROTECT,
        related_name="orders",
        db_index=False,
        db_constraint=False,
    )
    external_number = models.CharField(max_length=64)
    customer_type = models.CharField(max_length=3, choices=[(kind.value, kind.name) for kind in CustomerType])
    # Known customers only; read, not locked, likewise.
    customer = models.ForeignKey(
        "orders.Customer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        db_index=False,
        db_constraint=False,
    )
    ship_country = models.CharField(max_length=2)
    ship_region = models.CharField(max_length=40, blank=True, default="", db_default="")
    ship_postcode = models.CharField(max_length=16, blank=True, default="", db_default="")
    currency = models.CharField(max_length=3)
    lines_minor = models.BigIntegerField()
    cancelled_minor = models.BigIntegerField(default=0, db_default=0)
    discount_minor = models.BigIntegerField(default=0, db_default=0)
    shipping_minor = models.BigIntegerField(default=0, db_default=0)
    tax_minor = models.BigIntegerField(default=0, db_default=0)
    total_minor = models.BigIntegerField()
    # Kept by triggers on invoices.
    invoiced_minor = models.BigIntegerField(default=0, db_default=0, editable=False)
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.name.title()) for state in OrderState],
        db_default="open",
        default=OrderState.OPEN.value,
    )
    progress = models.CharField(
        max_length=20, choices=[(step.value, step.name.title()) for step in OrderProgress], editable=False
    )
    status = models.GeneratedField(
        expression=Case(
            When(state__in=["on_hold", "cancelled"], then=F("state")),
            default=F("progress"),
        ),
        output_field=models.CharField(max_length=20),
        db_persist=True,
    )
    priority = models.PositiveSmallIntegerField(default=NORMAL_PRIORITY, db_default=NORMAL_PRIORITY)
    partial_policy = models.CharField(max_length=10, blank=True, default="", db_default="")
    is_residential = models.BooleanField(null=True, blank=True)
    terms_days = models.PositiveSmallIntegerField(null=True, blank=True)
    deliver_from = models.DateField(null=True, blank=True)
    deliver_until = models.DateField(null=True, blank=True)
    po_number = models.CharField(max_length=64, blank=True, default="", db_default="")
    shipping_option = models.CharField(max_length=32, blank=True, default="", db_default="")
    placed_at = models.DateTimeField()
    first_promise_by = models.DateTimeField(null=True, blank=True)
    promise_by = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(fields=["-placed_at", "-id"], name="orders_newest_first"),
            models.Index(fields=["status", "-placed_at", "-id"], name="orders_by_status"),
            models.Index(fields=["channel", "-placed_at", "-id"], name="orders_by_channel"),
            models.Index(
                fields=["promise_by", "id"],
                name="open_orders_by_promise",
                condition=Q(state__in=["open", "on_hold"], promise_by__isnull=False),
            ),
            models.Index(
                fields=["deliver_until", "id"],
                name="open_orders_by_window",
                condition=Q(state__in=["open", "on_hold"], deliver_until__isnull=False),
            ),
            models.Index(
                fields=["customer", "-placed_at", "-id"],
                name="orders_of_a_customer",
                condition=Q(customer__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="one_order_per_number"),
            models.UniqueConstraint(
                fields=["channel", "external_number"], name="one_order_per_channel_number"
            ),
            models.CheckConstraint(
                condition=Q(
                    total_minor=F("lines_minor")
                    - F("cancelled_minor")
                    - F("discount_minor")
                    + F("shipping_minor")
                    + F("tax_minor")
                ),
                name="an_order_total_is_the_sum_of_its_parts",
            ),
            models.CheckConstraint(
                condition=Q(
                    lines_minor__gte=F("cancelled_minor"),
                    cancelled_minor__gte=0,
                    discount_minor__gte=0,
                    shipping_minor__gte=0,
                    tax_minor__gte=0,
                ),
                name="no_part_of_an_order_total_is_negative",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="an_order_currency_is_iso_4217"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in OrderState]), name="an_order_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(progress__in=[step.value for step in OrderProgress]),
                name="an_order_progress_is_known",
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=[kind.value for kind in CustomerType]),
                name="an_order_customer_type_is_known",
            ),
            models.CheckConstraint(
                condition=Q(priority__gte=FIRST_PRIORITY, priority__lte=LAST_PRIORITY),
                name="an_order_priority_is_from_1_to_9",
            ),
            models.CheckConstraint(
                condition=Q(partial_policy__in=["", *PARTIAL_POLICIES]),
                name="an_order_partial_policy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(deliver_from__isnull=True)
                | Q(deliver_until__isnull=True)
                | Q(deliver_until__gte=F("deliver_from")),
                name="a_delivery_window_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class OrderContact(models.Model):
    """The personal data of an order; erasing it leaves every figure as it was."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="contact")
    customer_name = models.CharField(max_length=200, blank=True, default="")
    customer_email = models.CharField(max_length=254, blank=True, default="")
    shipping_address = models.JSONField(default=dict)
    billing_address = models.JSONField(default=dict)
    gift_message = models.CharField(max_length=500, blank=True, default="")
    notes = models.CharField(max_length=2000, blank=True, default="")
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            GinIndex(OpClass(Upper("customer_name"), name="gin_trgm_ops"), name="contact_name_trigrams"),
            models.Index(Upper("customer_email"), name="contact_by_mail"),
        ]

    def __str__(self) -> str:
        return f"contact of order {self.order_id}"


class OrderLine(models.Model):
    """How many pieces of one SKU, and what became of them.

    ``quantity_allocated`` and ``quantity_shipped`` are running totals of the line's reservations, kept by triggers.
    """

    # Parents are found by one statement for all rows that are written at once (flows 0012).
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="lines", db_index=False, db_constraint=False
    )
    position = models.PositiveSmallIntegerField()
    sku = models.ForeignKey(
        "catalogue.Sku", on_delete=models.PROTECT, related_name="order_lines", db_constraint=False
    )
    quantity_ordered = models.PositiveIntegerField()
    quantity_allocated = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    quantity_waiting = models.PositiveIntegerField(default=0, db_default=0)
    quantity_shipped = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    quantity_cancelled = models.PositiveIntegerField(default=0, db_default=0)
    quantity_unplanned = models.GeneratedField(
        expression=F("quantity_ordered")
        - F("quantity_allocated")
        - F("quantity_waiting")
        - F("quantity_shipped")
        - F("quantity_cancelled"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)
    total_minor = models.BigIntegerField()
    # The line is then a component, and so many pieces of it are in one bundle.
    bundle_line = models.ForeignKey(
        "orders.BundleLine",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="components",
        db_index=False,
    )
    quantity_per_bundle = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["order", "position"]
        indexes = [
            models.Index(
                fields=["sku", "order"], name="lines_waiting_for_stock", condition=Q(quantity_waiting__gt=0)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="one_line_per_position"),
            models.CheckConstraint(condition=Q(quantity_ordered__gt=0), name="a_line_orders_something"),
            models.CheckConstraint(
                condition=Q(
                    quantity_ordered__gte=F("quantity_allocated")
                    + F("quantity_waiting")
                    + F("quantity_shipped")
                    + F("quantity_cancelled")
                ),
                name="the_parts_of_a_line_never_exceed_what_was_ordered",
            ),
            models.CheckConstraint(
                condition=Q(bundle_line__isnull=True, quantity_per_bundle__isnull=True)
                | Q(bundle_line__isnull=False, quantity_per_bundle__gt=0),
                name="a_component_says_how_many_are_in_its_bundle",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0, total_minor__gte=0), name="a_line_price_is_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.position} of order {self.order_id}"


class BundleLine(models.Model):
    """Bundles as the customer ordered them; what is set aside and shipped are the lines of their components."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="bundle_lines")
    position = models.PositiveSmallIntegerField()
    sku = models.ForeignKey(
        "catalogue.Sku", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    quantity_ordered = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)
    total_minor = models.BigIntegerField()

    class Meta:
        ordering = ["order", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="one_bundle_line_per_position"),
            models.CheckConstraint(
                condition=Q(quantity_ordered__gt=0), name="a_bundle_line_orders_something"
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.position} of order {self.order_id}"
