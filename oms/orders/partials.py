"""What a person decides when an order cannot leave whole, and how such a decision is refused; pure."""

from enum import StrEnum

from oms.core.errors import Conflict

PARTIAL = "partial"
"""The code of a hold that waits for such a decision; the database opens and closes the question with the hold."""


class PartialDecision(StrEnum):
    """What became of the question: decided by a person, or closed by itself."""

    SHIP_AVAILABLE = "ship_available"
    WAIT = "wait"
    CANCEL_REST = "cancel_rest"
    FILLED = "filled"
    WITHDRAWN = "withdrawn"


CHOICES = (PartialDecision.SHIP_AVAILABLE, PartialDecision.WAIT, PartialDecision.CANCEL_REST)
"""What a person may decide; the others happen."""


class NothingToDecide(Conflict):
    """The order does not wait for a decision: it was decided, or closed by itself."""

    code = "nothing-to-decide"


class NothingIsMissing(Conflict):
    """Everything is there: there is nothing to wait for, and no rest to cancel."""

    code = "nothing-is-missing"


class QuestionChanged(Conflict):
    """Other pieces are missing than whoever decides has seen."""

    code = "partial-question-changed"


class DecisionWanted(Conflict):
    """The order waits for a decision, and a release would be none."""

    code = "partial-decision-wanted"


def why_asked(missing: int, places: int) -> str:
    """Why a person is asked, in words."""
    if missing:
        return (
            f"{missing} piece{'s are' if missing > 1 else ' is'} missing: decide before a part of it ships."
        )
    return f"It would leave from {places} places: decide before a part of it ships."
