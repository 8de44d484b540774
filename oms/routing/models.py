"""Rule sets and their versions, zones and rates, and the decisions that were made by them.

The database bumps ``RoutingStamp`` whenever anything that the planner reads changes (migration 0002), so
that one integer tells a process whether what it prepared still holds.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from oms.routing.rules import Criterion, IfNone, RuleSetStatus


def _choices(words):
    return [(word.value, word.name.replace("_", " ").capitalize()) for word in words]


class RuleSet(models.Model):
    """Rules for the orders of a channel and a customer type; the most particular live set counts."""

    name = models.CharField(max_length=80, unique=True, help_text="What staff call it.")
    channel = models.ForeignKey(
        "channels.Channel",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rule_sets",
        help_text="Only for orders of this channel; empty for all.",
    )
    customer_type = models.CharField(
        max_length=3,
        blank=True,
        default="",
        db_default="",
        choices=[("b2c", "B2C"), ("b2b", "B2B")],
        help_text="Only for consumers or only for businesses; empty for both.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "customer_type"],
                nulls_distinct=False,
                name="one_rule_set_per_channel_and_customer_type",
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=["", "b2c", "b2b"]), name="a_rule_set_customer_type_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleSetVersion(models.Model):
    """One wording of a rule set; once published it never changes."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(editable=False)
    status = models.CharField(
        max_length=9,
        choices=_choices(RuleSetStatus),
        default=RuleSetStatus.DRAFT.value,
        db_default="draft",
        editable=False,
    )
    criteria = ArrayField(
        models.CharField(max_length=16, choices=_choices(Criterion)),
        default=list,
        help_text="What makes a plan better, strongest first: cost, days, parcels, distance.",
    )
    weights = ArrayField(
        models.PositiveIntegerField(),
        default=list,
        blank=True,
        db_default=[],
        help_text="Empty: strictly in that order. Else one weight per criterion, and they are added up.",
    )
    split_penalty_minor = models.PositiveIntegerField(
        default=0, db_default=0, help_text="What each parcel after the first counts extra, in cents."
    )
    max_parcels = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(64)],
        help_text="No order is split into more; empty for no limit.",
    )
    if_none = models.CharField(
        max_length=9,
        choices=_choices(IfNone),
        default=IfNone.BACKORDER.value,
        db_default="backorder",
        help_text="What happens to an order that the rules leave no site for.",
    )
    note = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="What is new in this version."
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["rule_set", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["rule_set"],
                condition=Q(status="published"),
                name="one_published_version_per_rule_set",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in RuleSetStatus]),
                name="a_version_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False),
                name="a_published_version_has_its_hour",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
                name="nobody_publishes_their_own_draft",
            ),
            models.CheckConstraint(condition=Q(criteria__len__gt=0), name="a_version_ranks_by_something"),
            models.CheckConstraint(
                condition=Q(weights__len=0) | Q(weights__len=F("criteria__len")),
                name="a_mix_has_a_weight_per_criterion",
            ),
            models.CheckConstraint(
                condition=Q(max_parcels__isnull=True) | Q(max_parcels__gte=1),
                name="at_least_one_parcel_is_allowed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_set} v{self.number}"


class RuleRow(models.Model):
    """One rule of a version: when all conditions hold, all actions are done."""

    version = models.ForeignKey(RuleSetVersion, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(help_text="Rules are asked from the lowest number up.")
    conditions = models.JSONField(
        default=list,
        blank=True,
        help_text='Such as [{"fact": "value", "test": "above", "number": 50000}]; none means always.',
    )
    actions = models.JSONField(
        default=list, help_text='Such as [{"does": "require", "sites": {"codes": ["PER"]}}].'
    )

    class Meta:
        verbose_name = "rule"
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"],
                name="one_rule_per_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.position} of version {self.version_id}"


class Zone(models.Model):
    """Destinations that cost the same to reach."""

    code = models.SlugField(max_length=16, unique=True, help_text="Short, such as AU-WA.")
    name = models.CharField(max_length=80, help_text="What staff read.")
    latitude = models.DecimalField(
        max_digits=8, decimal_places=5, null=True, blank=True, help_text="Of its centre; for distances."
    )
    longitude = models.DecimalField(
        max_digits=8, decimal_places=5, null=True, blank=True, help_text="Of its centre; for distances."
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ZonePrefix(models.Model):
    """Which addresses a zone has; of several that fit, the longest postcode wins, then the region."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="prefixes")
    country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        db_default="",
        help_text="ISO 3166-1 code; empty for the rest of the world.",
    )
    region = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="State or province in capitals; empty for all.",
    )
    postcode_prefix = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text="How the postcode begins; empty for all.",
    )

    class Meta:
        verbose_name_plural = "zone prefixes"
        ordering = ["country", "region", "postcode_prefix"]
        constraints = [
            models.UniqueConstraint(
                fields=["country", "region", "postcode_prefix"], name="an_address_is_in_one_zone"
            ),
            models.CheckConstraint(
                condition=Q(country__regex="^([A-Z]{2})?$"), name="a_zone_country_is_iso_3166_or_empty"
            ),
            models.CheckConstraint(
                condition=~Q(country="") | Q(region="", postcode_prefix=""),
                name="regions_and_postcodes_belong_to_a_country",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(
            part for part in (self.country or "anywhere", self.region, self.postcode_prefix) if part
        )


class RateCard(models.Model):
    """What one carrier's service charges from one location."""

    location = models.ForeignKey(
        "inventory.StockLocation",
        on_delete=models.PROTECT,
        related_name="rate_cards",
        help_text="Where parcels start.",
    )
    carrier = models.SlugField(max_length=32, help_text="The carrier's code, such as auspost.")
    service = models.SlugField(max_length=32, help_text="The service's code, such as standard.")
    name = models.CharField(max_length=80, help_text="What staff read, such as Parcel Post.")
    currency = models.CharField(
        max_length=3, default="AUD", db_default="AUD", help_text="All rate cards share one currency."
    )
    valid_from = models.DateField(help_text="First day on which it counts.")
    valid_until = models.DateField(
        null=True, blank=True, help_text="First day on which it no longer counts; empty while there is none."
    )

    class Meta:
        ordering = ["location", "carrier", "service", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["location", "carrier", "service", "valid_from"],
                name="one_rate_card_per_service_and_day",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="a_rate_card_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="a_rate_currency_is_iso_4217"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.location_id}"

    def clean(self) -> None:
        """Costs of different currencies cannot be compared, so all cards have the same."""
        other = (
            RateCard.objects.exclude(pk=self.pk)
            .exclude(currency=self.currency)
            .values_list("currency")
            .first()
        )
        if other:
            raise ValidationError({"currency": f"All rate cards share one currency: {other[0]}."})


class Rate(models.Model):
    """What a parcel of up to this weight costs to this zone, and how many days it takes."""

    rate_card = models.ForeignKey(RateCard, on_delete=models.CASCADE, related_name="rates")
    zone = models.ForeignKey(
        Zone, on_delete=models.PROTECT, related_name="rates", help_text="Where parcels go."
    )
    up_to_grams = models.PositiveIntegerField(
        null=True, blank=True, help_text="Heaviest parcel at this rate; empty for no limit."
    )
    cost_minor = models.PositiveIntegerField(help_text="Cost of one parcel in cents.")
    days = models.PositiveSmallIntegerField(help_text="Working days from hand-over to delivery.")

    class Meta:
        ordering = ["rate_card", "zone", F("up_to_grams").asc(nulls_last=True)]
        constraints = [
            models.UniqueConstraint(
                fields=["rate_card", "zone", "up_to_grams"],
                nulls_distinct=False,
                name="one_rate_per_zone_and_weight",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cost_minor} up to {self.up_to_grams or 'any'} g"


class RoutingStamp(models.Model):
    """One row whose value is new whenever anything that the planner reads has changed."""

    value = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_routing_stamp")]

    def __str__(self) -> str:
        return str(self.value)


class RoutingDecision(models.Model):
    """Why an order is served from where it is; never changed. Without a version no rules were published."""

    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="routing_decisions", db_index=False
    )
    attempt = models.PositiveIntegerField()
    decided_at = models.DateTimeField()
    version = models.ForeignKey(
        RuleSetVersion, models.PROTECT, null=True, blank=True, related_name="decisions", db_constraint=False
    )
    explanation = models.JSONField()
    cost_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    parcels = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "attempt"], name="one_decision_per_order_and_attempt"),
            models.CheckConstraint(condition=Q(cost_minor__gte=0), name="a_plan_never_earns_money"),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class Allocation(models.Model):
    """The decision that pieces of an order line are served from this reservation."""

    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="allocations")
    reservation = models.OneToOneField(
        "inventory.Reservation", on_delete=models.PROTECT, related_name="allocation"
    )
    decision = models.ForeignKey(
        RoutingDecision, on_delete=models.PROTECT, related_name="allocations", db_index=False
    )
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="an_allocation_serves_something")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"
