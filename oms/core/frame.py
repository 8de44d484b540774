"""The frame round each staff page: what the side bar leads to, and what home counts.

Rooms hang their own entries here when their doors load, so the ground floor names none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Standing:
    """Who looks, and at which site they stand ("" is every site they may see)."""

    user: Any
    site: str = ""

    def sites(self, permission: str) -> frozenset[str] | None:
        """Return the codes to narrow to for this right; None means no narrowing."""
        codes = self.user.locations_for(permission)
        if not self.site:
            return codes
        return frozenset({self.site}) if codes is None or self.site in codes else frozenset()

    @property
    def query(self) -> str:
        """Write the site as a part of an address, so that a list shows what its tile counted."""
        return f"&site={self.site}" if self.site else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the side bar: where it leads, who may see it, and the letter after ``g``."""

    name: str
    icon: str
    url_name: str
    permission: str = ""
    section: str = ""
    letter: str = ""
    position: int = 50
    count: Callable[[Standing], int] | None = None
    tab: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """One number on the home page; ``count`` and the list behind ``url`` ask the same query."""

    name: str
    icon: str
    url: Callable[[Standing], str]
    count: Callable[[Standing], int]
    permission: str = ""
    tone: str = ""
    hint: str = ""
    position: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a search or a scan turned up."""

    name: str
    url: str
    icon: str = "search"
    detail: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Finder:
    """A room's answer to "find this": ``look(text, user)`` returns a few ``Found``."""

    name: str
    look: Callable[[str, Any], list[Found]]
    permission: str = ""
    position: int = 50


@dataclass(frozen=True, slots=True)
class Panel:
    """A card of a room on the home page: its template, and what it shows (nothing: no card)."""

    name: str
    template: str
    context: Callable[[Standing], dict[str, Any] | None]
    permission: str = ""
    side: bool = False
    position: int = 50


SECTIONS = ("", "Stock", "Watch", "Set up")
_entries: dict[str, Entry] = {}
_tiles: dict[str, Tile] = {}
_finders: dict[str, Finder] = {}
_panels: dict[str, Panel] = {}
_sites: list[Callable[[], list[tuple[str, str, str]]]] = []


def hang(*things: Entry | Tile | Panel | Finder) -> None:
    """Add entries, tiles, panels and finders; the same name again replaces the earlier one."""
    for thing in things:
        if isinstance(thing, Entry):
            _entries[thing.name] = thing
        elif isinstance(thing, Tile):
            _tiles[thing.name] = thing
        elif isinstance(thing, Panel):
            _panels[thing.name] = thing
        else:
            _finders[thing.name] = thing


def know_sites(ask: Callable[[], list[tuple[str, str, str]]]) -> None:
    """Say how to list the sites people work at: (code, name, time zone) of each."""
    _sites[:] = [ask]


def sites_for(user: Any) -> list[tuple[str, str, str]]:
    """List the sites where this person may work: (code, name, time zone)."""
    if not _sites:
        return []
    codes = user.locations_for("home.view")
    return [site for site in _sites[0]() if codes is None or site[0] in codes]


def _allowed(thing: Entry | Tile | Panel | Finder, user: Any) -> bool:
    return not thing.permission or user.may(thing.permission)


def entries_for(user: Any) -> list[tuple[Entry, str]]:
    """List the side bar's entries this person may open, each with its address."""
    shown = []
    for entry in sorted(_entries.values(), key=lambda entry: (entry.position, entry.name)):
        if not _allowed(entry, user):
            continue
        try:
            shown.append((entry, reverse(entry.url_name)))
        except NoReverseMatch:
            continue
    return shown


def tiles_for(user: Any) -> list[Tile]:
    """List the home page's tiles this person may see."""
    tiles = sorted(_tiles.values(), key=lambda tile: (tile.position, tile.name))
    return [tile for tile in tiles if _allowed(tile, user)]


def panels_for(standing: Standing) -> list[dict[str, Any]]:
    """Draw up the home page's cards for this person; one with nothing to say is left out."""
    panels = sorted(_panels.values(), key=lambda panel: (panel.position, panel.name))
    shown = [(panel, panel.context(standing)) for panel in panels if _allowed(panel, standing.user)]
    return [
        {"panel": panel, "template": panel.template, "data": data}
        for panel, data in shown
        if data is not None
    ]


def find(text: str, user: Any, *, limit: int = 12) -> list[Found]:
    """Ask each room for what the text names; exact matches come first."""
    found: list[Found] = []
    for finder in sorted(_finders.values(), key=lambda finder: (finder.position, finder.name)):
        if _allowed(finder, user):
            found += finder.look(text, user)
    return sorted(found, key=lambda hit: not hit.exact)[:limit]
