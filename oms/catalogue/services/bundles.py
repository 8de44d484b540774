"""What a bundle is made of."""

from collections.abc import Mapping

from oms.catalogue import queries
from oms.catalogue.models import BundleComponent, Sku
from oms.core.errors import Conflict, Invalid
from oms.core.transactions import joins_transaction


class NotABundle(Conflict):
    """The SKU has stock of its own, or is in a bundle itself."""

    code = "not-a-bundle"


@joins_transaction
def compose(sku: Sku, *, pieces: Mapping[str, int]) -> dict[str, list[dict[str, int]]]:
    """Let a SKU be a bundle of so many pieces of others (code → pieces), or none any more; was → now.

    Orders that were placed before keep the components they had.
    Raises ``SkuNotFound``, ``NotABundle`` when it or a component cannot be one, ``Invalid`` for no pieces.
    """
    parts = queries.skus_by_code(pieces)
    if any(count < 1 for count in pieces.values()) or sku.code in pieces:
        message = "A bundle has at least one piece of each component, and is not in itself."
        raise Invalid(message, problems=(("#/components", message),))
    before = {row.component.code: row.quantity for row in sku.components.select_related("component")}
    if before == dict(pieces):
        return {}
    nested = sorted(code for code, part in parts.items() if part.is_bundle)
    if nested:
        raise NotABundle(f"{', '.join(nested)} is a bundle itself. Name what is in it instead.")
    if pieces and not sku.is_bundle and queries.is_kept(sku.pk):
        raise NotABundle(f"{sku.code} has stock of its own or is in a bundle. Make a new SKU for the bundle.")
    sku.components.all().delete()
    if sku.is_bundle != bool(pieces):
        sku.is_bundle = bool(pieces)
        sku.save(update_fields=["is_bundle"])
    BundleComponent.objects.bulk_create(
        BundleComponent(bundle=sku, component=parts[code], quantity=count) for code, count in pieces.items()
    )
    return {"components": [before, dict(pieces)]}
