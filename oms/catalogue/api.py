"""SKUs over REST."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django_filters import BooleanFilter, CharFilter, FilterSet
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import queries as stock_queries
from oms.catalogue import queries
from oms.catalogue.models import Barcode, Sku
from oms.core import idempotency, money
from oms.core.api import answered, keyed, page_of, read_body
from oms.core.api.filtering import filtered
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Invalid
from oms.flows import cataloguing

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Grams = Annotated[int, Meta(ge=0, le=10_000_000)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Millimetres = Annotated[int, Meta(ge=0, le=100_000)]
Hazard = Annotated[str, Meta(max_length=8)]
Policy = Annotated[str, Meta(pattern="^(backorder|preorder|block)?$")]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=32)]], Meta(max_length=50)]


class SkuBody(msgspec.Struct, frozen=True):
    """A new SKU."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    name: Name
    barcode: Annotated[str, Meta(max_length=64)] | None = None
    weight_grams: Grams | None = None
    length_mm: Millimetres | None = None
    width_mm: Millimetres | None = None
    height_mm: Millimetres | None = None
    hazard: Hazard = ""
    unit_cost: Decimal | None = None
    currency: Currency = "AUD"
    category: Annotated[str, Meta(max_length=64)] = ""
    tags: Tags = []
    backorder_policy: Policy = ""
    backorder_limit: Annotated[int, Meta(ge=0, le=1_000_000_000)] | None = None
    base_unit: Annotated[str, Meta(min_length=1, max_length=16)] = "piece"
    is_lot_tracked: bool = False
    is_serial_tracked: bool = False
    shelf_life_margin_days: Annotated[int, Meta(ge=0, le=3650)] = 0


class PackBody(msgspec.Struct, frozen=True):
    """So many base units in one, and the barcodes that stand on it."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    quantity: Annotated[int, Meta(ge=2, le=1_000_000)]
    barcodes: list[Annotated[str, Meta(min_length=1, max_length=64)]] = []


class NamesBody(msgspec.Struct, frozen=True):
    """More barcodes of a SKU, and its packs; what it has stays."""

    barcodes: list[Annotated[str, Meta(min_length=1, max_length=64)]] = []
    packs: list[PackBody] = []


class SkuChanges(msgspec.Struct, frozen=True):
    """What is to change; what is absent stays."""

    name: Name | UnsetType = UNSET
    barcode: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    weight_grams: Grams | UnsetType | None = UNSET
    length_mm: Millimetres | UnsetType | None = UNSET
    width_mm: Millimetres | UnsetType | None = UNSET
    height_mm: Millimetres | UnsetType | None = UNSET
    hazard: Hazard | UnsetType = UNSET
    unit_cost: Decimal | UnsetType | None = UNSET
    currency: Currency | UnsetType = UNSET
    category: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    backorder_policy: Policy | UnsetType = UNSET
    backorder_limit: Annotated[int, Meta(ge=0, le=1_000_000_000)] | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    base_unit: Annotated[str, Meta(min_length=1, max_length=16)] | UnsetType = UNSET
    is_lot_tracked: bool | UnsetType = UNSET
    is_serial_tracked: bool | UnsetType = UNSET
    shelf_life_margin_days: Annotated[int, Meta(ge=0, le=3650)] | UnsetType = UNSET


class ComponentBody(msgspec.Struct, frozen=True):
    """So many pieces of a SKU in one bundle."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)]


class BundleBody(msgspec.Struct, frozen=True):
    """What a bundle is made of; nothing makes it an ordinary SKU again."""

    components: Annotated[list[ComponentBody], Meta(max_length=100)]


class BundleAnswer(msgspec.Struct):
    """What a bundle is made of, and how many are available at each location, in bundles."""

    sku: str
    components: list[ComponentBody]
    available: dict[str, int]


class SkuAnswer(msgspec.Struct):
    """A SKU; weight in grams, cost as a decimal string."""

    sku: str
    name: str
    barcode: str | None
    barcodes: list[str]
    weight_grams: int | None
    length_mm: int | None
    width_mm: int | None
    height_mm: int | None
    hazard: str
    unit_cost: str | None
    currency: str
    category: str
    tags: list[str]
    backorder_policy: str
    backorder_limit: int | None
    is_active: bool
    base_unit: str
    is_lot_tracked: bool
    is_serial_tracked: bool
    shelf_life_margin_days: int


class SkuFilter(FilterSet):
    """Filters of SKUs."""

    sku = CharFilter(field_name="code", label="Code")
    barcode = CharFilter(field_name="barcodes__code", label="Barcode")
    category = CharFilter(label="Category")
    is_active = BooleanFilter(label="Sold now")
    q = CharFilter(method="search", label="Part of the code or name, or a barcode")

    class Meta:
        model = Sku
        fields: tuple[str, ...] = ()

    def search(self, rows: "QuerySet[Sku]", name: str, text: str) -> "QuerySet[Sku]":
        """SKUs that a text means."""
        return rows.filter(pk__in=queries.search(text).values("pk"))


class Skus(ApiView):
    """All SKUs by code; new ones are made here."""

    scope = {"GET": "skus:read", "POST": "skus:write"}

    @documented(
        "List SKUs",
        answers={200: list_of(SkuAnswer)},
        query={name: str(each.label) for name, each in SkuFilter.base_filters.items()},
    )
    def get(self, request: Request) -> Response:
        """A page of the SKUs that the filters leave."""
        rows = Sku.objects.prefetch_related(
            Prefetch("barcodes", Barcode.objects.order_by("-is_primary", "pk"))
        )
        return page_of(filtered(SkuFilter, rows, request), request, render=_answer, ordering=("code", "id"))

    @documented("Make a SKU", body=SkuBody, answers={201: SkuAnswer})
    def post(self, request: Request) -> HttpResponse:
        """Make a SKU; every channel can sell it as soon as it has stock."""
        claim = keyed(request, required=False)
        body = read_body(request, SkuBody)
        facts = _facts(body)
        with idempotency.claimed(claim, render=_created) as answer:
            cataloguing.create_sku(
                body.sku, barcode=body.barcode or "", facts=facts, actor=self.actor, at=timezone.now()
            )
        return answered(answer)


class OneSku(ApiView):
    """One SKU."""

    scope = {"GET": "skus:read", "PATCH": "skus:write"}

    @documented("Read a SKU", answers={200: SkuAnswer})
    def get(self, request: Request, code: str) -> Response:
        """The SKU with its barcodes."""
        return Response(_answer(queries.sku(code)))

    @documented("Change a SKU", body=SkuChanges, answers={200: SkuAnswer})
    def patch(self, request: Request, code: str) -> Response:
        """Change what is given and leave the rest."""
        body = read_body(request, SkuChanges)
        barcode = None if body.barcode is UNSET else str(body.barcode)
        sku = cataloguing.change_sku(
            code, barcode=barcode, facts=_facts(body), actor=self.actor, at=timezone.now()
        )
        return Response(_answer(sku))


class Bundle(ApiView):
    """What a SKU is made of."""

    scope = {"GET": "skus:read", "PUT": "skus:write"}

    @documented("Read a bundle", answers={200: BundleAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Its components, and how many whole bundles each location could ship."""
        return Response(self._answer(queries.sku(code)))

    @documented("Compose a bundle", body=BundleBody, answers={200: BundleAnswer})
    def put(self, request: Request, code: str) -> Response:
        """Say what is in it; orders that were placed before keep what they had."""
        body = read_body(request, BundleBody)
        pieces = {part.sku: part.quantity for part in body.components}
        sku = cataloguing.compose_bundle(code, pieces, actor=self.actor, at=timezone.now())
        return Response(self._answer(sku))

    def _answer(self, sku: Sku) -> BundleAnswer:
        parts = queries.components_of([sku.code]).get(sku.code, ())
        available = stock_queries.bundles_available(sku.pk, self.token.locations)
        return BundleAnswer(sku.code, [ComponentBody(part.sku, part.quantity) for part in parts], available)


class SkuNames(ApiView):
    """The barcodes and packs of a SKU."""

    scope = "skus:write"

    @documented("Name a SKU by more barcodes", body=NamesBody, answers={200: SkuAnswer})
    def post(self, request: Request, code: str) -> HttpResponse:
        """Let more barcodes name a SKU or a pack of it; each check digit must be true."""
        claim = keyed(request, required=False)
        body = read_body(request, NamesBody)
        packs = [(pack.name, pack.quantity, pack.barcodes) for pack in body.packs]

        def render(sku: object) -> tuple[int, object]:
            return 200, _answer(sku)

        with idempotency.claimed(claim, render=render) as answer:
            cataloguing.name_sku(
                code, barcodes=body.barcodes, packs=packs, actor=self.actor, at=timezone.now()
            )
        return answered(answer)


def _facts(body: SkuBody | SkuChanges) -> dict[str, Any]:
    facts = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}
    facts.pop("sku", None)
    facts.pop("barcode", None)
    if facts.get("unit_cost") is not None:
        facts["unit_cost"] = money.unit_price(facts["unit_cost"])
    if facts.get("currency") not in {None, *money.CURRENCIES}:
        message = f"{facts['currency']} is not an ISO 4217 currency."
        raise Invalid(message, problems=(("#/currency", message),))
    return facts


def _created(sku: object) -> tuple[int, object]:
    return 201, _answer(sku)


def _answer(sku: Any) -> SkuAnswer:
    barcodes = sorted(sku.barcodes.all(), key=lambda each: (not each.is_primary, each.pk))
    return SkuAnswer(
        sku.code,
        sku.name,
        barcodes[0].code if barcodes else None,
        [each.code for each in barcodes],
        sku.weight_grams,
        sku.length_mm,
        sku.width_mm,
        sku.height_mm,
        sku.hazard,
        None if sku.unit_cost is None else f"{sku.unit_cost:f}",
        sku.currency,
        sku.category,
        list(sku.tags),
        sku.backorder_policy,
        sku.backorder_limit,
        sku.is_active,
        sku.base_unit,
        sku.is_lot_tracked,
        sku.is_serial_tracked,
        sku.shelf_life_margin_days,
    )
