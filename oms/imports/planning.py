"""What a file of things (SKUs, barcodes, prices, bins, locations) would do: the same plan for dry run and commit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from inventory.models import Bin, StockLocation
from oms.catalogue.models import Barcode, Price, Sku
from oms.imports.columns import Columns
from oms.imports.resources import resource_for
from oms.imports.rules import (
    Change,
    Choices,
    Finding,
    Kind,
    Line,
    Outcome,
    Verdict,
    price_objection,
    repeated,
)
from oms.routing.models import Rate, RateCard, Zone, ZonePrefix


@dataclass(slots=True)
class Claims:
    """Which row spoke of what first, so that a file contradicts itself nowhere; keys are kept as numbers."""

    _first: dict[int, int] = field(default_factory=dict)

    def first(self, row: int, *key: object) -> int:
        """The row that claimed this key first: this one, when nobody did."""
        return self._first.setdefault(hash(key), row)

    def holder(self, *key: object) -> int | None:
        """The row that has claimed this key, if any."""
        return self._first.get(hash(key))


@dataclass(slots=True)
class Known:
    """What the plan looks up: everything a chunk of lines names, fetched once."""

    kind: Kind
    choices: Choices
    reach: frozenset[str] | None
    lock: bool
    claims: Claims
    skus: dict[str, Sku] = field(default_factory=dict)
    places: dict[str, StockLocation] = field(default_factory=dict)
    barcodes: dict[str, Barcode] = field(default_factory=dict)
    # SKU code → the barcode that is printed for it.
    printed: dict[str, str] = field(default_factory=dict)
    found: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    resource: Columns = field(init=False)

    def __post_init__(self) -> None:
        self.resource = resource_for(self.kind)

    def place(self, line: Line) -> StockLocation | Finding:
        """The location that a line names by code, by name, or by a word that was explained."""
        word = str(line.values["location"])
        place = self.places.get(self.choices.locations.get(word, word)) or self.places.get(word.lower())
        if place is None:
            return line.finding("location", f"No location with this code or name. {self._some_places()}")
        if self.reach is not None and place.code not in self.reach:
            return line.finding("location", "Your rights do not reach this location.")
        return place

    def _some_places(self) -> str:
        codes = sorted({place.code for place in self.places.values() if place.is_active})
        return f"There are {', '.join(codes[:8])}{' …' if len(codes) > 8 else ''}." if codes else ""


@dataclass(frozen=True, slots=True)
class Deed:
    """A thing to write: the row itself, which of its fields changed, and the barcode to print from now on."""

    thing: Model
    changed: frozenset[str]
    barcode: str = ""


def know(kind: Kind, lines: Sequence[Line], known: Known) -> Known:
    """Fetch what these lines name; locked in the order of their keys when they are about to be written."""
    known.skus = skus_named({line.values["sku"] for line in lines if line.values.get("sku")})
    if not known.places:
        known.places = places_by_word()
    known.found = _FETCH[kind](lines, known) if kind in _FETCH else {}
    return known


def plan(lines: Sequence[Line], known: Known) -> list[Outcome]:
    """The verdict on each line, in their order."""
    judge = _JUDGE[known.kind]
    return [judge(line, known) for line in lines]


def subject_of(thing: Any, resource: Columns) -> str:
    """A thing as the journal names it: the words of its key, joined by spaces."""
    words = (resource.fields[name].get_value(thing) for name in resource.key)
    return " ".join("-" if word is None else str(word) for word in words)


def skus_named(codes: Iterable[str]) -> dict[str, Sku]:
    """The SKUs with these codes."""
    return {sku.code: sku for sku in Sku.objects.filter(code__in=sorted(codes))}


def places_by_word() -> dict[str, StockLocation]:
    """Every location by its code and, where no other has it, by its name in lower case."""
    places = list(StockLocation.objects.all())
    named: dict[str, list[StockLocation]] = {}
    for place in places:
        named.setdefault(place.name.lower(), []).append(place)
        named.setdefault(place.code.lower(), []).append(place)
    by_word = {word: found[0] for word, found in named.items() if len(set(found)) == 1}
    return by_word | {place.code: place for place in places}


def unknown_sku(line: Line) -> Finding:
    """Why a line's SKU is refused, with the code that was perhaps meant."""
    if line.values.get("sku_is_made"):
        code = line.values["sku"]
        return line.finding(
            "sku", f"No SKU in this row, and none called {code}. Let new SKUs be made, or fill it in."
        )
    code = str(line.values["sku"])
    squeezed = "".join(code.split())
    near = Sku.objects.filter(code__iexact=squeezed).values_list("code", flat=True).first()
    return line.finding(
        "sku", f"No SKU with this code. Did you mean {near}?" if near else "No SKU with this code."
    )


def _locked(rows: "QuerySet[Any]", known: Known) -> "QuerySet[Any]":
    return rows.select_for_update(no_key=True, of=("self",)).order_by("pk") if known.lock else rows


def _fetch_skus(lines: Sequence[Line], known: Known) -> dict[tuple[Any, ...], Any]:
    codes = sorted(known.skus)
    known.skus = {sku.code: sku for sku in _locked(Sku.objects.filter(code__in=codes), known)}
    wanted = {line.values["barcode"] for line in lines if line.values.get("barcode")}
    rows = Barcode.objects.select_related("sku")
    known.barcodes = {each.code: each for each in rows.filter(code__in=sorted(wanted))}
    primary = rows.filter(sku__in=[sku.pk for sku in known.skus.values()], is_primary=True)
    for each in primary:
        known.printed[each.sku.code] = each.code
    return {(code,): sku for code, sku in known.skus.items()}


def _fetch_barcodes(lines: Sequence[Line], known: Known) -> dict[tuple[Any, ...], Any]:
    codes = sorted({line.values["barcode"] for line in lines})
    rows = _locked(Barcode.objects.filter(code__in=codes).select_related("sku"), known)
    return {(each.code,): each for each in rows}


def _fetch_prices(lines: Sequence[Line], known: Known) -> dict[tuple[Any, ...], Any]:
    rows = Price.objects.filter(sku__in=[sku.pk for sku in known.skus.values()]).select_related("sku")
    key = ("price_list", "currency", "from_quantity", "valid_from")
    return {(each.sku.code, *(getattr(each, name) for name in key)): each for each in _locked(rows, known)}


def _fetch_bins(lines: Sequence[Line], known: Known) -> dict[tuple[Any, ...], Any]:
    codes = sorted({line.values["bin"] for line in lines})
    rows = _locked(Bin.objects.filter(code__in=codes).select_related("location"), known)
    return {(each.location.code, each.code): each for each in rows}


def _fetch_places(lines: Sequence[Line], known: Known) -> dict[tuple[Any, ...], Any]:
    codes = sorted({line.values["location"] for line in lines})
    return {(each.code,): each for each in _locked(StockLocation.objects.filter(code__in=codes), known)}


def _refused(line: Line, *findings: Finding) -> Outcome:
    return Outcome(line, Verdict.REFUSED, findings)


def _judge_sku(line: Line, known: Known) -> Outcome:
    values = dict(line.values)
    code, barcode = values.pop("sku"), values.pop("barcode", None)
    if clash := _clash(line, known, "sku", code) or (barcode and _clash(line, known, "barcode", barcode)):
        return _refused(line, clash)
    holder = known.barcodes.get(barcode) if barcode else None
    if holder is not None and holder.sku.code != code:
        return _refused(line, line.finding("barcode", f"It names SKU {holder.sku.code} already."))
    sku: Any = known.found.get((code,))
    before = known.printed.get(code, "")
    outcome = _compared(line, known, thing=sku, new=lambda: Sku(code=code), values=values)
    if barcode and barcode != before and outcome.verdict is not Verdict.REFUSED:
        word = "barcode" if holder is None else "primary barcode"
        deed = outcome.deed or Deed(sku, frozenset())
        verdict = Verdict.CREATED if sku is None else Verdict.CHANGED
        changes = (*outcome.changes, Change(code, word, before, barcode))
        return Outcome(line, verdict, (), changes, Deed(deed.thing, deed.changed, barcode))
    return outcome


def _judge_barcode(line: Line, known: Known) -> Outcome:
    values = dict(line.values)
    code, sku_code = values.pop("barcode"), values.pop("sku")
    if clash := _clash(line, known, "barcode", code):
        return _refused(line, clash)
    sku = known.skus.get(sku_code)
    if sku is None:
        return _refused(line, unknown_sku(line))
    barcode = known.found.get((code,))
    if barcode is not None and barcode.sku_id != sku.pk:
        return _refused(line, line.finding("barcode", f"It names SKU {barcode.sku.code} already."))
    if values.get("is_primary") and (clash := _clash(line, known, "primary", sku_code)):
        return _refused(line, clash)
    new = lambda: Barcode(code=code, sku=sku)  # noqa: E731
    return _compared(line, known, thing=barcode, new=new, values=values)


def _judge_price(line: Line, known: Known) -> Outcome:
    values = dict(line.values)
    sku = known.skus.get(values.pop("sku"))
    if sku is None:
        return _refused(line, unknown_sku(line))
    key = {name: values.pop(name, None) for name in ("price_list", "currency", "from_quantity", "valid_from")}
    key |= {"price_list": key["price_list"] or "standard", "currency": key["currency"] or sku.currency}
    if wrong := price_objection(line, key):
        return _refused(line, wrong)
    key["from_quantity"] = key["from_quantity"] or 1
    if clash := _clash(line, known, "price", sku.code, *key.values()):
        return _refused(line, clash)
    price = known.found.get((sku.code, *key.values()))
    return _compared(line, known, thing=price, new=lambda: Price(sku=sku, **key), values=values)


def _judge_bin(line: Line, known: Known) -> Outcome:
    values = dict(line.values)
    place, code = known.place(line), values.pop("bin")
    values.pop("location")
    if isinstance(place, Finding):
        return _refused(line, place)
    if clash := _clash(line, known, "bin", place.code, code):
        return _refused(line, clash)
    kind = values.get("kind")
    if kind in {"receiving", "staging"} and (clash := _only_one(line, known, place, kind)):
        return _refused(line, clash)
    bin_ = known.found.get((place.code, code))
    return _compared(line, known, thing=bin_, new=lambda: Bin(location=place, code=code), values=values)


def _judge_place(line: Line, known: Known) -> Outcome:
    values = dict(line.values)
    code = values.pop("location")
    if not code.replace("-", "").replace("_", "").isalnum() or not code.isascii() or len(code) > 16:
        return _refused(line, line.finding("location", "Up to 16 letters, digits, - and _."))
    if clash := _clash(line, known, "location", code):
        return _refused(line, clash)
    if known.reach is not None and code not in known.reach:
        return _refused(line, line.finding("location", "Your rights do not reach this location."))
    place = known.found.get((code,))
    if (
        place is not None
        and not place.is_active
        and place.kind not in known.resource.fields["kind"].widget.words
    ):
        return _refused(line, line.finding("location", "The books keep this code for themselves."))
    if (values.get("kind") or getattr(place, "kind", "")) == "transit":
        values["is_active"] = False
    return _compared(line, known, thing=place, new=lambda: StockLocation(code=code), values=values)


def _fetch_rates(lines: Sequence[Line], known: Known) -> dict[tuple[Any, ...], Any]:
    """The rates to these zones, and the cards and zones that they may belong to."""
    zones = {
        zone.code: zone for zone in Zone.objects.filter(code__in={line.values["zone"] for line in lines})
    }
    rates = Rate.objects.filter(zone__in=[zone.pk for zone in zones.values()])
    found: dict[tuple[Any, ...], Any] = {("zone", code): zone for code, zone in zones.items()}
    found |= {("card", *_card_key(card)): card for card in RateCard.objects.select_related("location")}
    rows = _locked(rates.select_related("rate_card__location", "zone"), known)
    return found | {(*_card_key(each.rate_card), each.up_to_grams, each.zone.code): each for each in rows}


def _card_key(card: RateCard) -> tuple[Any, ...]:
    return (card.location.code, card.carrier, card.service, card.valid_from)


def _judge_rate(line: Line, known: Known) -> Outcome:
    values = {name: line.values.get(name) for name in ("cost", "days")}
    place = known.place(line)
    if isinstance(place, Finding):
        return _refused(line, place)
    zone = known.found.get(("zone", line.values["zone"]))
    if zone is None:
        return _refused(line, line.finding("zone", "No zone with this code. Import zones first."))
    carrier, service, since = (line.values[name] for name in ("carrier", "service", "valid_from"))
    grams = line.values.get("up_to_grams")
    key = (place.code, carrier, service, since)
    if clash := _clash(line, known, "zone", *key, grams, zone.code):
        return _refused(line, clash)
    card = known.found.get(("card", *key))
    if card is None:
        name = line.values.get("name") or f"{carrier} {service}"
        card = RateCard(location=place, carrier=carrier, service=service, valid_from=since, name=name)
        card.currency = known.resource.fields["cost"].widget.currency
        known.found["card", *key] = card
    rate = known.found.get((*key, grams, zone.code))
    new = lambda: Rate(rate_card=card, zone=zone, up_to_grams=grams)  # noqa: E731
    return _compared(line, known, thing=rate, new=new, values=values)


def _fetch_zones(lines: Sequence[Line], known: Known) -> dict[tuple[Any, ...], Any]:
    """The zones and addresses that these lines name."""
    found: dict[tuple[Any, ...], Any] = {("zone", zone.code): zone for zone in Zone.objects.all()}
    prefixes = ZonePrefix.objects.filter(country__in={line.values["country"] for line in lines})
    rows = _locked(prefixes.select_related("zone"), known)
    return found | {(each.country, each.region, each.postcode_prefix): each for each in rows}


def _judge_zone(line: Line, known: Known) -> Outcome:
    values = {name: line.values.get(name) for name in ("latitude", "longitude")}
    if known.reach is not None:
        return _refused(line, line.finding("zone", "Zones are for all locations; your rights are not."))
    code, country = line.values["zone"], line.values["country"]
    region = (line.values.get("region") or "").upper()
    postcode = (line.values.get("postcode_prefix") or "").replace(" ", "").upper()
    if clash := _clash(line, known, "postcode_prefix", country, region, postcode):
        return _refused(line, clash)
    if (values["latitude"] is None) != (values["longitude"] is None):
        return _refused(line, line.finding("latitude", "Say both, latitude and longitude, or neither."))
    prefix = known.found.get((country, region, postcode))
    if prefix is not None and prefix.zone.code != code:
        return _refused(line, line.finding("zone", f"This address is in zone {prefix.zone.code} already."))
    zone = known.found.get(("zone", code))
    if zone is None:
        zone = Zone(code=code, name=line.values.get("name") or code)
        known.found["zone", code] = zone
    new = lambda: ZonePrefix(zone=zone, country=country, region=region, postcode_prefix=postcode)  # noqa: E731
    return _compared(line, known, thing=prefix, new=new, values=values)


def _clash(line: Line, known: Known, *key: object) -> Finding | None:
    first = known.claims.first(line.row, *key)
    name = "sku" if key[0] in {"price", "primary"} else str(key[0])
    return None if first == line.row else line.finding(name, repeated(line.row, first))


def _only_one(line: Line, known: Known, place: StockLocation, kind: str) -> Finding | None:
    there = Bin.objects.filter(location=place, kind=kind).values_list("code", flat=True).first()
    if there not in (None, line.values["bin"]):
        return line.finding("kind", f"{place.code} has a {kind} bin: {there}.")
    return _clash(line, known, "kind", place.code, kind)


def _compared(
    line: Line, known: Known, *, thing: Any, new: Callable[[], Any], values: dict[str, Any]
) -> Outcome:
    is_new = thing is None
    thing = new() if is_new else thing
    missing = [name for name in known.resource.needed_new if is_new and not values.get(name)]
    if missing:
        return _refused(line, *(line.finding(name, "A new one needs this.") for name in missing))
    subject = subject_of(thing, known.resource)
    changed, changes = set(), []
    # An empty cell leaves what is there as it is.
    for name, value in values.items():
        if value is None or name not in known.resource.fields:
            continue
        attribute = str(known.resource.fields[name].attribute)
        was = getattr(thing, attribute)
        if was != value:
            render = known.resource.fields[name].widget.render
            old = "" if is_new else render(was)
            changes.append(Change(subject, name, old, render(value)))
            setattr(thing, attribute, value)
            changed.add(attribute)
    if not is_new and not changes:
        return Outcome(line, Verdict.SAME)
    shown = changes or [Change(subject, known.resource.key[-1], "", subject)]
    verdict = Verdict.CREATED if is_new else Verdict.CHANGED
    return Outcome(line, verdict, (), tuple(shown), Deed(thing, frozenset(changed)))


_FETCH: dict[Kind, Callable[[Sequence[Line], Known], dict[tuple[Any, ...], Any]]] = {
    Kind.SKUS: _fetch_skus,
    Kind.BARCODES: _fetch_barcodes,
    Kind.PRICES: _fetch_prices,
    Kind.BINS: _fetch_bins,
    Kind.LOCATIONS: _fetch_places,
    Kind.RATES: _fetch_rates,
    Kind.ZONES: _fetch_zones,
}
_JUDGE: dict[Kind, Callable[[Line, Known], Outcome]] = {
    Kind.SKUS: _judge_sku,
    Kind.BARCODES: _judge_barcode,
    Kind.PRICES: _judge_price,
    Kind.BINS: _judge_bin,
    Kind.LOCATIONS: _judge_place,
    Kind.RATES: _judge_rate,
    Kind.ZONES: _judge_zone,
}
