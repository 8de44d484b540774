"""Stories of a letter: it is written because something happened, sent, sent again by a person, or it fails.

What happens to an order never waits for its letter, and is never undone by one that cannot be written.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog

from oms.alerts import queries as alert_queries
from oms.alerts.services import alerts
from oms.core import audit, outbox
from oms.core.actors import SYSTEM, Actor
from oms.core.errors import Conflict, Invalid
from oms.core.outbox import Message
from oms.core.transactions import joins_transaction, owns_transaction
from oms.invoices import printing
from oms.invoices import queries as invoice_queries
from oms.letters import facts, post, queries, wording
from oms.letters.models import Letter, LetterContent, TemplateVersion
from oms.letters.post import Attached, Mail
from oms.letters.rules import (
    OCCASION_WORDS,
    SETTLED,
    LetterStatus,
    NobodyToWriteTo,
    NoWording,
    Occasion,
    WordingInvalid,
)
from oms.letters.services import letters
from oms.letters.services.letters import Again, NewLetter
from oms.letters.wording import Wording, Written
from oms.orders.models import Order
from oms.orders.rules import OrderState
from oms.orders.services import orders

NO_SERVER, FAILED, MISSING = "mail_server", "letter_failed", "letter_template"
log = structlog.get_logger("oms.letters")


@owns_transaction()
def write(
    occasion: Occasion, number: str, key: str, about: Mapping[str, Any], *, told_at: datetime, at: datetime
) -> Letter | None:
    """Queue the letter that something that happened to an order asks for; None when none is written.

    The same key is written about once. A letter that cannot be written is kept as failed, with an alert.
    """
    if not queries.speaks(number, occasion, told_at):
        return None
    order = queries.order_to_write_about(number)
    if order is None or not _address(order) or _is_told_whole(order, occasion, about):
        return None
    chosen = queries.choice(order, occasion, told_at)
    if not chosen.is_on:
        return None
    version = queries.wording_for(chosen, occasion)
    if version is None:
        _tell_missing(order, occasion, at=at)
        return None
    new = NewLetter(key, occasion, order, about, version)
    try:
        written = _written(new, version)
    except WordingInvalid as refusal:
        failed = letters.fail_to_write(new, error=str(refusal), at=at)
        if failed is not None:
            _tell_failed(failed, str(refusal), at=at)
        return failed
    return _queue(new, written, at=at)


def deliver(message: Message) -> None:
    """Send the letter that a message carries, and keep what became of it.

    Raises the outbox's own exceptions, or ``ConnectionError``, when it did not go.
    """
    letter = queries.letter(message.payload["letter"])
    content = queries.content_of(letter.pk)
    if letter.status in SETTLED:
        return
    if content is None:
        _settle(letter.pk, LetterStatus.WITHDRAWN, at=message.claimed_at)
        raise outbox.NoLongerWanted("Whoever it was for was erased.")
    if not post.is_set_up():
        log.info("letter only logged", letter=letter.pk, occasion=letter.occasion, order=letter.order.number)
        _settle(letter.pk, LetterStatus.LOGGED, at=message.claimed_at)
        return
    _hand_over(_mail(letter, content), at=message.claimed_at)
    _settle(letter.pk, LetterStatus.SENT, at=message.claimed_at)


@owns_transaction()
def send_again(letter_id: int, *, reason: str, to: str = "", actor: Actor, at: datetime) -> Letter:
    """Write a letter once more, with the present wording, facts and address; ``to`` corrects the order's address first.

    Raises ``LetterNotFound``, ``Invalid`` without a reason or for what is no address, ``Conflict`` while it still
    waits or once erased, ``NobodyToWriteTo``, ``NoWording``, ``WordingInvalid``.
    """
    asked = queries.lock_letter(letter_id)
    _refuse_again(asked, reason, to)
    first = asked if asked.again_of_id is None else queries.lock_letter(asked.again_of_id)
    order = queries.order_to_write_about(asked.order.number)
    assert order is not None  # a letter keeps its order
    if to.strip() and to.strip() != _address(order):
        orders.correct_mail(order, to.strip())
        audit.record("order.mail_corrected", "order", order.number, actor=actor, at=at)
    if not _address(order):
        raise NobodyToWriteTo(f"{order.number} has no mail address.")
    occasion = Occasion(asked.occasion)
    version = queries.wording_for(queries.choice(order, occasion, at), occasion)
    if version is None:
        raise NoWording(f"No set of letters has a template for “{OCCASION_WORDS[occasion]}”.")
    key = f"{first.key}:again:{queries.times_again(first) + 1}"
    new = NewLetter(key, occasion, order, asked.about, version)
    said = f"{OCCASION_WORDS[occasion]}: {reason.strip()}"
    audit.record("letter.sent_again", "order", order.number, actor=actor, at=at, note=said)
    _close(FAILED, {str(asked.pk), str(first.pk)}, why="It was sent again.", actor=actor, at=at)
    letter = _queue(new, _written(new, version), at=at, again=Again(first, actor.label, reason.strip()))
    assert letter is not None  # the first letter is locked, so the count makes a new key
    return letter


def _refuse_again(asked: Letter, reason: str, to: str) -> None:
    if not reason.strip():
        message = "Say why it is sent again."
        raise Invalid(message, problems=(("#/reason", message),))
    if to.strip() and not post.is_address(to.strip()):
        message = "That is not a mail address."
        raise Invalid(message, problems=(("#/to", message),))
    if queries.still_waits(asked):
        raise Conflict("This letter still waits to be sent; it goes by itself.")
    if asked.order.contact.erased_at is not None:
        raise Conflict("Whoever it was for was erased.")


@owns_transaction()
def fail(letter_id: int, *, error: str, at: datetime) -> None:
    """Keep that a letter has failed for good, and tell whoever can mend it."""
    letter = queries.lock_letter(letter_id)
    if letter.status == LetterStatus.QUEUED:
        letters.settle(letter, LetterStatus.FAILED, error=error, at=at)
    if letter.status == LetterStatus.FAILED:
        _tell_failed(letter, error, at=at)


def preview(occasion: Occasion, said: Wording, number: str) -> Written:
    """What a wording makes of an order; what is about a shipment, a change or an invoice is taken from its last one.

    Raises ``WordingInvalid``, ``NoWording`` when the order has nothing of the kind.
    """
    order = queries.order_to_write_about(number)
    if order is None:
        raise NoWording(f"There is no order {number}.")
    about = queries.example_of(order, occasion)
    if about is None:
        raise NoWording(f"{number} has nothing to write about on this occasion: choose another order.")
    return wording.fill(occasion, said, facts.gather(order, occasion, about))


@owns_transaction()
def ask_for_test(
    occasion: Occasion, said: Wording, number: str, recipient: int, *, actor: Actor, at: datetime
) -> None:
    """Let a wording be filled in with an order and sent to a member of staff, by the same way as all letters.

    Raises what ``preview`` raises.
    """
    preview(occasion, said, number)
    payload = {
        **{"user": recipient, "occasion": occasion.value, "order": number},
        **{"subject": said.subject, "text": said.text, "html": said.html},
    }
    outbox.record(queries.TEST, aggregate=f"letter:test:{recipient}:{at.timestamp()}", payload=payload, at=at)
    audit.record("letter.test_asked", "order", number, actor=actor, at=at, note=OCCASION_WORDS[occasion])


def address_of(number: str) -> str:
    """Where letters about an order go now; empty when nowhere."""
    order = queries.order_to_write_about(number)
    return _address(order) if order is not None else ""


def deliver_test(message: Message) -> None:
    """Send the test letter that a message asks for.

    Raises the outbox's own exceptions, or ``ConnectionError``, when it did not go.
    """
    asked = message.payload
    recipient = queries.mail_of_staff(asked["user"])
    if not recipient:
        raise outbox.NoLongerWanted("Whoever asked for the test has no mail address.")
    said = Wording(asked["subject"], asked["text"], asked["html"])
    try:
        written = preview(Occasion(asked["occasion"]), said, asked["order"])
    except (WordingInvalid, NoWording) as refusal:
        raise outbox.Undeliverable(str(refusal)) from refusal
    if not post.is_set_up():
        log.info("test letter only logged", message=message.id)
        return
    subject = wording.one_line(f"Test: {written.subject}")
    key = f"test:{message.id}"
    _hand_over(Mail(key, recipient, subject, written.text, written.html), at=message.claimed_at)


def _hand_over(mail: Mail, *, at: datetime) -> None:
    try:
        post.send(mail)
    except post.Refused as refusal:
        raise outbox.Undeliverable(str(refusal)) from None
    except post.NoServer as trouble:
        _tell_no_server(str(trouble), at=at)
        raise ConnectionError(str(trouble)) from None
    except post.NotNow as trouble:
        raise ConnectionError(str(trouble)) from None


def _is_told_whole(order: Order, occasion: Occasion, about: Mapping[str, Any]) -> bool:
    """Pieces of an order that is cancelled by now stand in the letter about the whole of it."""
    return occasion is Occasion.CANCELLED and "pieces" in about and order.state == OrderState.CANCELLED


def _address(order: Order) -> str:
    """The order's own address, else that of its customer."""
    contact = getattr(order.customer, "contact", None)
    return order.contact.customer_email or (contact.email if contact else "")


def _written(new: NewLetter, version: TemplateVersion) -> Written:
    said = Wording(version.subject, version.text, version.html)
    return wording.fill(new.occasion, said, facts.gather(new.order, new.occasion, new.about))


def _queue(new: NewLetter, written: Written, *, at: datetime, again: Again | None = None) -> Letter | None:
    letter = letters.queue(new, _address(new.order), written, at=at, again=again)
    if letter is not None:
        # A letter stands alone: one that cannot be sent holds back no other.
        name = f"letter:{new.key}"
        outbox.record(queries.SEND, aggregate=name, payload={"letter": letter.pk}, at=at, dedupe_key=name)
    return letter


def _mail(letter: Letter, content: LetterContent) -> Mail:
    attached: tuple[Attached, ...] = ()
    if letter.occasion == Occasion.INVOICED:
        invoice = invoice_queries.invoice(letter.about["invoice"])
        paper = printing.invoice(invoice, invoice_queries.lines_of(invoice))
        attached = (Attached(f"{invoice.number}.pdf", paper, "application/pdf"),)
    return Mail(letter.key, content.recipient, content.subject, content.text, content.html, attached)


@owns_transaction()
def _settle(letter_id: int, status: LetterStatus, *, at: datetime) -> None:
    letter = queries.lock_letter(letter_id)
    if letter.status in SETTLED:
        return
    letters.settle(letter, status, at=at)
    said = OCCASION_WORDS[Occasion(letter.occasion)]
    audit.record(f"letter.{status}", "order", letter.order.number, actor=SYSTEM, at=at, note=said)
    _close(FAILED, {str(letter.pk)}, why="It went after all.", actor=SYSTEM, at=at)
    if status == LetterStatus.SENT:
        _close(NO_SERVER, {"server"}, why="The mail server takes letters again.", actor=SYSTEM, at=at)


@joins_transaction
def _tell_failed(letter: Letter, error: str, *, at: datetime) -> None:
    said = OCCASION_WORDS[Occasion(letter.occasion)]
    number = letter.order.number
    alerts.open_alert(
        FAILED,
        "letter",
        str(letter.pk),
        at=at,
        message=f"Letter “{said}” of {number} did not go. {error} Open it, mend address or template, send it again.",
        url=f"/letters/{letter.pk}",
    )
    audit.record("letter.failed", "order", number, actor=SYSTEM, at=at, note=f"{said}: {error}"[:500])


@joins_transaction
def _tell_missing(order: Order, occasion: Occasion, *, at: datetime) -> None:
    said = OCCASION_WORDS[occasion]
    alerts.open_alert(
        MISSING,
        "letters",
        f"{order.channel.code}:{order.customer_type}:{occasion.value}",
        at=at,
        message=f"{order.channel.name} writes on “{said}”, and no set has a template for it. Add one in the admin.",
        url="/admin/letters/lettertemplate/",
    )


@owns_transaction()
def _tell_no_server(trouble: str, *, at: datetime) -> None:
    """One alert, however many letters wait."""
    alerts.open_alert(
        NO_SERVER,
        "mail",
        "server",
        at=at,
        message=f"Letters wait. {trouble} Look with manage.py doctor and mend EMAIL_URL; they go by themselves then.",
    )


@joins_transaction
def _close(kind: str, subjects: set[str], *, why: str, actor: Actor, at: datetime) -> None:
    for alert in alert_queries.lock_open_about(kind, subjects):
        alerts.close(alert, note=why, actor=actor, at=at)
        audit.record("alert.closed", "alert", alert.pk, actor=actor, at=at, note=why)
