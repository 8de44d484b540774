"""What the planner is told: an order, the sites, what they have and what they charge; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Partial(StrEnum):
    """What happens when not all of an order can leave at once."""

    SPLIT = "split"
    TOGETHER = "together"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the parcel goes; upper case, as stored with the order."""

    country: str
    region: str = ""
    postcode: str = ""


class Line(Struct, frozen=True):
    """Pieces of one SKU; ``key`` is whatever the caller knows the line by."""

    key: int | str
    sku_id: int
    sku: str
    quantity: int
    weight_grams: int = 0
    tags: frozenset[str] = frozenset()
    category: str = ""
    hazard: str = ""
    longest_mm: int = 0
    volume_ml: int = 0


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as the rules see it; ``value_minor`` is in the currency of the rate cards.

    ``buffer`` pieces of each SKU are never promised; ``allowed_sites`` of None means every site. ``asked_at`` is
    when it is planned. Where rules ask for them, ``loads`` has the orders that each site (id) was given today and
    ``paces`` the thousandths of a piece that leave on an average day, by (site id, SKU id).
    """

    channel: str
    customer_type: str
    destination: Destination
    lines: tuple[Line, ...]
    value_minor: int = 0
    currency: str = "AUD"
    placed_at: datetime | None = None
    tags: frozenset[str] = frozenset()
    partial: Partial = Partial.SPLIT
    buffer: int = 0
    allowed_sites: frozenset[int] | None = None
    shipping_option: str = ""
    asked_at: datetime | None = None
    loads: Mapping[int, int] = field(default_factory=dict)
    paces: Mapping[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """A place that may ship; of two equal sites the lower ``priority`` goes first."""

    id: int
    code: str
    name: str
    kind: str = "own"
    country: str = "AU"
    region: str = ""
    postcode: str = ""
    priority: int = 100
    enabled: bool = True
    latitude: float | None = None
    longitude: float | None = None
    timezone: str = "UTC"
    orders_per_day: int | None = None
    is_insured: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """Up to this weight a parcel costs so much and takes so long; None is without limit."""

    up_to_grams: int | None
    cost_minor: int
    days: int


@dataclass(frozen=True, slots=True)
class Service:
    """What one carrier's service charges from one site to one zone."""

    code: str
    name: str
    carrier: str
    bands: tuple[Band, ...]


UNPRICED = Service("", "no rate", "", ())
"""How a site sends where no carrier of it has a rate."""


@dataclass(frozen=True, slots=True)
class Demand:
    """The pieces wanted per SKU, summed over the lines, in the order of SKU ids."""

    sku_ids: tuple[int, ...]
    codes: tuple[str, ...]
    quantities: tuple[int, ...]
    weights: tuple[int, ...]
    weight_grams: int = field(default=0)


def covers(stock: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether the stock has at least as many of each SKU as wanted."""
    for has, needs in zip(stock, wanted, strict=True):  # noqa: SIM110  # asked many times per order: a loop is faster
        if has < needs:
            return False
    return True


def demand_of(lines: tuple[Line, ...]) -> Demand:
    """Sum the lines per SKU, so that two lines of one SKU cannot both count the same piece."""
    if len(lines) == 1:
        line = lines[0]
        return Demand(
            (line.sku_id,),
            (line.sku,),
            (line.quantity,),
            (line.weight_grams,),
            line.quantity * line.weight_grams,
        )
    wanted: dict[int, int] = {}
    first: dict[int, Line] = {}
    for line in lines:
        wanted[line.sku_id] = wanted.get(line.sku_id, 0) + line.quantity
        first.setdefault(line.sku_id, line)
    ids = sorted(wanted)
    weights = tuple([first[sku_id].weight_grams for sku_id in ids])
    quantities = tuple([wanted[sku_id] for sku_id in ids])
    weight = sum([quantity * grams for quantity, grams in zip(quantities, weights, strict=True)])
    return Demand(tuple(ids), tuple([first[sku_id].sku for sku_id in ids]), quantities, weights, weight)
