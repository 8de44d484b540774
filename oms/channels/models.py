"""Where orders come from, and the policies that each channel has."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from oms.catalogue.models import BackorderPolicy

# A preorder is bound to announced deliveries of one SKU, so only a SKU can ask for it.
BACKORDER_POLICIES = (BackorderPolicy.BACKORDER, BackorderPolicy.BLOCK)


class ChannelKind(models.TextChoices):
    """What stands behind a channel."""

    STOREFRONT = "storefront", "Web shop"
    MARKETPLACE = "marketplace", "Marketplace"
    WHOLESALE = "wholesale", "Wholesale"
    REST = "rest", "REST API"
    DESK = "desk", "Taken down by staff"


class PartialPolicy(models.TextChoices):
    """What happens when not all of an order can leave at once."""

    SPLIT = "split", "Ship what is there, the rest follows"
    TOGETHER = "together", "Wait until all of it is there"
    ASK = "ask", "Hold the order and ask a person"


class Channel(models.Model):
    """A place that sells for us, with its own rules."""

    code = models.SlugField(
        max_length=32, unique=True, help_text="Named in every order that comes from here."
    )
    name = models.CharField(max_length=80, help_text="What staff read.")
    kind = models.CharField(
        max_length=12,
        choices=ChannelKind,
        default=ChannelKind.REST,
        db_default="rest",
        help_text="What it is.",
    )
    currency = models.CharField(
        max_length=3, default="AUD", db_default="AUD", help_text="Its usual currency."
    )
    backorder_policy = models.CharField(
        max_length=10,
        choices=[(policy.value, policy.label) for policy in BACKORDER_POLICIES],
        default=BackorderPolicy.BACKORDER,
        db_default="backorder",
        help_text="For SKUs that have no policy of their own.",
    )
    partial_policy = models.CharField(
        max_length=10,
        choices=PartialPolicy,
        default=PartialPolicy.SPLIT,
        db_default="split",
        help_text="What happens when not all of an order can leave at once.",
    )
    stock_buffer = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Pieces of each SKU that this channel never sees."
    )
    cut_off = models.TimeField(
        null=True,
        blank=True,
        help_text="Orders until this hour, by the location's clock, leave the same day; empty: as the location says.",
    )
    handling_days = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        validators=[MaxValueValidator(60)],
        help_text="Working days that its orders take beyond the location's own.",
    )
    locations = models.ManyToManyField(
        "inventory.StockLocation",
        blank=True,
        related_name="channels",
        help_text="Who may ship its orders; none chosen means every location.",
    )
    is_active = models.BooleanField(default=True, db_default=True, help_text="Off: its orders are refused.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="a_channel_currency_is_iso_4217"
            ),
            models.CheckConstraint(
                condition=Q(partial_policy__in=PartialPolicy.values), name="a_channel_partial_policy_is_known"
            ),
            models.CheckConstraint(
                condition=Q(backorder_policy__in=[policy.value for policy in BACKORDER_POLICIES]),
                name="a_channel_backorder_policy_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
