"""Where stock stands: locations and the bins within them."""

from django.db import models
from django.db.models import Q

from inventory.rules import SHIPPING, BinKind, LocationKind, ReportPolicy


class StockLocation(models.Model):
    """A place that holds stock."""

    code = models.SlugField(max_length=16, unique=True, help_text="Short and for ever, such as PER.")
    name = models.CharField(max_length=80, help_text="What staff call it.")
    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.name.title()) for kind in LocationKind],
        default=LocationKind.OWN.value,
        db_default=LocationKind.OWN.value,
        help_text="Own warehouse, partner (3PL), drop-ship supplier, or goods on their way.",
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
    is_bin_managed = models.BooleanField(
        default=False,
        db_default=False,
        help_text="On: every piece here stands in a bin; switched by an action, not by hand.",
    )
    report_policy = models.CharField(
        max_length=8,
        choices=[(policy.value, policy.name.title()) for policy in ReportPolicy],
        default=ReportPolicy.COMPARE.value,
        db_default=ReportPolicy.COMPARE.value,
        help_text="What its own stock reports are good for: to compare with ours, or to sell from.",
    )
    adjustment_limit = models.DecimalField(
        max_digits=19,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Above this value a correction needs a second person; empty: the house's own limit.",
    )
    orders_per_day = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Orders that it can pack in a day, for routing rules; empty: not known.",
    )
    is_insured = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Parcels from here are insured; routing rules can ask for it.",
    )
    report_counts_our_orders = models.BooleanField(
        default=False,
        db_default=False,
        help_text="On: its reports have already left out what our open orders will take.",
    )

    class Meta:
        ordering = ["priority", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in LocationKind]), name="a_location_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(report_policy__in=[policy.value for policy in ReportPolicy]),
                name="a_report_policy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(kind__in=[kind.value for kind in SHIPPING]),
                name="only_shipping_places_are_routed_to",
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
    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.name.title()) for kind in BinKind],
        default=BinKind.STORAGE.value,
        db_default=BinKind.STORAGE.value,
        help_text="Goods arrive in receiving, wait for their parcel in staging, and stand in storage.",
    )
    path_position = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The walk goes by this number."
    )
    is_pickable = models.BooleanField(
        default=True, db_default=True, help_text="Off for reserve and inspection shelves."
    )

    capacity = models.PositiveIntegerField(
        null=True, blank=True, help_text="Pieces that fit; empty when it does not matter."
    )

    class Meta:
        ordering = ["location", "path_position", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in BinKind]), name="a_bin_kind_is_known"
            ),
            models.UniqueConstraint(
                fields=["location", "kind"],
                condition=Q(kind__in=["receiving", "staging"]),
                name="a_location_has_one_receiving_and_one_staging_bin",
            ),
            models.UniqueConstraint(fields=["location", "code"], name="a_bin_code_is_unique_in_its_location"),
        ]

    def __str__(self) -> str:
        return self.code
