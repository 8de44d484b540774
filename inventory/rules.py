"""The words of stock and the arithmetic of levels; pure."""

from dataclasses import dataclass
from enum import StrEnum

from oms.core.errors import Conflict, Invalid


class LocationKind(StrEnum):
    """Who stands behind a place that holds stock."""

    OWN = "own"
    PARTNER = "3pl"
    SUPPLIER = "supplier"


class MovementKind(StrEnum):
    """Why a level changed."""

    RECEIVE = "receive"
    RESERVE = "reserve"
    RELEASE = "release"
    ISSUE = "issue"
    ADJUST = "adjust"


class NotEnoughStock(Conflict):
    """Fewer units are there than the move would take."""

    code = "not-enough-stock"


class LevelsMoved(Conflict):
    """A level changed between the look and the reservation; plan again."""

    code = "levels-moved"


class ReasonRequired(Invalid):
    """An adjustment names no reason from the managed list."""

    code = "reason-required"


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A level before and after an adjustment, in pieces."""

    number: str
    on_hand_before: int
    on_hand_after: int
    available_after: int
