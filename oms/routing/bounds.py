"""What no plan can cost less than, when the search for the cheapest was cut short; pure."""

from collections.abc import Sequence

from oms.routing.dealing import Arm, Pieces


def least_cost(arms: Sequence[Arm], sent: Pieces, *, penalty: int, is_whole: bool) -> int:
    """A floor under the cost of every plan that sends as many pieces, in minor units.

    Sites are bought by the piece, as if a part of a parcel could be sent: once for all pieces together and, when the
    order is sent whole, once for each SKU; the dearest of these purchases is the floor. ``penalty`` is what each parcel
    after the first costs.
    """
    cheapest: dict[int, int] = {}
    stocks: dict[int, Pieces] = {}
    for arm in arms:
        least = min([step.cost_minor for step in arm.choice.steps])
        cheapest[arm.bit] = min(least, cheapest.get(arm.bit, least))
        stocks[arm.bit] = arm.stock
    prices = [cheapest[bit] + penalty for bit in stocks]
    floors = [_bought(prices, [sum(stock) for stock in stocks.values()], sum(sent))]
    if is_whole:
        floors += [
            _bought(prices, [stock[k] for stock in stocks.values()], wanted) for k, wanted in enumerate(sent)
        ]
    parcels = -(-sum(sent) // max([sum(stock) for stock in stocks.values()]))
    floors.append(sum(sorted(prices)[:parcels]))
    return max(floors) - penalty


def _bought(prices: Sequence[int], pieces: Sequence[int], wanted: int) -> int:
    """The least that so many pieces cost when each site's pieces cost their share of its price, rounded up."""
    offers = sorted([(price / has, price, has) for price, has in zip(prices, pieces, strict=True) if has])
    cost, left = 0, wanted
    for _, price, has in offers:
        if has >= left:
            return cost - (-price * left // has)
        cost, left = cost + price, left - has
    return cost
