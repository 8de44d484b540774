"""The columns of each kind of file, both ways: one resource per kind, shared by every door."""

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.db.models import QuerySet
from import_export.fields import Field

from inventory.models import Bin, StockLevel, StockLocation
from inventory.rules import STOCK_KEEPING, BinKind
from oms.catalogue.models import BackorderPolicy, Barcode, Price, Sku
from oms.imports import cells
from oms.imports.columns import Columns
from oms.imports.order_columns import OrderColumns
from oms.imports.rules import Kind
from oms.imports.widgets import Cell, Cents, Letters, Number, OneOf, Text
from oms.routing import queries as routing_queries
from oms.routing.models import Rate, ZonePrefix


class StockColumns(Columns):
    """A dated count of a SKU at a location, perhaps of one bin and lot of it."""

    sku = Field("sku__code", "sku", Cell(cells.sku_code))
    location = Field("location__code", "location", Text(80))
    on_hand = Field("on_hand", "on_hand", Number(cells.whole_number))
    bin = Field("bin", "bin", Text(24))
    lot = Field("lot", "lot", Text(40))
    expires_on = Field("expires_on", "expires_on", Cell(cells.day, reads_marks=True))
    counted_at = Field("counted_at", "counted_at", Cell(cells.instant, reads_marks=True))

    needed = ("sku", "location", "on_hand")
    key = ("sku", "location", "bin", "lot")
    location_path = "location__code"
    aliases: ClassVar = {
        "sku": ("item", "item code", "product code", "article", "variant sku", "stock code", "artikel"),
        "location": ("site", "warehouse", "location name", "location code", "store", "lager"),
        "on_hand": (
            *(
                "on hand",
                "on hand (current)",
                "on hand (new)",
                "quantity",
                "qty",
                "count",
                "counted",
                "stock",
            ),
            *("quantity on hand", "stock on hand", "soh", "bestand", "variant inventory qty"),
        ),
        "bin": ("bin name", "shelf", "bin code", "bin location"),
        "lot": ("batch", "lot number", "batch number", "lot code"),
        "expires_on": ("expiry", "expires", "expiry date", "best before", "use by"),
        "counted_at": ("counted", "counted on", "count date", "as of", "date"),
    }

    class Meta:
        model = StockLevel
        fields = ("sku", "location", "on_hand", "bin", "lot", "expires_on", "counted_at")

    def queryset(self) -> "QuerySet[Any]":
        """Every level; one that is kept by bin or lot comes as the rows of what it holds."""
        return StockLevel.objects.select_related("sku", "location").order_by("sku__code", "location__code")


class SkuColumns(Columns):
    """A SKU and its first barcode."""

    sku = Field("code", "sku", Cell(cells.sku_code))
    name = Field("name", "name", Text(200))
    barcode = Field("primary_barcode", "barcode", Cell(cells.barcode))
    weight_grams = Field("weight_grams", "weight_grams", Number(cells.whole_number))
    unit_cost = Field("unit_cost", "unit_cost", Number(cells.not_negative))
    currency = Field("currency", "currency", Letters(3))
    category = Field("category", "category", Text(64))
    tags = Field("tags", "tags", Cell(cells.tags))
    backorder_policy = Field("backorder_policy", "backorder_policy", OneOf(tuple(BackorderPolicy.values)))
    is_active = Field("is_active", "is_active", Cell(cells.flag))

    needed = ("sku",)
    needed_new = ("name",)
    key = ("sku",)
    costs = frozenset({"unit_cost", "currency"})
    aliases: ClassVar = {
        "sku": ("code", "item", "item code", "product code", "variant sku", "article"),
        "name": ("title", "description", "product", "product name", "item name"),
        "barcode": ("ean", "gtin", "upc", "variant barcode", "ean13"),
        "weight_grams": ("weight", "grams", "weight g", "variant grams", "weight (g)"),
        "unit_cost": ("cost", "cost price", "cost per item", "unit cost"),
        "category": ("type", "product type", "group"),
        "is_active": ("active", "enabled"),
    }

    class Meta:
        model = Sku
        fields = (
            *("sku", "name", "barcode", "weight_grams", "unit_cost", "currency", "category", "tags"),
            *("backorder_policy", "is_active"),
        )

    def queryset(self) -> "QuerySet[Any]":
        """Every SKU by code, with its barcodes."""
        return Sku.objects.prefetch_related("barcodes").order_by("code")

    def dehydrate_barcode(self, sku: Sku) -> str:
        """The barcode that is printed."""
        return next((barcode.code for barcode in sku.barcodes.all() if barcode.is_primary), "")


class BarcodeColumns(Columns):
    """A barcode and the SKU it means."""

    barcode = Field("code", "barcode", Cell(cells.barcode))
    sku = Field("sku__code", "sku", Cell(cells.sku_code))
    is_primary = Field("is_primary", "is_primary", Cell(cells.flag))

    needed = ("barcode", "sku")
    key = ("barcode",)
    aliases: ClassVar = {
        "barcode": ("ean", "gtin", "upc", "code", "variant barcode"),
        "sku": ("item", "item code", "product code", "variant sku"),
        "is_primary": ("primary", "main"),
    }

    class Meta:
        model = Barcode
        fields = ("barcode", "sku", "is_primary")

    def queryset(self) -> "QuerySet[Any]":
        """Every barcode, by SKU."""
        return Barcode.objects.select_related("sku").order_by("sku__code", "code")


class PriceColumns(Columns):
    """What a SKU costs a customer on a price list, in a currency."""

    sku = Field("sku__code", "sku", Cell(cells.sku_code))
    price_list = Field("price_list", "price_list", Text(32))
    currency = Field("currency", "currency", Letters(3))
    unit_price = Field("unit_price", "unit_price", Number(cells.not_negative))
    from_quantity = Field("from_quantity", "from_quantity", Number(cells.whole_number))
    valid_from = Field("valid_from", "valid_from", Cell(cells.day, reads_marks=True))
    valid_until = Field("valid_until", "valid_until", Cell(cells.day, reads_marks=True))

    needed = ("sku", "unit_price")
    key = ("sku", "price_list", "from_quantity", "valid_from", "currency")
    aliases: ClassVar = {
        "sku": ("item", "item code", "product code", "variant sku"),
        "price_list": ("list", "list code", "price list"),
        "unit_price": ("price", "unit price", "variant price", "list price", "amount"),
        "from_quantity": ("from", "min quantity", "minimum quantity", "break", "quantity from"),
        "valid_from": ("from date", "starts", "start date"),
        "valid_until": ("until", "ends", "end date"),
    }

    class Meta:
        model = Price
        fields = ("sku", "price_list", "currency", "unit_price", "from_quantity", "valid_from", "valid_until")

    def queryset(self) -> "QuerySet[Any]":
        """Every price, by SKU."""
        return Price.objects.select_related("sku").order_by(
            "sku__code", "price_list", "currency", "from_quantity", "valid_from"
        )


class BinColumns(Columns):
    """A shelf of a location."""

    location = Field("location__code", "location", Text(80))
    bin = Field("code", "bin", Text(24))
    kind = Field("kind", "kind", OneOf(tuple(kind.value for kind in BinKind)))
    path_position = Field("path_position", "path_position", Number(cells.whole_number))
    is_pickable = Field("is_pickable", "is_pickable", Cell(cells.flag))
    capacity = Field("capacity", "capacity", Number(cells.whole_number))

    needed = ("location", "bin")
    key = ("location", "bin")
    location_path = "location__code"
    aliases: ClassVar = {
        "location": ("site", "warehouse", "location code"),
        "bin": ("code", "bin code", "bin name", "shelf"),
        "path_position": ("position", "walk", "sequence", "path"),
        "is_pickable": ("pickable",),
    }

    class Meta:
        model = Bin
        fields = ("location", "bin", "kind", "path_position", "is_pickable", "capacity")

    def queryset(self) -> "QuerySet[Any]":
        """Every bin, as a picker walks."""
        return Bin.objects.select_related("location").order_by("location__code", "path_position", "code")


class LocationColumns(Columns):
    """A place that keeps stock."""

    location = Field("code", "location", Text(16))
    name = Field("name", "name", Text(80))
    kind = Field("kind", "kind", OneOf(tuple(kind.value for kind in STOCK_KEEPING)))
    line1 = Field("line1", "line1", Text(120))
    city = Field("city", "city", Text(80))
    region = Field("region", "region", Text(40))
    postcode = Field("postcode", "postcode", Text(16))
    country = Field("country", "country", Letters(2))
    latitude = Field("latitude", "latitude", Number(cells.latitude))
    longitude = Field("longitude", "longitude", Number(cells.longitude))
    timezone = Field("timezone", "timezone", OneOf(tuple(sorted(available_timezones())), exact=True))
    priority = Field("priority", "priority", Number(cells.whole_number))
    is_active = Field("is_active", "is_active", Cell(cells.flag))

    needed = ("location",)
    needed_new = ("name",)
    key = ("location",)
    location_path = "code"
    aliases: ClassVar = {
        "location": ("code", "location code", "site", "warehouse"),
        "line1": ("street", "address", "address1"),
        "city": ("town", "suburb"),
        "region": ("state", "province"),
        "postcode": ("zip", "postal code", "zip code"),
        "timezone": ("time zone",),
        "is_active": ("active",),
    }

    class Meta:
        model = StockLocation
        fields = (
            *("location", "name", "kind", "line1", "city", "region", "postcode", "country"),
            *("latitude", "longitude", "timezone", "priority", "is_active"),
        )

    def queryset(self) -> "QuerySet[Any]":
        """Every place that keeps stock."""
        kinds = [kind.value for kind in STOCK_KEEPING]
        return StockLocation.objects.filter(kind__in=kinds).order_by("code")


class RateColumns(Columns):
    """What a parcel costs from a location to a zone by a service, up to a weight, and its days."""

    location = Field("rate_card__location__code", "location", Text(80))
    zone = Field("zone__code", "zone", Cell(cells.word))
    carrier = Field("rate_card__carrier", "carrier", Cell(cells.word))
    service = Field("rate_card__service", "service", Cell(cells.word))
    name = Field("rate_card__name", "name", Text(80))
    valid_from = Field("rate_card__valid_from", "valid_from", Cell(cells.day, reads_marks=True))
    up_to_grams = Field("up_to", "up_to_grams", Cell(cells.grams, reads_marks=True))
    cost = Field("cost_minor", "cost", Cents())
    days = Field("days", "days", Number(cells.whole_number))

    needed = ("location", "zone", "carrier", "service", "valid_from", "cost", "days")
    key = ("location", "carrier", "service", "valid_from", "up_to_grams", "zone")
    location_path = "rate_card__location__code"
    aliases: ClassVar = {
        "location": ("origin", "from", "site", "warehouse", "location code"),
        "zone": ("destination", "to", "zone code", "destination zone"),
        "up_to_grams": ("weight", "max weight", "up to", "max grams", "weight limit", "grams"),
        "cost": ("price", "rate", "charge", "amount"),
        "days": ("transit days", "delivery days", "lead time"),
        "valid_from": ("valid", "from date", "effective", "effective from"),
    }

    class Meta:
        model = Rate
        fields = (
            *("location", "zone", "carrier", "service", "name", "valid_from"),
            *("up_to_grams", "cost", "days"),
        )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["cost"].widget.currency = routing_queries.shop_currency()

    def queryset(self) -> "QuerySet[Any]":
        """Every rate, card by card."""
        rates = Rate.objects.select_related("rate_card__location", "zone")
        return rates.order_by("rate_card__location__code", "rate_card", "zone__code", "up_to_grams")


class ZoneColumns(Columns):
    """Which addresses a zone has, and where they are."""

    zone = Field("zone__code", "zone", Cell(cells.word))
    name = Field("zone__name", "name", Text(80))
    country = Field("country", "country", Letters(2))
    region = Field("region", "region", Text(40))
    postcode_prefix = Field("postcode_prefix", "postcode_prefix", Text(16))
    latitude = Field("latitude", "latitude", Number(cells.latitude))
    longitude = Field("longitude", "longitude", Number(cells.longitude))

    needed = ("zone", "country")
    key = ("country", "region", "postcode_prefix")
    aliases: ClassVar = {
        "zone": ("zone code", "code"),
        "name": ("zone name",),
        "region": ("state", "province"),
        "postcode_prefix": ("postcode", "zip", "prefix", "postal code", "postcode begins"),
        "latitude": ("lat",),
        "longitude": ("lon", "lng", "long"),
    }

    class Meta:
        model = ZonePrefix
        fields = ("zone", "name", "country", "region", "postcode_prefix", "latitude", "longitude")

    def queryset(self) -> "QuerySet[Any]":
        """Every address of every zone."""
        return ZonePrefix.objects.select_related("zone").order_by("country", "region", "postcode_prefix")


RESOURCES: dict[Kind, type[Columns]] = {
    Kind.STOCK: StockColumns,
    Kind.SKUS: SkuColumns,
    Kind.BARCODES: BarcodeColumns,
    Kind.PRICES: PriceColumns,
    Kind.BINS: BinColumns,
    Kind.LOCATIONS: LocationColumns,
    Kind.RATES: RateColumns,
    Kind.ZONES: ZoneColumns,
    Kind.ORDERS: OrderColumns,
}
# What a person needs beside the right to import; over REST the scope of the same room.
RIGHTS: dict[Kind, tuple[str, str]] = {
    Kind.STOCK: ("stock.import", "stock:write"),
    Kind.SKUS: ("catalogue.change", "skus:write"),
    Kind.BARCODES: ("catalogue.change", "skus:write"),
    Kind.PRICES: ("catalogue.change", "skus:write"),
    Kind.BINS: ("locations.change", "stock:write"),
    Kind.LOCATIONS: ("locations.change", "stock:write"),
    Kind.RATES: ("routing.change", "routing:write"),
    Kind.ZONES: ("routing.change", "routing:write"),
    Kind.ORDERS: ("orders.create", "orders:write"),
}


def resource_for(kind: Kind) -> Columns:
    """The columns of this kind."""
    return RESOURCES[kind]()
