"""What a piece of scarce stock counts beyond its parcel, so that it is left for those whom nobody else can serve; pure.

Acimovic & Graves, "Making Better Fulfillment Decisions on the Fly in an Online Retail Environment", M&SOM 17(1):34-51,
2015: of all ways to serve an order take the one with the least shipping cost now plus the opportunity cost of the stock
it uses. Theirs are the dual values of a transportation programme over forecast demand. Without a forecast the price
rises in a straight line as days of cover fall: ``most × (1 - cover / AMPLE_DAYS)``, nothing from ``AMPLE_DAYS`` on.
"""

from collections.abc import Sequence

from oms.routing.problem import Demand, OrderFacts, Site

AMPLE_DAYS = 14
"""Stock that lasts so long costs nothing to use."""


def price(pieces: int, pace_permille: int, *, most_minor: int) -> int:
    """Minor units that one piece counts where so many pieces are, and so many thousandths leave on an average day."""
    if not pace_permille:
        return 0
    # cover / AMPLE_DAYS, with the thousandths on both sides.
    used_up = AMPLE_DAYS * pace_permille - 1_000 * max(0, pieces)
    return max(0, most_minor * used_up // (AMPLE_DAYS * pace_permille))


def prices(
    site: Site, has: Sequence[int], order: OrderFacts, demand: Demand, most_minor: int
) -> tuple[int, ...]:
    """The price of a piece of each SKU at a site, in the order of the demand."""
    return tuple(
        [
            price(pieces, order.paces.get((site.id, sku_id), 0), most_minor=most_minor)
            for pieces, sku_id in zip(has, demand.sku_ids, strict=True)
        ]
    )
