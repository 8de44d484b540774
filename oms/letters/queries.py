"""Questions about letters: which one is to be written, and what was."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from fulfilment.models import Shipment
from oms.core.models import OutboxMessage, User
from oms.core.rules import MessageState
from oms.invoices.models import Invoice
from oms.letters.models import (
    ChannelLetters,
    CustomerTypeLetters,
    Letter,
    LetterContent,
    LetterSet,
    LetterTemplate,
    TemplateVersion,
)
from oms.letters.rules import LetterNotFound, LetterStatus, Occasion, sets_in_turn
from oms.orders.models import Order

RECENT = 1_000
SEND = "letter.send"
TEST = "letter.test"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether a customer is written to, and the sets that are asked for a template, the most particular first."""

    is_on: bool
    sets: tuple[int, ...]


def order_to_write_about(number: str) -> Order | None:
    """The order with its channel, customer and contact; None when there is no such order."""
    rows = Order.objects.select_related("channel", "contact", "customer__contact")
    return rows.filter(number=number).first()


def speaks(number: str, occasion: Occasion, told_at: datetime) -> bool:
    """Whether the channel of an order writes on this occasion at all: what most news is answered with."""
    rows = ChannelLetters.objects.filter(channel__orders__number=number, since__lte=told_at)
    return rows.filter(occasions__contains=[occasion.value]).exists()


def choice(order: Order, occasion: Occasion, told_at: datetime) -> Choice:
    """What applies to an order: its channel's row for the customer type, else the channel's for both."""
    kind = order.customer_type
    rows = ChannelLetters.objects.filter(channel_id=order.channel_id, customer_type__in=["", kind])
    of_channel = rows.order_by("-customer_type").first()
    of_type = CustomerTypeLetters.objects.filter(customer_type=kind).first()
    last = LetterSet.objects.filter(is_fallback=True).values_list("pk", flat=True).first()
    is_on = (
        of_channel is not None
        and occasion.value in of_channel.occasions
        and of_channel.since <= told_at
        and not (of_type is not None and occasion.value in of_type.silent_on)
    )
    sets = sets_in_turn(
        of_channel.letter_set_id if of_channel else None, of_type.letter_set_id if of_type else None, last
    )
    return Choice(is_on, tuple(sets))


def wording_for(chosen: Choice, occasion: Occasion) -> TemplateVersion | None:
    """The present wording of the first of these sets that has a template for the occasion."""
    rows = LetterTemplate.objects.filter(letter_set__in=chosen.sets, occasion=occasion.value)
    found = min(rows, key=lambda each: chosen.sets.index(each.letter_set_id), default=None)
    return None if found is None else version_of(found)


def version_of(template: LetterTemplate) -> TemplateVersion:
    """The present wording of a template, as it is kept."""
    return TemplateVersion.objects.select_related("template__letter_set").get(
        template=template, number=template.version
    )


def version_now(template_id: int) -> int | None:
    """The number of a template's present wording."""
    return LetterTemplate.objects.filter(pk=template_id).values_list("version", flat=True).first()


def letters() -> QuerySet[Letter]:
    """All letters with their order, customer and what they said, newest first."""
    rows = Letter.objects.select_related(
        "order__contact", "customer", "content", "version__template__letter_set"
    )
    return rows.order_by("-queued_at", "-id")


def letter(letter_id: int) -> Letter:
    """The letter with this id.

    Raises ``LetterNotFound``.
    """
    found = letters().filter(pk=letter_id).first()
    if found is None:
        raise LetterNotFound(f"There is no letter {letter_id}.")
    return found


def lock_letter(letter_id: int) -> Letter:
    """The letter with this id, locked until the transaction ends.

    Raises ``LetterNotFound``.
    """
    rows = Letter.objects.select_for_update(of=("self",), no_key=True).select_related("order__contact")
    found = rows.filter(pk=letter_id).first()
    if found is None:
        raise LetterNotFound(f"There is no letter {letter_id}.")
    return found


def of_order(order_id: int) -> QuerySet[Letter]:
    """An order's letters, newest first."""
    return letters().filter(order_id=order_id)


def of_customer(customer_id: int) -> QuerySet[Letter]:
    """A known customer's letters, newest first."""
    return letters().filter(customer_id=customer_id)


def needing_a_person() -> Q:
    """A filter for letters that failed and were not sent again."""
    return Q(status="failed", again__isnull=True)


def matching(text: str) -> Q:
    """A filter for letters by their order, its customer or the address they went to."""
    wanted = text.strip()
    return (
        Q(order__number__iexact=wanted)
        | Q(customer__code__iexact=wanted)
        | Q(content__recipient__iexact=wanted)
    )


def times_again(first: Letter) -> int:
    """How often a letter has been sent again."""
    return Letter.objects.filter(again_of=first).count()


def content_of(letter_id: int) -> LetterContent | None:
    """To whom a letter goes and what it says; None once erased."""
    return LetterContent.objects.filter(letter_id=letter_id).first()


def still_waits(letter: Letter) -> bool:
    """Whether a letter goes by itself: it is queued, and nobody has discarded its message."""
    gone = OutboxMessage.objects.filter(dedupe_key=f"letter:{letter.key}", state=MessageState.DISCARDED)
    return letter.status == LetterStatus.QUEUED and not gone.exists()


def of_message(message_id: int) -> int | None:
    """The letter that an outbox message carries, if it carries one."""
    row = OutboxMessage.objects.filter(pk=message_id, topic=SEND).values_list("payload", flat=True).first()
    return None if row is None else row.get("letter")


def mail_of_staff(user_id: int) -> str:
    """The mail address of a member of staff who is still one."""
    rows = User.objects.filter(pk=user_id, is_active=True)
    return rows.values_list("email", flat=True).first() or ""


def example_of(order: Order, occasion: Occasion) -> dict[str, Any] | None:
    """Something of an order that a letter could be about, the last there was; None when there is nothing."""
    match occasion:
        case Occasion.SHIPPED:
            rows = Shipment.objects.filter(fulfilment_order__order=order)
            return _about("shipment", rows.order_by("-pk").values_list("number", flat=True).first())
        case Occasion.INVOICED:
            return _about("invoice", order.invoices.order_by("-pk").values_list("number", flat=True).first())
        case Occasion.DELAYED:
            if order.promise_by is None:
                return None
            told = list(order.promises.order_by("-sequence").values_list("promised_by", flat=True)[:2])
            later = told if len(told) == 2 else [order.promise_by + timedelta(days=3), order.promise_by]
            return {"from": later[1].isoformat(), "to": later[0].isoformat(), "arrives_on": None}
        case Occasion.CANCELLED:
            sku = order.lines.order_by("position").values_list("sku__code", flat=True).first()
            return {} if order.state == "cancelled" else {"pieces": {sku: 1}}
    return {}


def example_number(template: LetterTemplate) -> str:
    """The newest order that a template could be about, of the customers who get its set; empty without one."""
    kinds = CustomerTypeLetters.objects.filter(letter_set=template.letter_set_id).values_list("customer_type")
    theirs = Order.objects.filter(customer_type__in=kinds) if kinds else Order.objects.all()
    for number in theirs.filter(_has(template.occasion)).order_by("-pk").values_list("number", flat=True)[:1]:
        return number
    return ""


def _has(occasion: str) -> Q:
    """A filter for orders that a letter for an occasion could be about."""
    if occasion == Occasion.SHIPPED:
        return Q(pk__in=Shipment.objects.order_by("-pk").values("fulfilment_order__order")[:RECENT])
    if occasion == Occasion.INVOICED:
        return Q(pk__in=Invoice.objects.order_by("-pk").values("order")[:RECENT])
    return Q(promise_by__isnull=False) if occasion == Occasion.DELAYED else Q()


def _about(name: str, number: str | None) -> dict[str, Any] | None:
    return None if number is None else {name: number}


def recipients_of(order_ids: Iterable[int]) -> set[str]:
    """Where letters about these orders went, also to addresses that were corrected since."""
    return set(with_contents_of(order_ids).values_list("recipient", flat=True))


def with_contents_of(order_ids: Iterable[int]) -> QuerySet[LetterContent]:
    """What was said about these orders."""
    return LetterContent.objects.filter(letter__order_id__in=list(order_ids))
