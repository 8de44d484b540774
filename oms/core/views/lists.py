"""List pages: filters that live in the address, tabs with counts, pages by key, saved views."""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from oms.core import preferences
from oms.core.errors import Invalid
from oms.core.views.frame import Page

PAGE_SIZE = 50
# Beyond this the exact number costs more than it tells.
COUNTED_UP_TO = 10_000
NOT_FILTERS = frozenset({"after", "before", "view", "list"})


class BadCursor(Invalid):
    """This page's address is spoilt; open the list again."""

    code = "bad-cursor"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value a filter may take, and the words for it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing a list can be narrowed by; ``apply(rows, value)`` narrows it."""

    name: str
    label: str
    apply: Callable[[QuerySet[Any], str], QuerySet[Any]]
    choices: Callable[[Any], Iterable[Choice]] | None = None
    kind: str = "choice"
    help: str = ""

    def word_for(self, value: str, user: Any) -> str:
        """Say a value in the words of its choice."""
        if self.choices is None:
            return value
        return next(
            (choice.label for choice in self.choices(user) if choice.value == value),
            value,
        )


@dataclass(frozen=True, slots=True)
class Tab:
    """A view everyone has: a name, the filters it stands for, and a tone when it asks for people."""

    name: str
    filters: dict[str, str] = field(default_factory=dict)
    tone: str = ""
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Column:
    """One column head; ``order`` names the keyset it sorts by when it can."""

    name: str
    css: str = ""
    order: str = ""


def _sayable(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value


def write_cursor(row: Any, order: tuple[str, ...]) -> str:
    """Write where a row stands in its order, as an address can carry it."""
    values = []
    for name in order:
        value: Any = row
        for part in name.lstrip("-").split("__"):
            value = getattr(value, part) if not isinstance(value, dict) else value[part]
        values.append(_sayable(value))
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(text: str, order: tuple[str, ...]) -> list[Any]:
    """Read a cursor back.

    Raises ``BadCursor`` when it was not written for this order.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, UnicodeDecodeError) as error:
        raise BadCursor() from error
    if not isinstance(values, list) or len(values) != len(order):
        raise BadCursor()
    return values


def beyond(order: tuple[str, ...], values: list[Any], *, forward: bool) -> Q:
    """Select the rows that come after (or before) a position in an order of several columns.

    A null sorts as the database sorts it: last going up, first going down.
    """
    wanted = Q(pk__in=[])
    same = Q()
    for name, value in zip(order, values, strict=True):
        column = name.lstrip("-")
        rising = name.startswith("-") != forward
        if value is None:
            step = Q(pk__in=[]) if rising else Q(**{f"{column}__isnull": False})
            equal = Q(**{f"{column}__isnull": True})
        else:
            step = Q(**{f"{column}__{'gt' if rising else 'lt'}": value})
            if rising:
                step |= Q(**{f"{column}__isnull": True})
            equal = Q(**{column: value})
        wanted |= same & step
        same &= equal
    return wanted


def turned(order: tuple[str, ...]) -> tuple[str, ...]:
    """Turn an order round."""
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in order)


def days(name: str) -> Callable[[QuerySet[Any], str], QuerySet[Any]]:
    """Make a filter's ``apply`` for "today", "7d", "30d" or one ISO day of a column of instants."""

    def apply(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        now = datetime.now(UTC)
        spans = {"1d": 1, "7d": 7, "30d": 30, "90d": 90}
        if value in spans:
            return rows.filter(**{f"{name}__gte": now - timedelta(days=spans[value])})
        try:
            start = datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            return rows.none()
        return rows.filter(**{f"{name}__gte": start, f"{name}__lt": start + timedelta(days=1)})

    return apply


LAST_DAYS = (
    Choice("1d", "last 24 hours"),
    Choice("7d", "last 7 days"),
    Choice("30d", "last 30 days"),
    Choice("90d", "last 90 days"),
)


class ListPage(Page, ABC):
    """A list: what narrows it stands in its address, so a copied address shows the same rows."""

    page_name: ClassVar[str] = ""
    noun: ClassVar[str] = "row,rows"
    order: ClassVar[tuple[str, ...]] = ("-pk",)
    orders: ClassVar[dict[str, tuple[str, ...]]] = {}
    filters: ClassVar[tuple[Filter, ...]] = ()
    tabs: ClassVar[tuple[Tab, ...]] = ()
    columns: ClassVar[tuple[Column, ...]] = ()
    search_help: ClassVar[str] = ""
    page_size: ClassVar[int] = PAGE_SIZE

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """Return every row this person may see."""

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Narrow the rows by free text."""
        return rows

    def decorate(self, rows: list[Any]) -> list[Any]:
        """Fetch what the page shows beside the rows, once for the whole page."""
        return rows

    @cached_property
    def asked(self) -> dict[str, str]:
        """The filters of the address; words typed as ``name:value`` count as filters too."""
        names = {one.name for one in self.filters}
        found = {name: value for name, value in self.request.GET.items() if name in names and value}
        words = []
        for word in self.request.GET.get("q", "").split():
            name, colon, value = word.partition(":")
            if colon and value and name.lower() in names:
                found[name.lower()] = value
            else:
                words.append(word)
        if words:
            found["q"] = " ".join(words)
        return found

    @cached_property
    def sorting(self) -> tuple[str, ...]:
        return self.orders.get(self.request.GET.get("sort", ""), self.order)

    def narrowed(self, asked: dict[str, str]) -> QuerySet[Any]:
        """Return the rows that all of these filters let through."""
        rows = self.rows()
        for one in self.filters:
            if one.name in asked:
                rows = one.apply(rows, asked[one.name])
        return self.search(rows, asked["q"]) if "q" in asked else rows

    def count(self, asked: dict[str, str]) -> int:
        return self.narrowed(asked).order_by()[: COUNTED_UP_TO + 1].count()

    def _page(self) -> dict[str, Any]:
        get, order = self.request.GET, self.sorting
        backwards = "before" in get and "after" not in get
        rows = self.narrowed(self.asked).order_by(*(turned(order) if backwards else order))
        cursor = get.get("before" if backwards else "after", "")
        if cursor:
            rows = rows.filter(beyond(order, read_cursor(cursor, order), forward=not backwards))
        taken = list(rows[: self.page_size + 1])
        more, taken = len(taken) > self.page_size, taken[: self.page_size]
        if backwards:
            taken.reverse()
        newer, older = (more, bool(cursor)) if backwards else (bool(cursor), more)
        return {
            "previous": write_cursor(taken[0], order) if taken and newer else "",
            "next": write_cursor(taken[-1], order) if taken and older else "",
            "rows": self.decorate(taken),
        }

    def _tokens(self) -> list[dict[str, str]]:
        by_name = {one.name: one for one in self.filters}
        tokens = []
        for name, value in self.asked.items():
            rest = urlencode({k: v for k, v in self.asked.items() if k != name} | self._sort())
            if name == "q":
                tokens.append({"label": "Text", "word": value, "without": f"?{rest}"})
            else:
                word = by_name[name].word_for(value, self.request.user)
                tokens.append({"label": by_name[name].label, "word": word, "without": f"?{rest}"})
        return tokens

    def _sort(self) -> dict[str, str]:
        sort = self.request.GET.get("sort", "")
        return {"sort": sort} if sort in self.orders else {}

    def _tabs(self) -> list[dict[str, Any]]:
        saved = preferences.views_of(self.request.user, page=self.page_name)
        tabs = [
            {
                "name": tab.name,
                "filters": tab.filters,
                "tone": tab.tone,
                "counted": tab.counted,
                "saved": None,
            }
            for tab in self.tabs
        ]
        tabs += [
            {
                "name": view.name,
                "filters": view.settings.get("filters", {}),
                "tone": "",
                "counted": True,
                "saved": view,
            }
            for view in saved
        ]
        for tab in tabs:
            tab["url"] = f"?{urlencode(tab['filters'])}" if tab["filters"] else self.request.path
            tab["here"] = tab["filters"] == self.asked
            tab["count"] = self.count(tab["filters"]) if tab["counted"] else None
        return tabs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        total = self.count(self.asked)
        narrowers = [
            {
                "filter": one,
                "value": self.asked.get(one.name, ""),
                "choices": list(one.choices(self.request.user)) if one.choices else [],
            }
            for one in self.filters
        ]
        tabs = self._tabs()
        list_query = urlencode(self.asked | self._sort())
        return (
            super().get_context_data(**kwargs)
            | self._page()
            | {
                "total": min(total, COUNTED_UP_TO),
                "total_is_floor": total > COUNTED_UP_TO,
                "tokens": self._tokens(),
                "narrowers": narrowers,
                "tabs": tabs,
                "unsaved": bool(self.asked) and not any(tab["here"] for tab in tabs),
                "asked": self.asked,
                "columns": self.columns,
                "noun": self.noun,
                "sort": self._sort().get("sort", ""),
                "search_help": self.search_help,
                "page_name": self.page_name,
                "page_size": self.page_size,
                "list_query": list_query,
                # Rides along in each row's link, so that Back and previous/next know the list.
                "list_param": f"?{urlencode({'list': list_query})}" if list_query else "",
            }
        )

    @classmethod
    def neighbours(
        cls, record: Model, *, list_query: str, user: Any, request: Any
    ) -> tuple[Any | None, Any | None]:
        """Return the rows before and after a record in the list it was opened from."""
        page = cls()
        page.request = type(
            "Asked",
            (),
            {"GET": QueryDict(list_query), "user": user, "session": request.session},
        )()
        order = page.sorting
        here = read_cursor(write_cursor(record, order), order)
        rows = page.narrowed(page.asked)
        after = rows.filter(beyond(order, here, forward=True)).order_by(*order).first()
        before = rows.filter(beyond(order, here, forward=False)).order_by(*turned(order)).first()
        return before, after
