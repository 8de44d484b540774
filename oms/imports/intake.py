"""A file is looked at before it is kept: what it is, how it is written, which column is which."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Any

from django.conf import settings

from oms.core.errors import Invalid
from oms.imports import headers, queries, reading
from oms.imports.cells import text
from oms.imports.models import ImportJob, ImportMapping
from oms.imports.planning import places_by_word
from oms.imports.reading import Shape
from oms.imports.resources import resource_for
from oms.imports.rules import Choices, ColumnsMissing, FileTooLarge, Kind, UnknownKind, needed
from oms.imports.services.jobs import PIECE_BYTES, NewFile

SAMPLES = 5
GUESSED_FROM = 200
# A person is asked about so many words for locations at most, found in so many rows.
PLACES_FROM, MOST_WORDS = 20_000, 20
# A mapping keeps the columns of a file that has one for each location under this name.
PLACES = "places"


@dataclass(frozen=True, slots=True)
class Looked:
    """A file as it was found, with its columns and choices as they were guessed or said."""

    new: NewFile
    mapping: dict[str, Any]
    choices: Choices
    fingerprint: str


def kind_named(name: str) -> Kind:
    """The kind with this name.

    Raises ``UnknownKind``.
    """
    try:
        return Kind(name)
    except ValueError:
        raise UnknownKind(f"kind is one of {', '.join(Kind)}.", problems=(("#/kind", "unknown"),)) from None


def looked_at(file: IO[bytes], name: str, kind: Kind, *, choices: Choices | None = None) -> Looked:
    """Look a file through: size, encoding, header, first rows, how many rows.

    Raises ``UnreadableFile``, ``FileTooLarge``.
    """
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
        if size > settings.LIMITS["import_bytes"]:
            raise FileTooLarge(f"A file has at most {settings.LIMITS['import_bytes'] // 1024**2} MiB.")
    shape = reading.shape_of(file, name)
    with reading.opened(file, shape) as sheet:
        rows = iter(sheet)
        first = [reading.cells_of(cells, len(sheet.headers)) for _, cells in islice(rows, GUESSED_FROM)]
        # A workbook is read slowly and says itself how long it is.
        count = len(first) + (sum(1 for _ in rows) if shape.form == "csv" else 0)
        count = max(count, sheet.claimed_rows)
        head = sheet.headers
    mapping: dict[str, Any] = dict(headers.guessed(kind, head))
    if kind is Kind.STOCK and not {"location", "on_hand"} <= mapping.keys():
        mapping = _with_places(mapping, head)
    guessed = headers.choices_guessed(kind, _columns(mapping), first, choices or Choices())
    samples = [[text(cell)[:60].replace("\x00", "␀") for cell in cells] for cells in first[:SAMPLES]]
    head = [header[:200].replace("\x00", "") for header in head]
    new = NewFile(kind, name, digest.hexdigest(), size, shape, head, samples, count)
    return Looked(new, mapping, guessed, headers.fingerprint(head))


def with_memory(looked: Looked, kept: ImportMapping | None) -> Looked:
    """The same, with what the person said about these columns last time."""
    if kept is None:
        return looked
    return replace(looked, mapping=dict(kept.mapping), choices=Choices.from_json(kept.options))


def with_mapping(looked: Looked, told: Mapping[str, Any]) -> Looked:
    """The same, with its columns as somebody says they are.

    Raises ``Invalid``, ``ColumnsMissing``.
    """
    found = checked_mapping(looked.new.kind, looked.new.headers, told, looked.choices)
    return replace(looked, mapping=found)


def checked_mapping(
    kind: Kind, head: Sequence[str], told: Mapping[str, Any], choices: Choices
) -> dict[str, Any]:
    """A mapping as a person or a program said it: our column → header or position.

    Raises ``Invalid`` for what is not there, ``ColumnsMissing`` when rows could not be told apart.
    """
    columns = resource_for(kind).columns()
    places = told.get(PLACES) or {}
    if not isinstance(places, Mapping) or set(told) - set(columns) - {PLACES}:
        raise Invalid(f"The columns are {', '.join(columns)}.", problems=(("#/mapping", "unknown column"),))
    found: dict[str, Any] = {
        name: _position(head, told[name]) for name in columns if told.get(name) not in (None, "")
    }
    taken = list(found.values())
    if len(set(taken)) != len(taken):
        raise Invalid(
            "One column of the file stands for one column of ours.", problems=(("#/mapping", "twice"),)
        )
    if places:
        found[PLACES] = {str(_position(head, at)): str(code) for at, code in places.items()}
        if len(set(found[PLACES].values())) != len(found[PLACES]):
            raise Invalid("Two columns stand for the same location.", problems=(("#/mapping", "twice"),))
    missing_columns(kind, found, choices)
    return found


def missing_columns(kind: Kind, mapping: Mapping[str, Any], choices: Choices) -> None:
    """Let a mapping pass that names every column rows need; orders need a channel too, of the file or of all.

    Raises ``ColumnsMissing``.
    """
    spread = ("location", "on_hand") if mapping.get(PLACES) else ()
    missing = needed(resource_for(kind).needed, [*mapping, *spread])
    if kind is Kind.ORDERS and not choices.channel:
        missing = needed(["channel", *missing], [*mapping])
    if missing:
        raise ColumnsMissing(
            f"No column of the file is {', '.join(missing)}. Rename one, or say which it is."
            + (" Or choose a channel for all of it." if "channel" in missing else ""),
            problems=tuple((f"#/mapping/{name}", "missing") for name in missing),
        )


def _columns(mapping: Mapping[str, Any]) -> dict[str, int]:
    return {name: at for name, at in mapping.items() if name != PLACES}


def _with_places(mapping: dict[str, Any], head: Sequence[str]) -> dict[str, Any]:
    codes = {word.lower(): place.code for word, place in places_by_word().items()}
    found = headers.places_among(head, codes)
    if not found or len(set(found.values())) != len(found):
        return mapping
    rest = {name: at for name, at in mapping.items() if name not in {"location", "on_hand"}}
    return rest | {PLACES: {str(at): code for at, code in found.items()}}


def _position(head: Sequence[str], told: Any) -> int:
    if isinstance(told, str) and told in head:
        return head.index(told)
    try:
        position = int(told)
    except (TypeError, ValueError):
        position = -1
    if not 0 <= position < len(head):
        raise Invalid(f"The file has no column {told}.", problems=(("#/mapping", "no such column"),))
    return position


def unknown_places(job: ImportJob) -> list[str]:
    """Words in a file's location column that name no location, as far as its first rows show."""
    position = job.mapping.get("location")
    if not isinstance(position, int) or job.kind == Kind.LOCATIONS.value:
        return []
    known = {word.lower() for word in places_by_word()}
    with (
        queries.file_of(job) as file,
        reading.opened(file, Shape(job.form, job.encoding, job.separator)) as sheet,
    ):
        width = len(sheet.headers)
        cells = (text(reading.cells_of(row, width)[position]) for _, row in islice(sheet, PLACES_FROM))
        words = dict.fromkeys(cell for cell in cells if cell and cell.lower() not in known)
    return list(islice(words, MOST_WORDS))
