"""Letters are queued once per key, settled once, and forgotten with whoever they went to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from oms.core.transactions import joins_transaction
from oms.letters import queries
from oms.letters.models import Letter, LetterContent, TemplateVersion
from oms.letters.rules import LETTER_LIFECYCLE, LetterStatus, Occasion
from oms.letters.wording import Written
from oms.orders.models import Order


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter to be: ``about`` says what besides the order it is about, without personal data."""

    key: str
    occasion: Occasion
    order: Order
    about: Mapping[str, Any] = field(default_factory=dict)
    version: TemplateVersion | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Which letter is sent again, who asked for it and why."""

    first: Letter
    asked_by: str
    reason: str


@joins_transaction
def queue(
    new: NewLetter, recipient: str, written: Written, *, at: datetime, again: Again | None = None
) -> Letter | None:
    """Keep a letter that is to be sent; None when its key has been written before."""
    letter, is_new = Letter.objects.get_or_create(
        key=new.key, defaults=_facts(new, again) | {"queued_at": at}
    )
    if not is_new:
        return None
    LetterContent.objects.create(
        letter=letter, recipient=recipient, subject=written.subject, text=written.text, html=written.html
    )
    return letter


@joins_transaction
def fail_to_write(new: NewLetter, *, error: str, at: datetime) -> Letter | None:
    """Keep that a letter could not be written; None when its key has been seen before."""
    failed = {"status": LetterStatus.FAILED.value, "error": error[:300], "settled_at": at, "queued_at": at}
    letter, is_new = Letter.objects.get_or_create(key=new.key, defaults=_facts(new, None) | failed)
    return letter if is_new else None


@joins_transaction
def settle(letter: Letter, status: LetterStatus, *, error: str = "", at: datetime) -> None:
    """Say what became of a locked letter.

    Raises ``IllegalTransition`` when it has gone already.
    """
    LETTER_LIFECYCLE.check(letter.status, status, what=f"Letter {letter.pk}")
    letter.status, letter.error, letter.settled_at = status.value, error[:300], at
    letter.save(update_fields=["status", "error", "settled_at"])


@joins_transaction
def forget(order_ids: Iterable[int]) -> int:
    """Forget to whom letters about these orders went and what they said; that they were written stays."""
    return queries.with_contents_of(order_ids).delete()[0]


def _facts(new: NewLetter, again: Again | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "occasion": new.occasion.value,
        "order": new.order,
        "customer_id": new.order.customer_id,
        "about": dict(new.about),
        "version": new.version,
    }
    if again is not None:
        facts |= {"again_of": again.first, "asked_by": again.asked_by, "reason": again.reason[:200]}
    return facts
