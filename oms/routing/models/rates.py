"""Zones and what carriers charge to reach them.

The database bumps ``RoutingStamp`` whenever anything that the planner reads changes (migration 0002), so
that one integer tells a process whether what it prepared still holds.
"""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q


def _degrees(of):
    return models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True, help_text=of)


class Zone(models.Model):
    """Destinations that cost the same to reach."""

    code = models.SlugField(max_length=16, unique=True, help_text="Short, such as AU-WA.")
    name = models.CharField(max_length=80, help_text="What staff read.")
    latitude = _degrees("Of its centre; for distances.")
    longitude = _degrees("Of its centre; for distances.")

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
    latitude = _degrees("Of these addresses; else its zone's.")
    longitude = _degrees("Of these addresses; else its zone's.")

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
        return f"{self.cost_minor} up to {self.up_to} g"

    @property
    def up_to(self) -> int | str:
        """The heaviest parcel in grams, or that there is no limit."""
        return "any" if self.up_to_grams is None else self.up_to_grams


class RoutingStamp(models.Model):
    """One row whose value is new whenever anything that the planner reads has changed."""

    value = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there_is_one_routing_stamp")]

    def __str__(self) -> str:
        return str(self.value)
