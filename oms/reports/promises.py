"""What an invariant is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise, how the database keeps it, how many rows speak of it and which of them break it."""

    code: str
    says: str
    kept_by: str
    counted: str
    breaches: str
