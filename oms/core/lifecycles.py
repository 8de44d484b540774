"""Lifecycles: which status may follow which, as a table that code and database share."""

from collections.abc import Iterator, Mapping

from oms.core.errors import Conflict


class IllegalTransition(Conflict):
    """The document cannot go from its present status to that one."""

    code = "illegal-transition"


class Lifecycle:
    """A published graph of statuses; staying where one is is not a move and always allowed."""

    def __init__(self, table: Mapping[str, frozenset[str]]) -> None:
        self.table = {str(old): frozenset(str(new) for new in news) for old, news in table.items()}
        named = set().union(*self.table.values()) if self.table else set()
        unknown = sorted(named - set(self.table))
        if unknown:
            raise ValueError(f"statuses without a row of their own: {', '.join(unknown)}")

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Every move of the graph, sorted."""
        return iter(sorted((old, new) for old, news in self.table.items() for new in news))

    @property
    def statuses(self) -> tuple[str, ...]:
        return tuple(self.table)

    def allows(self, old: str, new: str) -> bool:
        """Whether this move is in the published graph."""
        return str(new) in self.table.get(str(old), frozenset())

    def after(self, old: str) -> frozenset[str]:
        """The statuses that may follow."""
        return self.table.get(str(old), frozenset())

    def is_final(self, status: str) -> bool:
        """Whether nothing may follow this status."""
        return not self.after(status)

    def check(self, old: str, new: str, *, what: str = "This") -> None:
        """Let a legal move pass.

        Raises ``IllegalTransition`` when the move is not in the graph.
        """
        if not self.allows(old, new):
            cannot = "already" if str(old) == str(new) else f"and cannot become {_words(new)}"
            raise IllegalTransition(f"{what} is {_words(old)} {cannot}.", old=str(old), new=str(new))


def _words(status: str) -> str:
    return str(status).replace("_", " ")
