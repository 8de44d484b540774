"""SKUs, barcodes, prices, bins and locations: planned, written, taken back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import IntegerField
from django.utils import timezone

from inventory.models import Bin, StockClose, StockLocation, StockMovement
from oms.catalogue.models import Barcode, Price, Sku
from oms.flows import importing
from oms.imports import queries
from tests.builders import TESTER, level, location, shelf, sku
from tests.imports.conftest import counts, reasons

pytestmark = pytest.mark.django_db(transaction=True)
SHOPIFY = Path(__file__).parents[1] / "data/csv/shopify_inventory_export_demo.csv"
CLOSE_FIGURES = [
    field.name
    for field in StockClose._meta.fields
    if isinstance(field, IntegerField) and not field.primary_key and not field.is_relation
]
HEAD = "sku,name,barcode,weight_grams,unit_cost,currency,category,tags,is_active\n"


def undone(job):
    importing.undo(job.pk, actor=TESTER, at=timezone.now())
    importing.run(job.pk, clock=timezone.now)
    return queries.job(job.pk)


def test_skus_are_made_and_changed_and_the_second_time_left_alone(send):
    sku("MUG", name="Mug", weight_grams=350, category="old")
    text = HEAD + 'MUG,Big mug,9312345678907,400,"7,45",EUR,,"a, b",no\nCUP,Cup,,,,,,,\nBAG,,,,,,,,\n'
    job = send(text, "skus")

    assert counts(job) == (1, 1, 0, 1)
    assert reasons(job) == [(4, "name", "", "A new one needs this.")]
    mug = Sku.objects.get(code="MUG")
    assert (mug.name, mug.weight_grams, mug.unit_cost, mug.currency) == (
        "Big mug",
        400,
        Decimal("7.45"),
        "EUR",
    )
    assert (mug.category, mug.tags, mug.is_active) == ("old", ["a", "b"], False)
    assert mug.barcodes.get(is_primary=True).code == "9312345678907"
    assert {(each.field, each.old, each.new) for each in job.changes.filter(subject="MUG")} >= {
        ("weight_grams", "350", "400"),
        ("barcode", "", "9312345678907"),
    }
    assert counts(send(text, "skus")) == (0, 0, 2, 1)


def test_undo_puts_old_values_back_where_nobody_changed_them(send):
    sku("MUG", name="Mug", weight_grams=350)
    sku("BOWL", name="Bowl")
    job = send(
        HEAD + "MUG,Big,9312345678907,400,,,,,\nBOWL,Big bowl,,,,,,,\nCUP,Cup,,,,,,,\nJAR,Jar,,,,,,,\n",
        "skus",
    )
    Sku.objects.filter(code="BOWL").update(name="Bowl of today")
    shelf("JAR", on_hand=3)
    job = undone(job)

    assert (job.state, job.undone, job.not_undone) == ("undone", 2, 2)
    mug = Sku.objects.get(code="MUG")
    assert (mug.name, mug.weight_grams, mug.barcodes.count()) == ("Mug", 350, 0)
    assert Sku.objects.get(code="BOWL").name == "Bowl of today"
    assert set(Sku.objects.filter(is_active=False).values_list("code", flat=True)) == {"CUP"}
    assert [each.reason for each in queries.findings(job, of_undo=True)] == [
        "Somebody has changed it since: it is Bowl of today now.",
        "It is in use by now, so it stays.",
    ]


def test_a_barcode_names_one_sku(send):
    Barcode.objects.create(sku=sku("MUG"), code="9312345678907", is_primary=True)
    sku("CUP")
    text = (
        "barcode,sku,is_primary\n9312345678907,CUP,yes\n12345670,MUG,yes\n1.23E+12,CUP,no\n96385074,NONE,no\n"
    )
    job = send(text, "barcodes")

    assert counts(job) == (1, 0, 0, 3)
    assert [row[1] for row in reasons(job)] == ["barcode", "barcode", "sku"]
    assert Sku.objects.get(code="MUG").barcodes.get(is_primary=True).code == "12345670"
    assert undone(job).undone == 1
    assert not Barcode.objects.filter(code="12345670").exists()


def test_prices_stand_by_list_and_currency(send):
    sku("MUG")
    text = "SKU,Price,price_list\nMUG,24.00,\nMUG,20,wholesale\nMUG,-1,x\nMUG,25,standard\n"
    assert counts(send(text, "prices")) == (2, 0, 0, 2)
    job = send("sku,unit_price\nMUG,26.5\n", "prices")
    assert Price.objects.get(price_list="standard").unit_price == Decimal("26.5")
    undone(job)
    assert Price.objects.get(price_list="standard").unit_price == 24


def test_bins_and_locations(send):
    location("PER", name="Perth")
    job = send(
        "code,name,country,latitude,timezone,kind\nNTH,North,AU,-20.5,Australia/Perth,3pl\nPER,Perth,,95,,\n",
        "locations",
    )
    assert counts(job) == (1, 0, 0, 1)
    assert StockLocation.objects.get(code="NTH").kind == "3pl"
    text = "location,bin,path_position,is_pickable\nPerth,A-1,10,yes\nNTH,A-1,5,no\nPER,A-1,3,\nEAST,A-1,3,\n"
    assert counts(send(text, "bins", reach=frozenset({"PER"}))) == (1, 0, 0, 3)
    assert counts(send(text, "bins")) == (1, 0, 1, 2)
    assert Bin.objects.filter(location__code="NTH", is_pickable=False).count() == 1
    undone(job)
    assert StockLocation.objects.filter(code="NTH").exists()


def test_bins_and_lots_are_counted_by_themselves(send):
    place, mug = location("PER"), sku("MUG", is_lot_tracked=True)
    Bin.objects.create(location=place, code="A-1")
    head = "sku,location,on_hand,bin,lot,expires_on\n"
    job = send(head + "MUG,PER,5,A-1,L1,2027-02-28\nMUG,PER,7,A-1,L2,\nMUG,PER,3,A-1,,\nMUG,PER,2,B-9,L1,\n")

    assert counts(job) == (2, 0, 0, 2)
    assert [row[1] for row in reasons(job)] == ["lot", "bin"]
    assert level().on_hand == 12
    assert sorted(level().contents.values_list("lot__code", "on_hand")) == [("L1", 5), ("L2", 7)]
    text = head + "MUG,PER,4,A-1,L1,\nMUG,PER,7,A-1,L2,2027-02-01\n"
    dry = send(text, dry=True)
    assert counts(dry) == counts(send(text)) == (0, 1, 1, 0)
    assert counts(send(text)) == (0, 0, 2, 0)
    assert mug.lots.get(code="L2").expires_on is None


@pytest.mark.parametrize("made", [False, True])
def test_the_shopify_export_goes_in_as_it_is(send, made):
    location("SHOP", name="Shop location")
    raw = SHOPIFY.read_bytes()
    rows = len(raw.decode().splitlines()) - 1
    job = send(raw, options={"create_skus": made})

    if not made:
        assert counts(job) == (0, 0, 0, rows)
        assert "none called puff-large-latte" in reasons(job)[0][3]
        return
    assert counts(job) == (rows, 0, 0, 0)
    assert (
        Sku.objects.get(code="louise-slide-sandal-buttermilk-35").name
        == "Louise Slide Sandal / Buttermilk / 35"
    )
    assert level("puff-large-latte", at="SHOP").on_hand == 103
    assert counts(send(raw)) == (0, 0, rows, 0)


def test_a_column_for_each_location(send):
    for code in ("PER", "SYD"):
        location(code, name={"PER": "Perth", "SYD": "Sydney"}[code])
    shelf("MUG", at="PER", on_hand=4)
    head = "Handle,Title,Option1 Name,Option1 Value,SKU,Perth,Sydney\n"
    text = head + "mug,Mug,Size,S,MUG,4,not stocked\ncup,Cup,,,MUG2,1,2\n"
    job = send(text, options={"create_skus": True})

    assert (counts(job), job.rows) == ((2, 0, 1, 0), 2)
    assert level("MUG2", at="SYD").on_hand == 2


def test_pieces_that_came_after_the_count_come_on_top_of_it(send):
    shelf("MUG", on_hand=4)
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    text = f"sku,location,on_hand,counted_at\nMUG,PER,3,{at.isoformat()}\n"
    assert counts(send(text)) == (0, 1, 0, 0)
    assert level().on_hand == 7
    assert counts(send(text)) == (0, 0, 1, 0)


def test_a_closed_day_is_left_alone_and_the_count_still_counts_once(send):
    shelf("MUG", on_hand=4)
    now = timezone.now()
    closed = now - timedelta(hours=1)
    StockClose.objects.create(
        location=location("PER"),
        day=closed.date(),
        opened_at=closed - timedelta(days=1),
        closed_at=closed,
        recorded_at=closed,
        **dict.fromkeys(CLOSE_FIGURES, 0),
    )
    text = f"sku,location,on_hand,counted_at\nMUG,PER,3,{(now - timedelta(hours=2)).isoformat()}\n"
    job = send(text)
    assert (counts(job), level().on_hand) == ((0, 1, 0, 0), 3)
    assert StockMovement.objects.get(reference=job.number).moved_at == closed
    assert counts(send(text)) == (0, 0, 1, 0)
    assert (undone(job).undone, level().on_hand) == (1, 4)
    assert (counts(send(text)), level().on_hand) == ((0, 1, 0, 0), 3)


def test_a_count_from_tomorrow_is_refused(send):
    shelf("MUG", on_hand=4)
    job = send("sku,location,on_hand,counted_at\nMUG,PER,3,2099-01-01\n")
    assert reasons(job)[0][1] == "counted_at"
