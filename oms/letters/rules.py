"""On which occasions customers are written to, what a letter may become, and what is refused; pure."""

from collections.abc import Sequence
from enum import StrEnum

from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.lifecycles import Lifecycle


class Occasion(StrEnum):
    """What a customer is written to about."""

    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    DELAYED = "delayed"
    CANCELLED = "cancelled"
    INVOICED = "invoiced"


OCCASION_WORDS = {
    Occasion.CONFIRMED: "Order confirmed",
    Occasion.SHIPPED: "Parcel left, with tracking",
    Occasion.DELAYED: "Promise became later",
    Occasion.CANCELLED: "Pieces or order cancelled",
    Occasion.INVOICED: "Invoice issued",
}


class LetterStatus(StrEnum):
    """How far a letter has come; ``LOGGED`` is written and not sent, because no mail server is set up."""

    QUEUED = "queued"
    SENT = "sent"
    LOGGED = "logged"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


_GONE = frozenset({LetterStatus.SENT, LetterStatus.LOGGED, LetterStatus.WITHDRAWN})
LETTER_LIFECYCLE = Lifecycle(
    {
        LetterStatus.QUEUED: _GONE | {LetterStatus.FAILED},
        # A person may replay its message once the cause is mended.
        LetterStatus.FAILED: _GONE,
        LetterStatus.SENT: frozenset(),
        LetterStatus.LOGGED: frozenset(),
        LetterStatus.WITHDRAWN: frozenset(),
    }
)
SETTLED = _GONE


class LetterNotFound(NotFound):
    """There is no such letter."""

    code = "letter-not-found"


class NobodyToWriteTo(Conflict):
    """The order has no mail address."""

    code = "letter-without-address"


class NoWording(Conflict):
    """No set of letters that counts here has a template for this occasion."""

    code = "letter-without-template"


class WordingInvalid(Invalid):
    """A template says something that it cannot."""

    code = "wording-invalid"


def sets_in_turn(*sets: int | None) -> Sequence[int]:
    """The sets that are asked for a template, the most particular first, each once."""
    return tuple(dict.fromkeys(each for each in sets if each is not None))
