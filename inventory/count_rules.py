"""What a count means: how far it is off, who must look again, and what is refused; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inventory.rules import CountStatus
from oms.core.errors import Conflict, Forbidden, Invalid, NotFound
from oms.core.lifecycles import IllegalTransition

# Somebody has still to do something about these.
LIVE_COUNTS = (CountStatus.OPEN, CountStatus.COUNTING, CountStatus.RECOUNT, CountStatus.REVIEW)
# While it is one of these nobody is shown what the books say.
BLIND_COUNTS = (CountStatus.OPEN, CountStatus.COUNTING, CountStatus.RECOUNT)
# So many SKUs make one walk where there are no bins.
SKUS_PER_TASK = 10
ABC_WINDOW_DAYS = 90
ACCURACY_TARGET = 98


class CountNotFound(NotFound):
    """No count has this number."""

    code = "count-not-found"


class CountTaken(Conflict):
    """Somebody else is counting this."""

    code = "count-taken"


class AnotherPersonCounts(Forbidden):
    """The second count is done by somebody who has not counted this before."""

    code = "another-person-counts"


class CounterDecides(Forbidden):
    """Nobody decides about a count they did themselves."""

    code = "counter-decides"


class NotAskedFor(Conflict):
    """This is not among what is to be counted here."""

    code = "not-asked-for"


class NotCounted(Conflict):
    """Something is not counted yet."""

    code = "not-counted"


class CountsDisagree(Conflict):
    """The two counts do not agree; a third one is needed."""

    code = "counts-disagree"


class BooksChanged(Conflict):
    """The books for the instant of the count were changed since; count again."""

    code = "books-changed"


class CountClosed(IllegalTransition):
    """The count is finished."""

    code = "count-closed"


class NotInReview(Conflict):
    """The count does not wait for a third person's word."""

    code = "not-in-review"


class NothingToCount(Invalid):
    """There is nothing to be counted there, or it is being counted already."""

    code = "nothing-to-count"


class Verdict(StrEnum):
    """What follows from what was found."""

    POST = "post"
    RECOUNT = "recount"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Off:
    """How far one line is off: pieces, and their value in minor units where the cost is known."""

    pieces: int
    value_minor: int | None = 0
    # Pieces with numbers of their own cannot be written on or off without naming them.
    must_be_named: bool = False


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What difference needs no second look: so many pieces, worth no more than so much where that is set."""

    pieces: int = 0
    value_minor: int = 0

    def covers(self, off: Off) -> bool:
        """Whether a difference is small enough to be posted as it is."""
        if off.pieces == 0:
            return True
        if off.must_be_named or abs(off.pieces) > self.pieces:
            return False
        return not self.value_minor or (
            off.value_minor is not None and abs(off.value_minor) <= self.value_minor
        )


def after_first(found: Iterable[Off], tolerance: Tolerance) -> Verdict:
    """What follows the first count: small differences are posted, larger ones counted again."""
    return Verdict.POST if all(tolerance.covers(off) for off in found) else Verdict.RECOUNT


def after_second(found: Iterable[Off], tolerance: Tolerance) -> Verdict:
    """What follows the second count: when it agrees with the books it stands, otherwise a third person looks."""
    return Verdict.POST if all(tolerance.covers(off) for off in found) else Verdict.REVIEW


def shelf_shares(held: Sequence[int], away: int) -> list[int]:
    """How many of each lot stand on the shelf when so many pieces are in pickers' hands, the first lot's first."""
    left = []
    for pieces in held:
        gone = min(max(pieces, 0), away)
        away -= gone
        left.append(pieces - gone)
    return left
