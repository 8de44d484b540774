"""What is sold: SKUs and the barcodes that name them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper


class BackorderPolicy(models.TextChoices):
    """What happens to units that nothing can serve."""

    BACKORDER = "backorder", "Accept and wait for stock"
    BLOCK = "block", "Refuse the order"


class Sku(models.Model):
    """The thing counted; quantities are integers in its base unit."""

    code = models.CharField(max_length=64, unique=True, help_text="Your own code; it never changes.")
    name = models.CharField(max_length=200, help_text="What staff and customers read.")
    weight_grams = models.PositiveIntegerField(
        null=True, blank=True, help_text="Weight of one base unit in grams; empty when not known."
    )
    unit_cost = models.DecimalField(
        max_digits=19,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="What one base unit costs you.",
    )
    currency = models.CharField(
        max_length=3, default="AUD", db_default="AUD", help_text="Currency of the cost."
    )
    category = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="For rules and reports."
    )
    tags = ArrayField(
        models.CharField(max_length=32),
        blank=True,
        default=list,
        db_default=[],
        help_text="Words that routing rules can ask for, separated by commas.",
    )
    backorder_policy = models.CharField(
        max_length=10,
        choices=BackorderPolicy,
        blank=True,
        default="",
        db_default="",
        help_text="Empty: the channel decides.",
    )
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="Off: no new orders are taken for it."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "SKU"
        ordering = ["code"]
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="sku_name_trigrams"),
            GinIndex(OpClass(Upper("code"), name="gin_trgm_ops"), name="sku_code_trigrams"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="a_sku_has_a_code"),
            models.CheckConstraint(
                condition=Q(unit_cost__isnull=True) | Q(unit_cost__gte=0),
                name="a_unit_cost_is_never_negative",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="a_sku_currency_is_iso_4217"
            ),
            models.CheckConstraint(
                condition=Q(backorder_policy__in=["", *BackorderPolicy.values]), name="a_sku_policy_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Barcode(models.Model):
    """A code that a scanner reads and that means one SKU."""

    sku = models.ForeignKey(
        Sku, on_delete=models.CASCADE, related_name="barcodes", help_text="What it names."
    )
    code = models.CharField(max_length=64, unique=True, help_text="As the scanner types it.")
    is_primary = models.BooleanField(default=False, db_default=False, help_text="The one that is printed.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="a_barcode_has_a_code"),
            models.UniqueConstraint(
                fields=["sku"], condition=Q(is_primary=True), name="a_sku_has_one_primary_barcode"
            ),
        ]

    def __str__(self) -> str:
        return self.code
