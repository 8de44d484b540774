"""What a stock file would do: each row a dated count against the books of its instant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from inventory.models import Bin, Lot, StockLocation
from inventory.rules import STOCK_KEEPING, LocationKind
from oms.catalogue.models import Sku
from oms.imports.planning import Known, unknown_sku
from oms.imports.rules import Change, Finding, Line, Outcome, Verdict, repeated

# Clocks differ a little; a count cannot come from later than this after its file.
AHEAD = timedelta(minutes=1)


class Seen(Protocol):
    """What the books said about a count; the room of stock answers it."""

    @property
    def level_id(self) -> int | None: ...

    @property
    def on_hand(self) -> int: ...

    @property
    def held(self) -> int: ...

    @property
    def located(self) -> int: ...

    @property
    def spot_on_hand(self) -> int: ...

    @property
    def spot_quarantined(self) -> int: ...

    @property
    def since(self) -> int: ...


@dataclass(slots=True)
class Told:
    """One row of a stock file, resolved to what it names."""

    line: Line
    sku: Sku
    place: StockLocation
    pieces: int
    counted_at: datetime
    bin: Bin | None = None
    lot: Lot | None = None

    @property
    def by_spot(self) -> bool:
        """Whether it tells of a bin or a lot, not of the whole level."""
        return self.bin is not None or self.lot is not None

    @property
    def subject(self) -> str:
        """The place as people read it."""
        spot = [each.code for each in (self.bin, self.lot) if each is not None]
        return " ".join([self.sku.code, self.place.code, *spot])


class CountDeed(NamedTuple):
    """By how much a level is corrected; ``after`` is the whole level's pieces."""

    told: Told
    level_id: int
    delta: int
    before: int
    after: int


@dataclass(slots=True)
class CountBook:
    """What stays in mind between the chunks of one file."""

    counted_at: datetime
    # Whether nearly every row of the chunk before told something new.
    differs: bool = False
    # In a dry run nothing is written, so what earlier rows would have done is remembered here.
    drift: dict[tuple[str, int], int] = field(default_factory=dict)
    lots: dict[tuple[str, str], Lot] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)


def resolved(lines: Sequence[Line], known: Known, book: CountBook) -> list[Told | Outcome]:
    """Each line with the SKU, location, bin and lot that it names, or refused."""
    bins, lots = _bins(lines, known), _lots(lines, known, book)
    found = [_resolve(line, known, book, bins, lots) for line in lines]
    if not known.lock:
        book.lots |= {key: lot for key, lot in lots.items() if lot.pk is None}
    return found


def judged(told: Told, seen: Seen, was_there: bool, book: CountBook) -> Outcome:
    """The verdict on a count: the difference from the books of its instant, and whether it can be taken."""
    now = seen.spot_on_hand if told.by_spot else seen.on_hand
    delta = told.pieces - (now - seen.since)
    line, is_new = told.line, "sku_made_now" in told.line.values
    made = (Change(told.sku.code, "sku", "", told.sku.name),) if is_new else ()
    if delta == 0:
        return Outcome(line, Verdict.CREATED if made else Verdict.SAME, (), made)
    drifted = book.drift.get((told.sku.code, told.place.pk), 0)
    before = seen.on_hand + drifted
    wrong = _objection(told, seen, delta, before)
    if wrong:
        return Outcome(line, Verdict.REFUSED, (wrong,))
    if told.by_spot:
        book.drift[told.sku.code, told.place.pk] = drifted + delta
    change = Change(told.subject, "on_hand", str(now), str(now + delta))
    verdict = Verdict.CREATED if is_new or not was_there else Verdict.CHANGED
    return Outcome(
        line, verdict, (), (*made, change), CountDeed(told, seen.level_id or 0, delta, before, before + delta)
    )


def _objection(told: Told, seen: Seen, delta: int, before: int) -> Finding | None:
    line = told.line
    if told.sku.is_serial_tracked and told.place.kind != LocationKind.SUPPLIER:
        return line.finding("sku", "Every piece has a number of its own: count it by scan.")
    if not told.by_spot and seen.located:
        return line.finding("location", f"Its {seen.on_hand} pieces here are kept by bin or lot: name them.")
    if told.by_spot and not seen.located and seen.on_hand:
        return line.finding(
            "bin" if told.bin else "lot",
            f"{seen.on_hand} pieces here are in no bin and no lot. Put them away first, or count the whole.",
        )
    if before + delta < seen.held:
        return line.finding(
            "on_hand",
            f"{seen.held} pieces are reserved or in inspection, {before + delta} would be left. Release some first.",
        )
    if told.by_spot and seen.spot_on_hand + delta < seen.spot_quarantined:
        return line.finding("on_hand", f"{seen.spot_quarantined} pieces are in inspection there.")
    return None


def _bins(lines: Sequence[Line], known: Known) -> Mapping[tuple[int, str], Bin]:
    codes = {line.values["bin"] for line in lines if line.values.get("bin")}
    found = Bin.objects.filter(code__in=sorted(codes)) if codes else ()
    return {(each.location_id, each.code): each for each in found}


def _lots(lines: Sequence[Line], known: Known, book: CountBook) -> dict[tuple[str, str], Lot]:
    codes = {line.values["lot"] for line in lines if line.values.get("lot")}
    if not codes:
        return {}
    ids = [sku.pk for sku in known.skus.values() if sku.pk]
    found = Lot.objects.filter(sku__in=ids, code__in=sorted(codes)).select_related("sku")
    return book.lots | {(each.sku.code, each.code): each for each in found}


def _resolve(
    line: Line,
    known: Known,
    book: CountBook,
    bins: Mapping[tuple[int, str], Bin],
    lots: dict[tuple[str, str], Lot],
) -> Told | Outcome:
    values = line.values
    place = known.place(line)
    sku = _sku(line, known, book)
    findings = [each for each in (sku, place) if isinstance(each, Finding)]
    if findings:
        return Outcome(line, Verdict.REFUSED, tuple(findings))
    assert isinstance(sku, Sku)
    assert isinstance(place, StockLocation)
    told = Told(line, sku, place, values["on_hand"], values.get("counted_at") or book.counted_at)
    wrong = _misplaced(told, book) or _spotted(told, bins, lots) or _repeated(told, known)
    return Outcome(line, Verdict.REFUSED, (wrong,)) if wrong else told


def _sku(line: Line, known: Known, book: CountBook) -> Sku | Finding:
    code = line.values["sku"]
    sku = known.skus.get(code) if code else None
    if sku is None and known.choices.create_skus and code:
        # Several rows may tell of the same new SKU, at several places: the first makes it.
        sku = known.skus[code] = Sku(code=code, name=line.values.get("name") or code)
        if code not in book.made:
            line.values["sku_made_now"] = True
            book.made.add(code)
    if sku is None:
        return unknown_sku(line) if code else line.finding("sku", "Every row needs this.")
    if sku.is_bundle:
        return line.finding("sku", "A bundle is not kept itself: count what it is made of.")
    return sku


def _misplaced(told: Told, book: CountBook) -> Finding | None:
    if told.place.kind not in STOCK_KEEPING or told.place.kind == LocationKind.TRANSIT:
        return told.line.finding("location", "Nothing is counted there.")
    if told.counted_at > book.counted_at + AHEAD:
        return told.line.finding("counted_at", "In the future. A time without a zone is UTC.")
    return None


def _spotted(
    told: Told, bins: Mapping[tuple[int, str], Bin], lots: dict[tuple[str, str], Lot]
) -> Finding | None:
    values, line, sku, place = told.line.values, told.line, told.sku, told.place
    is_lot_kept = sku.is_lot_tracked and place.kind != LocationKind.SUPPLIER
    if bin_code := values.get("bin"):
        told.bin = bins.get((place.pk, bin_code))
        if told.bin is None:
            return line.finding("bin", f"{place.code} has no bin with this code.")
    elif place.is_bin_managed:
        return line.finding("bin", f"At {place.code} every piece stands in a bin: name it.")
    if lot_code := values.get("lot"):
        expires = values.get("expires_on")
        lot = lots.setdefault((sku.code, lot_code), Lot(sku=sku, code=lot_code, expires_on=expires))
        if expires and lot.expires_on and lot.expires_on != expires:
            return line.finding("expires_on", f"Lot {lot_code} expires on {lot.expires_on.isoformat()}.")
        told.lot = lot
    elif is_lot_kept:
        return line.finding("lot", "Every piece of this SKU belongs to a lot: name it.")
    elif values.get("expires_on"):
        return line.finding("expires_on", "Only a lot expires: name it.")
    return None


def _repeated(told: Told, known: Known) -> Finding | None:
    line, whole = told.line, (told.sku.code, told.place.pk)
    spot = [each.code if each else "" for each in (told.bin, told.lot)] if told.by_spot else []
    # A file may tell of the whole level or of its parts, not of both.
    other = known.claims.holder("parts" if not told.by_spot else "whole", *whole)
    if other is not None:
        return line.finding("sku", f"Row {other} counts the same pieces another way. Keep one of them.")
    first = known.claims.first(line.row, "parts" if told.by_spot else "whole", *whole)
    if told.by_spot:
        first = known.claims.first(line.row, "count", *whole, *spot)
    return None if first == line.row else line.finding("sku", repeated(line.row, first))
