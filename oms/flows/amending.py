"""Stories of change: an accepted order gets more, fewer or other pieces, or goes elsewhere."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from fulfilment import queries as work_queries
from inventory.rules import LevelsMoved
from oms.catalogue import queries as sku_queries
from oms.catalogue.queries import SkuNotFound
from oms.channels import queries as channel_queries
from oms.core import money
from oms.core.actors import Actor
from oms.core.errors import Invalid
from oms.core.lifecycles import IllegalTransition
from oms.core.transactions import owns_transaction
from oms.flows import concluding, pulling, readdressing, recalling, sourcing
from oms.flows.concluding import Edit
from oms.flows.snapshots import UnknownSku
from oms.orders import customer_queries, job_queries
from oms.orders import queries as order_queries
from oms.orders.amendments import (
    Amendment,
    Difference,
    LineNotFound,
    OrderChanged,
    PriceNeeded,
    TooLateToChange,
)
from oms.orders.models import Order, OrderLine
from oms.orders.requests import Address
from oms.orders.rules import ChangeKind, CustomerType, OrderBlocked, OrderState, whole_bundles
from oms.orders.services import orders
from oms.orders.services.orders import Change, NewPieces
from oms.routing import queries as routing_queries


@dataclass(slots=True)
class _Draft(Edit):
    """An edit with the lines that it found and made; ``recalled`` pieces of work lines are asked of partners."""

    lines: list[OrderLine] = field(default_factory=list)
    added: list[OrderLine] = field(default_factory=list)
    recalled: Counter[int] = field(default_factory=Counter)


@owns_transaction(retry_on=LevelsMoved)
def amend_order(
    number: str, amendment: Amendment, *, reason: str, code: str = "", actor: Actor, at: datetime
) -> Order:
    """Change an order as far as that is still physically possible; stock, work and totals follow at once.

    What a partner has confirmed is asked for, and follows when it accepts; so does another address for its work.
    ``code`` is of the managed list.
    Raises ``OrderNotFound``, ``OrderChanged``, ``TooLateToChange``, ``LineNotFound``, ``PriceNeeded``, ``UnknownSku``,
    ``OrderBlocked``, ``NoRoomToWait``, ``CreditLimitExceeded``, ``CancellationPending``, ``AddressPending``,
    ``IllegalTransition`` when it has ended, ``Invalid`` without a reason, ``UnknownReason``.
    """
    order = order_queries.lock_order(number)
    said = _said((ChangeKind.EDIT, ChangeKind.CANCEL), reason, code)
    carry_out(amendment, order, Change(said, actor, at, code))
    return order


def carry_out(amendment: Amendment, order: Order, change: Change) -> Edit:
    """Do to a locked order what an amendment says; what became of it.

    Raises what ``amend_order`` raises.
    """
    _check(order, amendment.version)
    draft = _Draft(order, change, lines=list(order_queries.lines_of([order.pk])))
    for index, difference in enumerate(amendment.differences):
        if difference.pieces > 0:
            _add(draft, difference, pointer=f"#/lines/{index}/sku")
        else:
            _take(draft, difference)
    draft.facts = _change_facts(draft, amendment)
    return _finish(draft)


@owns_transaction(retry_on=LevelsMoved)
def cancel_lines(
    number: str, pieces: Mapping[str, int | None], *, reason: str, code: str = "", actor: Actor, at: datetime
) -> Order:
    """Cancel so many pieces of each SKU (None: all that have not left); the rest of the order goes on.

    Raises what ``amend_order`` raises.
    """
    order = order_queries.lock_order(number)
    change = Change(_said((ChangeKind.CANCEL,), reason, code), actor, at, code)
    _check(order, None)
    draft = _Draft(order, change, lines=list(order_queries.lines_of([order.pk])))
    for sku, count in pieces.items():
        wanted = _all_of(draft, sku) if count is None else count
        if wanted:
            _take(draft, Difference(sku, -wanted))
    return _finish(draft).order


def cancel_all(order: Order, change: Change) -> Order:
    """Cancel every piece of a locked order: what is ours at once, what partners have confirmed as they accept.

    Raises ``CancellationPending``, ``TooLateToChange``.
    """
    draft = _Draft(order, change, lines=list(order_queries.lines_of([order.pk])))
    for line in draft.lines:
        wanted = line.quantity_waiting + line.quantity_unplanned + line.quantity_allocated
        if wanted:
            taken = _take_from(draft, [line], wanted, line.sku.code)
            draft.pieces[line.sku.code] -= taken
    draft.pieces = Counter({sku: count for sku, count in draft.pieces.items() if count})
    return _finish(draft).order


def cancel_missing(order: Order, change: Change) -> Order:
    """Cancel every piece of a locked order that is not there; of bundles those that would not be whole.

    Raises ``TooLateToChange``.
    """
    draft = _Draft(order, change, lines=list(order_queries.lines_of([order.pk])))
    missing: Counter[str] = Counter()
    for line in draft.lines:
        lacks = line.quantity_waiting + line.quantity_unplanned
        if line.bundle_line is None:
            missing[line.sku.code] += lacks
        else:
            code, per_bundle = line.bundle_line.sku.code, line.quantity_per_bundle or 1
            missing[code] = max(missing[code], -(-lacks // per_bundle))
    for sku, pieces in missing.items():
        if pieces:
            _take(draft, Difference(sku, -pieces))
    return _finish(draft).order


def _finish(draft: _Draft) -> Edit:
    order, change = draft.order, draft.change
    recalling.ask(draft, draft.recalled)
    if not draft.pieces and not draft.facts:
        return draft
    value_delta = orders.revalue(order)
    if value_delta > 0:
        orders.check_credit(order)
    plan = sourcing.source_again(order, actor=change.actor, at=change.at, why=f"Changed: {change.reason}.")
    _refuse_shortfall(draft, plan.missing if plan else ())
    concluding.conclude(draft, value_delta)
    return draft


def _said(kinds: Sequence[ChangeKind], reason: str, code: str) -> str:
    """The words given, else those of the listed reason."""
    listed = job_queries.reason_of(kinds, code).name if code else ""
    said = reason.strip() or listed
    if not said:
        message = "Say why the order is changed."
        raise Invalid(message, problems=(("#/reason", message),))
    return said


def _check(order: Order, version: int | None) -> None:
    if order.state not in (OrderState.OPEN, OrderState.ON_HOLD):
        raise IllegalTransition(f"{order.number} is {order.status}: nothing of it can be changed any more.")
    seen = orders.changes_of(order.pk)
    if version is not None and version != seen:
        raise OrderChanged(
            f"{order.number} has been changed {seen} times, you saw {version}. Look at it again.",
            version=seen,
        )


def _add(draft: _Draft, difference: Difference, *, pointer: str) -> None:
    """More pieces are a line of their own, so that what was agreed before stays as it was."""
    try:
        sku = sku_queries.sku(difference.sku)
    except SkuNotFound as missing:
        raise UnknownSku(str(missing), problems=((pointer, str(missing)),)) from missing
    if sku.is_bundle:
        message = f"{sku.code} is a bundle: place another order for more of it."
        raise TooLateToChange(message)
    known = [line for line in draft.lines if line.sku_id == sku.pk and line.bundle_line_id is None]
    price = difference.unit_price if difference.unit_price is not None else _price(known, sku.code)
    total = money.total(price, difference.pieces, draft.order.currency)
    added = orders.add_line(draft.order, NewPieces(sku, difference.pieces, price, total.amount))
    draft.added.append(added)
    draft.pieces[sku.code] += difference.pieces


def _price(known: Sequence[OrderLine], code: str) -> Decimal:
    if not known:
        raise PriceNeeded(f"The order has no {code} yet: say its unit price.")
    return known[-1].unit_price


def _all_of(draft: _Draft, sku: str) -> int:
    """Pieces of a SKU (or bundles) that have neither left nor been cancelled."""
    parts = [line for line in draft.lines if line.bundle_line and line.bundle_line.sku.code == sku]
    if parts:
        made = whole_bundles(parts)
        bundle = parts[0].bundle_line
        return bundle.quantity_ordered - made.shipped - made.cancelled if bundle else 0
    own = [line for line in draft.lines if line.sku.code == sku and not line.bundle_line_id]
    if not own:
        raise LineNotFound(f"{draft.order.number} has no {sku}.", sku=sku)
    return sum(line.quantity_ordered - line.quantity_shipped - line.quantity_cancelled for line in own)


def _take(draft: _Draft, difference: Difference) -> None:
    """Fewer pieces: first those that wait, then untouched, picked and confirmed ones; never packed ones."""
    sku, wanted = difference.sku, -difference.pieces
    bundles = [line for line in draft.lines if line.bundle_line and line.bundle_line.sku.code == sku]
    if not bundles:
        own = [line for line in draft.lines if line.sku.code == sku and not line.bundle_line_id]
        if not own:
            raise LineNotFound(f"{draft.order.number} has no {sku}.", sku=sku)
        draft.pieces[sku] -= _take_from(draft, own[::-1], wanted, sku)
    else:
        taken = {}
        for line in bundles:
            pieces = wanted * (line.quantity_per_bundle or 1)
            taken[line.pk] = (line.sku.code, pieces, _take_from(draft, [line], pieces, sku))
        if all(got == pieces for _, pieces, got in taken.values()):
            draft.pieces[sku] -= wanted
        else:
            # Part of a bundle waits for a partner's word: what is cancelled already is told piece by piece.
            for code, _, got in taken.values():
                draft.pieces[code] -= got
    draft.pieces = Counter({code: count for code, count in draft.pieces.items() if count})


def _take_from(draft: _Draft, lines: Sequence[OrderLine], pieces: int, sku: str) -> int:
    """Cancel pieces of these lines and note which a partner is to be asked for; how many are cancelled at once."""
    left = pieces
    cancelled: Counter[int] = Counter()
    for line in lines:
        count = min(left, line.quantity_waiting + line.quantity_unplanned)
        cancelled[line.pk] += count
        left -= count
    wanted: dict[int, int] = {}
    for line in lines:
        wanted[line.pk] = min(left, line.quantity_allocated)
        left -= wanted[line.pk]
    if left:
        raise TooLateToChange(
            f"Only {pieces - left} pieces of {sku} are left on {draft.order.number}."
            " What has shipped is taken back as a return.",
            sku=sku,
            possible=pieces - left,
        )
    change = draft.change
    got = pulling.pull(draft.order, wanted, why=change.reason, actor=change.actor, at=change.at)
    missing = {line: count - got.get(line, 0) for line, count in wanted.items()}
    confirmed = recalling.confirmed_pieces(draft.order, missing, draft.recalled)
    short = sum(missing.values()) - confirmed.total()
    if short:
        raise TooLateToChange(
            f"Only {pieces - short} pieces of {sku} can still be taken off {draft.order.number}: the others are packed."
            " Unpack them first, or take them back as a return.",
            sku=sku,
            possible=pieces - short,
        )
    draft.recalled.update(confirmed)
    orders.cancel_pieces(cancelled + Counter(got))
    return pieces - confirmed.total()


def _change_facts(draft: _Draft, amendment: Amendment) -> list[str]:
    order, address = draft.order, amendment.address
    option = amendment.facts.get("shipping_option", order.shipping_option)
    if address is not None:
        _refuse_packed(order, "address")
    if option != order.shipping_option:
        _refuse_packed(order, "shipping option")
        _refuse_confirmed(order)
    if "gift_message" in amendment.words:
        _refuse_late_words(order, amendment.words["gift_message"])
    if address is not None and _is_new(order, address) and readdressing.ask(draft, address):
        amendment = replace(amendment, address=None)
    return readdressing.change_facts(order, amendment, draft.change)


def _is_new(order: Order, address: Address) -> bool:
    return order_queries.contact_of(order.pk).shipping_address != address.as_json()


def _refuse_packed(order: Order, what: str) -> None:
    """Packed parcels are made out for the present address and service."""
    if work_queries.packed_or_gone(order.pk):
        raise TooLateToChange(f"Part of {order.number} is packed for the present {what}. Unpack it first.")


def _refuse_confirmed(order: Order) -> None:
    """A partner has confirmed its work by the present service."""
    confirmed = readdressing.confirmed(order)
    if confirmed:
        raise TooLateToChange(
            f"{confirmed[0].location.name} has confirmed {confirmed[0].number} for the present shipping option."
            " Cancel its pieces first, or tell it by telephone."
        )


def _refuse_late_words(order: Order, gift_message: str) -> None:
    """A card goes into the last parcel that is packed, and no later."""
    if order_queries.contact_of(order.pk).gift_message == gift_message:
        return
    lines = list(order_queries.lines_of([order.pk]))
    packed = work_queries.pieces_packed(order.pk)
    if sum(line.quantity_ordered - line.quantity_cancelled for line in lines) <= packed:
        raise TooLateToChange(f"All of {order.number} is packed: its card is in the parcel. Unpack it first.")


def _backorder_policy(order: Order) -> str:
    """For SKUs that have no policy of their own: the customer's, then its type's, then the channel's."""
    stamp = routing_queries.stamp() or 0
    of_type = customer_queries.type_policies(stamp)[CustomerType(order.customer_type)]
    own = order.customer.backorder_policy if order.customer else ""
    of_channel = channel_queries.policies(stamp)[order.channel.code]
    return own or of_type.backorder_policy or of_channel.backorder_policy


def _refuse_shortfall(draft: _Draft, missing: Sequence[tuple[str, int]]) -> None:
    """What is added waits for stock only where an order that comes in now might."""
    lacks = dict(missing)
    for line in draft.added:
        if not lacks.get(line.sku.code):
            continue
        if (line.sku.backorder_policy or _backorder_policy(draft.order)) == "block":
            raise OrderBlocked(
                f"{lacks[line.sku.code]} pieces of {line.sku.code} are missing, and it is not sold on backorder.",
                sku=line.sku.code,
            )
        orders.check_room_to_wait(line.sku)
