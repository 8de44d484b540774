"""SKUs, barcodes, prices, bins and locations written and taken back by the thousand."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from inventory.models import Lot, StockLocation
from oms.catalogue.models import Barcode, Sku
from oms.core.transactions import joins_transaction
from oms.imports.columns import Columns
from oms.imports.counts import Told
from oms.imports.models import ImportChange
from oms.imports.planning import Deed, subject_of
from oms.imports.rules import Finding, Outcome, Verdict
from oms.routing.models import Rate, RateCard, Zone, ZonePrefix

CHANGED_SINCE = "Somebody has changed it since: it is {now} now."
IN_USE = "It is in use by now, so it stays."


@joins_transaction
def write(outcomes: Iterable[Outcome], *, at: datetime) -> None:
    """Write the things that the outcomes make or change; those that exist are locked already."""
    deeds: list[tuple[Verdict, Deed]] = [(each.verdict, each.deed) for each in outcomes if each.deed]
    if not deeds:
        return
    model = type(deeds[0][1].thing)
    _only_primary([deed.thing for _, deed in deeds if isinstance(deed.thing, Barcode)])
    fresh = [deed.thing for verdict, deed in deeds if verdict is Verdict.CREATED]
    for thing in fresh:
        if isinstance(thing, Sku):
            thing.created_at = thing.updated_at = at
    _make_parents(fresh)
    model._default_manager.bulk_create(fresh)
    changed = [deed for verdict, deed in deeds if verdict is Verdict.CHANGED and deed.changed]
    if changed:
        _overwrite(model, changed, at=at)
    _print([(deed.thing, deed.barcode) for _, deed in deeds if deed.barcode])


def _make_parents(fresh: Sequence[Any]) -> None:
    """Make the rate cards and zones that new rows stand in and that are not there yet."""
    for name, model in (("rate_card", RateCard), ("zone", Zone)):
        parents = [
            getattr(thing, name)
            for thing in fresh
            if isinstance(thing, Rate | ZonePrefix) and hasattr(thing, name)
        ]
        unsaved = {id(parent): parent for parent in parents if parent.pk is None}
        model.objects.bulk_create(unsaved.values())
        for thing in fresh:
            if isinstance(thing, Rate | ZonePrefix) and hasattr(thing, name):
                setattr(thing, f"{name}_id", getattr(thing, name).pk)


@joins_transaction
def make_named(told: Iterable[Told], *, at: datetime) -> None:
    """Make the SKUs and lots that a stock file names and that are not there yet."""
    found = list(told)
    skus = {each.sku.code: each.sku for each in found if each.sku.pk is None}
    for sku in skus.values():
        sku.created_at = sku.updated_at = at
    Sku.objects.bulk_create(skus.values())
    lots: dict[tuple[int, str], Lot] = {}
    for each in found:
        if each.lot is not None and each.lot.pk is None:
            lots.setdefault((each.sku.pk, each.lot.code), each.lot)
    for lot in lots.values():
        lot.created_at, lot.sku_id = at, lot.sku.pk
    Lot.objects.bulk_create(lots.values())


@joins_transaction
def take_back(changes: Sequence[ImportChange], resource: Columns) -> list[Finding]:
    """Put old values back where nobody has changed them since; the rest is told, with the reason."""
    rows: dict[tuple[int, str], list[ImportChange]] = {}
    for change in changes:
        rows.setdefault((change.row, change.subject), []).append(change)
    things = _things([subject for _, subject in rows], resource)
    findings: list[Finding] = []
    made: list[tuple[int, Any]] = []
    for (row, subject), told in rows.items():
        thing = things.get(subject)
        if thing is None:
            findings.append(Finding(row, "", subject, "It is not there any more."))
        elif told[0].verdict == Verdict.CREATED.value:
            made.append((row, thing))
        else:
            findings += _restore(thing, told, resource)
    return findings + _remove(made, resource)


def _overwrite(model: type[Model], deeds: Sequence[Deed], *, at: datetime) -> None:
    fields = set().union(*(deed.changed for deed in deeds))
    if model is Sku:
        fields.add("updated_at")
        for deed in deeds:
            deed.thing.updated_at = at  # type: ignore[attr-defined]  # a SKU, as the line above says
    # One statement for all of them: an insert that meets each row and changes it.
    model._default_manager.bulk_create(
        [deed.thing for deed in deeds],
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=sorted(fields),
    )


def _only_primary(barcodes: Sequence[Barcode]) -> None:
    first = [barcode for barcode in barcodes if barcode.is_primary]
    others = Barcode.objects.filter(sku__in=[each.sku_id for each in first], is_primary=True)
    others.exclude(code__in=[each.code for each in first]).update(is_primary=False)


def _print(named: Sequence[tuple[Any, str]]) -> None:
    barcodes = [Barcode(sku=sku, code=code, is_primary=True) for sku, code in named]
    _only_primary(barcodes)
    Barcode.objects.bulk_create(
        barcodes, update_conflicts=True, unique_fields=["code"], update_fields=["is_primary"]
    )


def _things(subjects: Iterable[str], resource: Columns) -> dict[str, Any]:
    """The things that subjects name: the words of their keys, joined by spaces."""
    wanted = set(subjects)
    path = str(resource.fields[resource.key[-1]].attribute)
    # The last word of a key may hold spaces itself, so every tail of the subject is a candidate.
    tails = {" ".join(words[n:]) for words in (each.split(" ") for each in wanted) for n in range(len(words))}
    rows = resource.queryset().filter(**{f"{path}__in": sorted(tails)})
    return {subject: thing for thing in rows if (subject := subject_of(thing, resource)) in wanted}


def _restore(thing: Any, told: Sequence[ImportChange], resource: Columns) -> list[Finding]:
    findings, fields = [], []
    for change in told:
        if change.field in {"barcode", "primary barcode"}:
            findings += _unprint(thing, change)
            continue
        field = resource.fields[change.field]
        now = field.widget.render(getattr(thing, str(field.attribute)))
        if now != change.new:
            findings.append(
                Finding(change.row, change.field, change.new, CHANGED_SINCE.format(now=now or "empty"))
            )
            continue
        back = field.widget.clean(change.old)
        column = thing._meta.get_field(str(field.attribute))
        setattr(
            thing, str(field.attribute), column.get_default() if back is None and not column.null else back
        )
        fields.append(str(field.attribute))
    if fields:
        thing.save(update_fields=fields)
    return findings


def _unprint(sku: Sku, change: ImportChange) -> list[Finding]:
    printed = Barcode.objects.filter(sku=sku, code=change.new, is_primary=True)
    if not printed.exists():
        return [Finding(change.row, "barcode", change.new, CHANGED_SINCE.format(now="another one"))]
    if change.field == "barcode":
        printed.delete()
    else:
        printed.update(is_primary=False)
    Barcode.objects.filter(sku=sku, code=change.old).update(is_primary=True)
    return []


def _remove(made: Sequence[tuple[int, Any]], resource: Columns) -> list[Finding]:
    if not made:
        return []
    model = resource.model
    ids = {thing.pk for _, thing in made}
    kept: set[Any] = set()
    own = {"barcodes"} if model is Sku else set()
    for relation in model._meta.related_objects:
        if relation.get_accessor_name() in own:
            continue
        name = relation.field.attname
        rows = relation.related_model._default_manager.filter(**{f"{name}__in": ids - kept})
        kept |= set(rows.values_list(name, flat=True).distinct())
    if model is Sku:
        Barcode.objects.filter(sku__in=ids - kept).delete()
    unused = model._default_manager.filter(pk__in=ids - kept)
    # Their codes are spent for ever: one that nobody uses is switched off.
    if model in {Sku, StockLocation}:
        unused.update(is_active=False)
    else:
        unused.delete()
    return [Finding(row, "", subject_of(thing, resource), IN_USE) for row, thing in made if thing.pk in kept]
