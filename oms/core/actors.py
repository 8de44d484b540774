"""Who does something: a person, a program with a token, or the house itself."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Actor:
    """The one to whom a change is ascribed; ``id`` is a key, ``name`` is what people read."""

    kind: Literal["user", "token", "system"]
    id: str
    name: str

    @property
    def label(self) -> str:
        """The actor as rows keep it: kind and key, never a name, so that it holds no personal data."""
        return f"{self.kind}:{self.id}" if self.id else self.kind


SYSTEM = Actor("system", "", "system")
