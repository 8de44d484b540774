"""Questions about SKUs."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from oms.catalogue.models import Barcode, Sku
from oms.core.errors import NotFound


class SkuNotFound(NotFound):
    """No SKU has this code."""

    code = "sku-not-found"


def sku(code: str) -> Sku:
    """The SKU with this code.

    Raises ``SkuNotFound``.
    """
    found = Sku.objects.filter(code=code).first()
    if found is None:
        raise SkuNotFound(f"There is no SKU {code}.")
    return found


def skus_by_code(codes: Iterable[str]) -> dict[str, Sku]:
    """The SKUs with these codes.

    Raises ``SkuNotFound``, naming those that are missing.
    """
    wanted = set(codes)
    found = {sku.code: sku for sku in Sku.objects.filter(code__in=wanted)}
    if missing := sorted(wanted - found.keys()):
        raise SkuNotFound(f"There is no SKU {', '.join(missing[:10])}.")
    return found


def by_code_or_barcode(scanned: str) -> Sku | None:
    """The SKU that a scanned or typed code means, or None."""
    return Sku.objects.filter(Q(code=scanned) | Q(barcodes__code=scanned)).distinct().first()


def search(text: str) -> QuerySet[Sku]:
    """SKUs whose code, name or barcode holds the text, by code."""
    wanted = text.strip().upper()
    skus = Sku.objects.alias(upper_code=Upper("code"), upper_name=Upper("name"))
    matches = Q(upper_code__contains=wanted) | Q(upper_name__contains=wanted)
    return skus.filter(matches | Q(pk__in=Barcode.objects.filter(code=text.strip()).values("sku"))).order_by(
        "code"
    )
