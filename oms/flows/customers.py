"""Stories of a customer: it is known, terms change, its address book grows, and it is forgotten."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from oms.core import audit, erasing, outbox
from oms.core.actors import Actor
from oms.core.erasing import Copy, Hit
from oms.core.errors import Busy, Conflict, Invalid
from oms.core.transactions import owns_transaction
from oms.imports import persons
from oms.imports import queries as import_queries
from oms.imports.services import jobs as import_jobs
from oms.letters import queries as letter_queries
from oms.letters.services import letters
from oms.orders import customer_queries
from oms.orders.models import Customer, CustomerAddress
from oms.orders.services import customers

# What came in or was typed, kept as it came; a person's own words ride along in it.
RAW_COPIES = (
    *(
        Copy("core_idempotencykey", "body"),
        Copy("core_inboxmessage", "body"),
        Copy("core_inboxmessage", "headers"),
    ),
    *(Copy("core_inboxmessage", "last_error"), Copy("core_outboxmessage", "payload")),
    *(Copy("core_outboxmessage", "original_payload"), Copy("core_outboxmessage", "last_error")),
    *(Copy("core_draft", "values"), Copy("core_savedview", "settings"), Copy("orders_hold", "reason")),
    *(Copy("imports_importjob", "samples"), Copy("imports_importjob", "headers")),
    *(Copy("imports_importjob", "file_name"), Copy("imports_importfinding", "value")),
    *(Copy("imports_importchange", "subject"), Copy("imports_importchange", "old")),
    *(Copy("imports_importchange", "new"), Copy("alerts_alert", "message"), Copy("alerts_alert", "note")),
    *(Copy("letters_letter", "error"), Copy("letters_letter", "reason")),
    *(Copy("django_admin_log", "object_repr"), Copy("django_admin_log", "change_message")),
)


MOST_SEARCHES = 5
"""How often an erasure reads what came in while it read."""


class _NotSearched(Exception):
    """A file came in, or another word was said, since the files were read."""


class HasOpenOrders(Conflict):
    """Parcels are still to be sent to this customer."""

    code = "customer-has-open-orders"


class FileAtWork(Conflict):
    """A file that names this customer is being worked on; wait until it is done."""

    code = "file-at-work"


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """Who buys again: facts that were agreed, and apart from them who it is."""

    code: str
    customer_type: str
    currency: str
    who: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was forgotten: orders whose contact was emptied, and raw copies that held the person's words."""

    orders: int
    copies: int


@owns_transaction()
def create_customer(new: NewCustomer, *, actor: Actor, at: datetime) -> Customer:
    """Make a customer that orders can name.

    Raises ``DuplicateCustomer``, ``Invalid`` without a name.
    """
    if not new.who.get("name", "").strip():
        raise _needs_name()
    customer = customers.create(new.code, new.customer_type, new.currency, facts=new.facts, who=new.who)
    _note("customer.created", customer, changes={"type": new.customer_type}, actor=actor, at=at)
    return customer_queries.customer(customer.code)


@owns_transaction()
def change_customer(
    code: str, *, facts: Mapping[str, Any], who: Mapping[str, str], actor: Actor, at: datetime
) -> Customer:
    """Change what was agreed with a customer, or who it is; orders that were placed keep their terms.

    Raises ``CustomerNotFound``, ``CustomerErased``, ``Invalid`` when the name is taken away.
    """
    if "name" in who and not who["name"].strip():
        raise _needs_name()
    changes = customers.change(customer_queries.lock_customer(code), facts=facts, who=who)
    if changes:
        _note("customer.changed", customer_queries.customer(code), changes=changes, actor=actor, at=at)
    return customer_queries.customer(code)


@owns_transaction()
def book_address(
    code: str, entry: str, *, values: Mapping[str, Any], actor: Actor, at: datetime
) -> CustomerAddress:
    """Write an entry of a customer's address book, new or in place of what it was.

    Raises ``CustomerNotFound``, ``CustomerErased``.
    """
    customer = customer_queries.lock_customer(code)
    booked = customers.book(customer, entry, values)
    _note("customer.address_booked", customer, changes={"entry": entry}, actor=actor, at=at)
    return booked


@owns_transaction()
def unbook_address(code: str, entry: str, *, actor: Actor, at: datetime) -> None:
    """Take an entry out of a customer's address book; orders keep their copies.

    Raises ``CustomerNotFound``, ``AddressNotFound``.
    """
    customer = customer_queries.lock_customer(code)
    customers.unbook(customer, entry)
    _note("customer.address_removed", customer, changes={"entry": entry}, actor=actor, at=at)


def erase_customer(code: str, *, reason: str, actor: Actor, at: datetime) -> Erased:
    """Forget who a customer is, everywhere: its contact and addresses, those of its orders, and raw copies of them.

    Files that came in and name it are dropped as they are. Facts and every sum stay. All files are read before
    anything is locked, and again those that came in meanwhile.
    Raises ``CustomerNotFound``, ``HasOpenOrders``, ``FileAtWork``, ``Busy`` when files come in faster than they are
    read, ``Invalid`` without a reason.
    """
    if not reason.strip():
        message = "Say who asked for it and when."
        raise Invalid(message, problems=(("#/reason", message),))
    search = persons.Search()
    for _ in range(MOST_SEARCHES):
        words, _ids = _words_of_sendable(customer_queries.customer(code))
        search.look(words)
        with suppress(_NotSearched):
            return _erase(code, search, reason=reason, actor=actor, at=at)
    raise Busy()


@owns_transaction()
def _erase(code: str, search: persons.Search, *, reason: str, actor: Actor, at: datetime) -> Erased:
    """Raises ``_NotSearched`` when somebody has to look again, besides what ``erase_customer`` raises."""
    customer = customer_queries.lock_customer(code)
    words, order_ids = _words_of_sendable(customer)
    if not search.is_whole(words):
        raise _NotSearched()
    customers.erase(customer, order_ids, at=at)
    letters.forget(order_ids)
    copies = _forget_files(search) + erasing.scrub(RAW_COPIES, words)
    told = {"orders": len(order_ids), "copies": copies}
    _note("customer.erased", customer, changes=told, note=reason.strip()[:200], actor=actor, at=at)
    outbox.record("customer.erased", aggregate=f"customer:{code}", payload={"code": code}, at=at)
    return Erased(len(order_ids), copies)


def _words_of_sendable(customer: Customer) -> tuple[list[str], list[int]]:
    """What says who a customer is to whom nothing is to be sent any more, and the ids of the orders that say it too.

    Raises ``HasOpenOrders``.
    """
    open_numbers = customer_queries.open_orders(customer)
    if open_numbers:
        raise HasOpenOrders(
            f"{', '.join(open_numbers[:5])} must still be sent. Ship or cancel first.", orders=open_numbers
        )
    words, order_ids = customer_queries.words_of(customer)
    return [*words, *letter_queries.recipients_of(order_ids)], order_ids


def traces(texts: Sequence[str]) -> list[Hit]:
    """Where any of the texts stands: every column, and the files that came in, put together and unpacked."""
    hits, files = erasing.scan(texts), len(persons.naming(texts))
    return [*hits, Hit("imports_importjob", "file", files)] if files else hits


def _forget_files(search: persons.Search) -> int:
    """Drop the files that name somebody.

    Raises ``FileAtWork`` for one that is being worked on: it may be making an order for them just now.
    """
    named = import_queries.lock_jobs(search.named)
    busy = [job.number for job in named if job.is_working]
    if busy:
        raise FileAtWork(
            f"{', '.join(busy)} names this customer and is being worked on: wait until it is done."
        )
    return import_jobs.forget([job.pk for job in named])


def _note(
    action: str,
    customer: Customer,
    *,
    changes: dict[str, Any],
    note: str = "",
    actor: Actor,
    at: datetime,
) -> None:
    audit.record(action, "customer", customer.code, actor=actor, at=at, changes=changes, note=note)


def _needs_name() -> Invalid:
    message = "A customer has a name."
    return Invalid(message, problems=(("#/name", message),))
