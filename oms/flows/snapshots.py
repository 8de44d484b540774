"""What is seen before an order is planned: one round trip, without a lock."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from fulfilment import queries as work_queries
from inventory import history
from oms.catalogue import queries as sku_queries
from oms.catalogue.queries import Component
from oms.core import idempotency
from oms.core.cursors import bound_cursor
from oms.core.errors import Invalid
from oms.core.idempotency import Claim, Pending
from oms.flows import terms
from oms.flows.supplies import Bound, Supplies
from oms.flows.terms import OpenTerms
from oms.orders.agreeing import Terms
from oms.orders.requests import NewOrder
from oms.routing.network import Network
from oms.routing.problem import Line, OrderFacts


class UnknownSku(Invalid):
    """No active SKU has this code."""

    code = "unknown-sku"


class SeenSku(msgspec.Struct, frozen=True):
    """A SKU as the planner needs it; ``room_to_wait`` pieces may be ordered beyond stock, None is without limit."""

    id: int
    code: str
    weight_grams: int
    tags: frozenset[str]
    backorder_policy: str
    category: str
    is_bundle: bool = False
    room_to_wait: int | None = None
    hazard: str = ""
    longest_mm: int = 0
    volume_ml: int = 0

    def line(self, key: int | str, quantity: int) -> Line:
        """So many pieces of it as the planner sees them."""
        return Line(
            key,
            self.id,
            self.code,
            quantity,
            self.weight_grams,
            self.tags,
            self.category,
            self.hazard,
            self.longest_mm,
            self.volume_ml,
        )

    @property
    def is_preorder(self) -> bool:
        """Whether orders for it are bound to announced deliveries."""
        return self.backorder_policy == "preorder"


@dataclass(slots=True)
class Snapshot:
    """Stock by (location id, SKU id), the level behind each, and ids drawn for what will be written.

    ``duplicates`` maps (channel code, external number) to the order that has them already, ``bundles`` the code of each
    bundle that was asked for to what is in it; ``waited`` counts pieces of this batch that begin to wait.
    """

    stamp: int
    skus: dict[str, SeenSku]
    stock: dict[tuple[int, int], int]
    levels: dict[tuple[int, int], int]
    duplicates: dict[tuple[str, str], str]
    order_ids: list[int]
    decision_ids: list[int]
    line_ids: list[int]
    bundles: dict[str, tuple[Component, ...]] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    supplies: Supplies = field(init=False)
    waited: Counter[int] = field(default_factory=Counter)
    given: Counter[int] | None = None
    sold: dict[tuple[int, int], int] | None = None

    def __post_init__(self) -> None:
        self.supplies = Supplies(sku.id for sku in self.skus.values())

    def sku(self, code: str, pointer: str) -> SeenSku:
        """The SKU with this code.

        Raises ``UnknownSku``, pointing at the line.
        """
        try:
            return self.skus[code]
        except KeyError:
            message = f"There is no active SKU {code}."
            raise UnknownSku(message, problems=((pointer, message),)) from None

    def take(self, site_id: int, sku_id: int, quantity: int) -> int:
        """Note that pieces are spoken for, so that the next order of the batch does not see them; the level's id."""
        self.stock[site_id, sku_id] -= quantity
        return self.levels[site_id, sku_id]

    def wait(self, sku: SeenSku, pieces: int) -> tuple[Bound, ...]:
        """Note that pieces begin to wait for stock; the announced deliveries that they can count on."""
        self.waited[sku.id] += pieces
        return self.supplies.bind(sku.id, pieces)

    def loads(self, at: datetime) -> Counter[int]:
        """The orders that each location (id) was given since its midnight, those of this batch among them."""
        if self.given is None:
            self.given = Counter(work_queries.orders_since_midnight(at))
        return self.given

    def paces(self, at: datetime) -> dict[tuple[int, int], int]:
        """How fast each location (id) sells each SKU (id) of this batch, in thousandths of a piece a day."""
        if self.sold is None:
            self.sold = history.paces([sku.id for sku in self.skus.values()], at=at)
        return self.sold

    def informed(self, facts: OrderFacts, network: Network, at: datetime) -> OrderFacts:
        """The order with what its rules ask for beyond stock; nothing is read that they do not ask for."""
        if network.needs_loads:
            facts = replace(facts, loads=self.loads(at))
        return replace(facts, paces=self.paces(at)) if network.needs_paces else facts

    def room_to_wait(self, sku: SeenSku) -> int | None:
        """Pieces that may still be ordered beyond stock; None is without limit."""
        return None if sku.room_to_wait is None else max(0, sku.room_to_wait - self.waited[sku.id])


class _Draws(NamedTuple):
    """How many ids are asked for; those of a rehearsal stand nowhere and use up no number."""

    orders: int
    lines: int
    rehearsed: bool = False

    @property
    def wanted(self) -> tuple[int, int]:
        return (0, 0) if self.rehearsed else (self.orders, self.lines)


def look(
    requests: Sequence[NewOrder], pending: Pending | None = None, *, rehearsed: bool = False
) -> Snapshot:
    """See everything that planning these orders needs; when it is ``rehearsed`` only, no number is drawn for them.

    Raises ``Replayed`` when the claim of the calling door was answered before, ``KeyReused`` when for another request.
    """
    codes = list({line.sku for request in requests for line in request.lines})
    channels = [request.channel for request in requests]
    externals = [request.external_number for request in requests]
    lines = sum([len(request.lines) for request in requests])
    open_terms = terms.asked_by(requests)
    claim = pending.claim if pending else None
    draws = _Draws(len(requests), lines, rehearsed)
    seen = _read(channels, externals, codes, draws, claim=claim, open_terms=open_terms)
    if any(sku.is_bundle for sku in seen.skus.values()):
        return _look_into_bundles(requests, seen, channels, externals, rehearsed=rehearsed)
    return seen


def look_again(sku_codes: Sequence[str]) -> Snapshot:
    """See what sourcing one accepted order anew needs."""
    return _read([], [], list(sku_codes), _Draws(0, 0))


def _look_into_bundles(
    requests: Sequence[NewOrder],
    seen: Snapshot,
    channels: list[str],
    externals: list[str],
    *,
    rehearsed: bool,
) -> Snapshot:
    """Look again, with the components of the bundles that were asked for and an id for each of their lines."""
    bundles = sku_queries.components_of([sku.code for sku in seen.skus.values() if sku.is_bundle])
    codes = {line.sku for request in requests for line in request.lines}
    codes |= {part.sku for parts in bundles.values() for part in parts}
    lines = sum([1 + len(bundles.get(line.sku, ())) for request in requests for line in request.lines])
    again = _read(channels, externals, list(codes), _Draws(len(requests), lines, rehearsed))
    again.bundles, again.terms = bundles, seen.terms
    return again


def _read(
    channels: list[str],
    externals: list[str],
    codes: list[str],
    draws: "_Draws",
    *,
    claim: Claim | None = None,
    open_terms: OpenTerms | None = None,
) -> Snapshot:
    named = (claim.client, claim.key) if claim else (None, None)
    also = ", flows_terms_context(%s, %s, %s)::text" if open_terms else ""
    with bound_cursor() as cursor:
        cursor.execute(
            f"select flows_order_context(%s, %s, %s, %s, %s, %s, %s)::text{also}",
            [channels, externals, codes, *draws.wanted, *named, *(open_terms or ())],
        )
        row = cursor.fetchone()
    seen = msgspec.json.decode(row[0])
    if claim and seen["answered"]:
        fingerprint, status, body = seen["answered"]
        raise idempotency.seen_before(claim, bytes.fromhex(fingerprint), status, bytes.fromhex(body))
    found = _snapshot(seen, terms.seen(row[1]) if open_terms else Terms())
    if draws.rehearsed:
        found.order_ids = found.decision_ids = list(range(1, draws.orders + 1))
        found.line_ids = list(range(1, draws.lines + 1))
    return found


def _snapshot(seen: dict[str, Any], open_terms: Terms) -> Snapshot:
    stock, levels = {}, {}
    for level_id, sku_id, site_id, available in _rows(seen["levels"]):
        stock[site_id, sku_id] = available
        levels[site_id, sku_id] = level_id
    return Snapshot(
        stamp=seen["stamp"],
        skus={
            code: SeenSku(id_, code, grams, frozenset(tags), *others)
            for id_, code, grams, tags, *others in _rows(seen["skus"])
        },
        stock=stock,
        levels=levels,
        duplicates={(channel, external): number for channel, external, number in seen["duplicates"] or ()},
        order_ids=seen["order_ids"] or [],
        decision_ids=seen["decision_ids"] or [],
        line_ids=seen["line_ids"] or [],
        terms=open_terms,
    )


def _rows(columns: list[list[Any] | None]) -> Iterator[tuple[Any, ...]]:
    return zip(*[column or () for column in columns], strict=True)
