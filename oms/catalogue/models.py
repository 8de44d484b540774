"""What is sold: SKUs and the barcodes that name them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper


class BackorderPolicy(models.TextChoices):
    """What happens to units that nothing can serve."""

    BACKORDER = "backorder", "Accept and wait for stock"
    PREORDER = "preorder", "Accept as far as announced deliveries reach"
    BLOCK = "block", "Refuse the order"


class Sku(models.Model):
    """The thing counted; quantities are integers in its base unit."""

    code = models.CharField(max_length=64, unique=True, help_text="Your own code; it never changes.")
    name = models.CharField(max_length=200, help_text="What staff and customers read.")
    weight_grams = models.PositiveIntegerField(
        null=True, blank=True, help_text="Weight of one base unit in grams; empty when not known."
    )
    length_mm = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of one base unit, in millimetres."
    )
    width_mm = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of one base unit, in millimetres."
    )
    height_mm = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of one base unit, in millimetres."
    )
    hazard = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        help_text="Class of dangerous goods, such as 3 or 9; empty for harmless ones.",
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
    backorder_limit = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Most pieces that may wait for stock over all orders; empty for no limit.",
    )
    base_unit = models.CharField(
        max_length=16, default="piece", db_default="piece", help_text="What one of it is: piece, gram, metre."
    )
    is_bundle = models.BooleanField(
        default=False, db_default=False, help_text="Made of other SKUs; nothing of it is kept itself."
    )
    is_lot_tracked = models.BooleanField(
        default=False, db_default=False, help_text="Every piece belongs to a lot."
    )
    is_serial_tracked = models.BooleanField(
        default=False, db_default=False, help_text="Every piece has a number of its own."
    )
    shelf_life_margin_days = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Days that a customer must be left with; sold until then."
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
            models.CheckConstraint(
                condition=Q(is_bundle=False) | Q(is_lot_tracked=False, is_serial_tracked=False),
                name="a_bundle_has_neither_lots_nor_serial_numbers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Pack(models.Model):
    """So many base units that are bought, moved or sold as one: a carton of 12."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="packs", help_text="What is in it.")
    name = models.CharField(max_length=40, help_text="Such as carton or 6-pack.")
    quantity = models.PositiveIntegerField(help_text="Base units in one pack.")

    class Meta:
        ordering = ["sku", "quantity"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "name"], name="a_pack_name_is_unique_for_its_sku"),
            models.CheckConstraint(condition=Q(quantity__gt=1), name="a_pack_holds_more_than_one"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.quantity}"


class BundleComponent(models.Model):
    """So many of a SKU in one bundle."""

    bundle = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="components", help_text="The set.")
    component = models.ForeignKey(
        Sku, on_delete=models.PROTECT, related_name="bundles", help_text="What is in it."
    )
    quantity = models.PositiveIntegerField(help_text="Base units of it in one bundle.")

    class Meta:
        ordering = ["bundle", "id"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "component"], name="a_bundle_names_a_component_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_bundle_has_some_of_each_component"),
            models.CheckConstraint(condition=~Q(bundle=F("component")), name="a_bundle_is_not_in_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.component.code}"


class Price(models.Model):
    """What one base unit of a SKU costs a customer on one price list, in one currency, from so many pieces on."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="prices", help_text="What is sold.")
    price_list = models.SlugField(
        max_length=32, default="standard", db_default="standard", help_text="Such as standard or wholesale."
    )
    currency = models.CharField(
        max_length=3, default="AUD", db_default="AUD", help_text="Currency of the price."
    )
    unit_price = models.DecimalField(
        max_digits=19,
        decimal_places=4,
        validators=[MinValueValidator(0)],
        help_text="Price of one base unit.",
    )
    from_quantity = models.PositiveIntegerField(
        default=1,
        db_default=1,
        validators=[MinValueValidator(1)],
        help_text="Pieces on one order line from which it counts.",
    )
    valid_from = models.DateField(null=True, blank=True, help_text="First day; empty: since ever.")
    valid_until = models.DateField(null=True, blank=True, help_text="Last day; empty: until further notice.")

    class Meta:
        ordering = ["sku", "price_list", "currency", "from_quantity", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["sku", "price_list", "currency", "from_quantity", "valid_from"],
                nulls_distinct=False,
                name="one_price_per_sku_list_currency_break_and_day",
            ),
            models.CheckConstraint(
                condition=Q(from_quantity__gt=0), name="a_price_break_begins_at_one_piece"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="a_price_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="a_price_is_never_negative"),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="a_price_currency_is_iso_4217"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_price:f} {self.currency}"


class Barcode(models.Model):
    """A code that a scanner reads and that means one SKU."""

    sku = models.ForeignKey(
        Sku, on_delete=models.CASCADE, related_name="barcodes", help_text="What it names."
    )
    code = models.CharField(max_length=64, unique=True, help_text="As the scanner types it.")
    pack = models.ForeignKey(
        Pack,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="barcodes",
        help_text="The pack that carries it; empty means one base unit.",
    )
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
