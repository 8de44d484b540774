"""Orders come as files: whole or not at all, by the steps that place them over REST, and once."""

import io
import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook

from inventory.rules import LevelsMoved
from oms.alerts.models import Alert
from oms.channels.models import Channel
from oms.flows import importing, ordering
from oms.flows.batches import Batch
from oms.imports import exports, order_groups, queries
from oms.imports.rules import Kind, Verdict
from oms.imports.views.files import ORDERS
from oms.orders.models import Order
from tests import builders
from tests.builders import TESTER, breaches, channel, customer, level, place, price, shelf
from tests.imports.conftest import counts, reasons

pytestmark = pytest.mark.django_db(transaction=True)
DATA = Path(__file__).parents[1] / "data/csv"
HEAD = (
    "channel,external_number,customer_name,customer_email,shipping_line1,shipping_city,shipping_region,"
    "shipping_postcode,shipping_country,currency,sku,quantity,unit_price\n"
)
LEE = "Lee Kim,lee@example.com,14 Wattle Street,Mount Lawley,WA,6050,AU,AUD"
NOTHING = ",,,,,,,"


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture
def shop(db):
    """A channel, and mugs and bowls at Perth."""
    channel("api")
    shelf("MUG", on_hand=20)
    shelf("BOWL", on_hand=5)


def undone(job):
    importing.undo(job.pk, actor=TESTER, at=timezone.now())
    importing.run(job.pk, clock=timezone.now)
    return queries.job(job.pk)


def test_rows_with_one_number_are_the_lines_of_one_order_and_the_second_time_all_is_the_same(shop, send):
    text = (
        HEAD
        + f"api,W-1,{LEE},MUG,2,24.00\n"
        + f",W-1,{NOTHING},BOWL,1,12.50\n"
        + f"api,W-2,{LEE},MUG,1,24.00\n"
    )

    job = send(text, "orders")

    assert counts(job) == (3, 0, 0, 0)
    assert (job.totals["orders"], job.totals["value"]) == (2, {"AUD": "84.50"})
    first, second = Order.objects.order_by("id")
    assert [(line.sku.code, line.quantity_allocated) for line in first.lines.all()] == [
        ("MUG", 2),
        ("BOWL", 1),
    ]
    assert (first.contact.customer_email, first.ship_postcode, first.total_minor) == (
        *("lee@example.com", "6050"),
        6050,
    )
    assert (second.lines.get().unit_price, level().reserved) == (Decimal("24.0000"), 3)
    again = send(text, "orders")
    assert counts(again) == (0, 0, 3, 0)
    assert Order.objects.count() == 2


def test_rows_of_one_order_may_stand_apart_and_begin_without_their_channel(shop, send):
    channel("web")
    Channel.objects.filter(code="web").update(name="The Web Shop")
    job = send(
        HEAD
        + f",W-1,{LEE},MUG,1,1\n"
        + f"api,W-2,{LEE},MUG,1,1\n"
        + f"The Web Shop,W-1,{NOTHING},BOWL,1,1\n"
        + f"web,W-2,{LEE},BOWL,1,1\n"
        + f",W-2,{NOTHING},BOWL,1,2\n",
        "orders",
        options={"channel": "api"},
    )

    assert counts(job) == (5, 0, 0, 0)
    made = {(order.channel.code, order.external_number): order.lines.count() for order in Order.objects.all()}
    assert made == {("web", "W-1"): 2, ("api", "W-2"): 1, ("web", "W-2"): 2}


def test_one_bad_row_refuses_its_whole_order_and_every_row_says_so(shop, send):
    text = (
        HEAD
        + f"api,W-1,{LEE},MUG,2,24.00\n"
        + f"api,W-1,{NOTHING},NONE,1,1\n"
        + f"api,W-2,{LEE},MUG,0,24.00\n"
        + f"moon,W-3,{LEE},MUG,1,1\n"
        + f"api,W-4,{LEE},MUG,many,1\n"
        + f"api,W-5,{LEE},MUG,1,1\n"
        + f"api,W-5,Kim Lee{NOTHING},BOWL,1,1\n"
        + f"api,W-6,{LEE},BOWL,1,1\n"
        + f",,{NOTHING},MUG,1,1\n"
        + f"api,W-7,{NOTHING},MUG,1,1\n"
        + f"api,W-8,{LEE.replace('lee@example.com', 'nobody')},MUG,1,1\n"
        + f"api,W-9,{LEE},BOWL,1,1\n"
    )

    job = send(text, "orders")

    assert counts(job) == (1, 0, 0, 11)
    assert Order.objects.get().external_number == "W-9"
    whole = "of this order is refused, and with it the whole order."
    assert [found for found in reasons(job) if found[0] < 10] == [
        (2, "external_number", "W-1", f"Row 3 {whole}"),
        (3, "sku", "NONE", "No active SKU has this code."),
        (4, "quantity", "0", "A line has 1 to 1,000,000 pieces."),
        (5, "channel", "moon", "There is no active channel moon."),
        (6, "quantity", "many", "Not a whole number."),
        (7, "external_number", "W-5", f"Row 8 {whole}"),
        (8, "customer_name", "Kim Lee", "Row 7 of the same order says something else."),
        (9, "external_number", "W-6", f"Row 10 {whole}"),
    ]
    assert [found for found in reasons(job) if found[0] >= 10] == [
        (10, "external_number", "", "Every row needs this."),
        (11, "currency", "", "This field is needed."),
        (12, "customer_email", "nobody", "Not a mail address."),
    ]
    rejects = list(exports.refused_rows(job))
    assert rejects[0][-1] == "reason"
    assert [row[1] for row in rejects[1:]] == [line.split(",")[1] for line in text.splitlines()[1:-1]]


def test_a_number_that_is_taken_is_named_when_the_file_says_something_else(shop, send):
    text = HEAD + f"api,W-1,{LEE},MUG,2,24.00\n"
    send(text, "orders")
    number = Order.objects.get().number

    for other, what in (
        (text.replace("Wattle", "Banksia"), "another shipping line1"),
        (text.replace("MUG,2", "MUG,3"), "other lines"),
        (text.replace("24.00", "25.00"), "other lines"),
    ):
        assert reasons(send(other, "orders")) == [
            (2, "external_number", "W-1", f"It is order {number} already, and that has {what}.")
        ]
    assert Order.objects.count() == 1


def test_a_dry_run_writes_nothing_and_counts_what_its_own_orders_would_take(shop, send):
    channel("strict", backorder_policy="block")
    text = HEAD + "".join(f"strict,W-{n},{LEE},BOWL,2,1\n" for n in range(3))
    before = place(("MUG", 1))

    dry = send(text, "orders", dry=True)

    assert (Order.objects.count(), level("BOWL").reserved) == (1, 0)
    wanted = "1 of 2 pieces of BOWL are there, and it is not sold on backorder."
    assert (counts(dry), reasons(dry)) == ((2, 0, 0, 1), [(4, "quantity", "2", wanted)])
    assert list(queries.changes(dry, Verdict.CREATED).values_list("subject", "new")) == [
        ("strict W-0", "2 × BOWL at 1 AUD"),
        ("strict W-1", "2 × BOWL at 1 AUD"),
    ]
    after = place(("MUG", 1))
    assert int(after.number[3:]) == int(before.number[3:]) + 1, "a dry run uses up no number"
    assert counts(send(text, "orders")) == counts(dry)


def test_a_dry_run_remembers_what_was_taken_from_batch_to_batch(shop, send, monkeypatch):
    monkeypatch.setattr("oms.flows.ordering_files.BATCH", 1)
    channel("strict", backorder_policy="block")
    customer("CAFE", terms_days=14, credit_limit_minor=500)
    head = HEAD.replace("channel,", "channel,customer,")
    text = head + "".join(f"strict,CAFE,W-{n},{LEE},BOWL,2,1.50\n" for n in range(3))

    dry = send(text, "orders", dry=True)

    assert (dry.created, dry.refused) == (2, 1)
    assert list(queries.changes(dry, Verdict.CREATED).values_list("subject", "new"))[-1] == (
        *("strict W-1", "on hold"),
    )
    assert counts(send(text, "orders")) == counts(dry)


def test_customers_have_their_prices_addresses_and_limits_as_over_rest(shop, send):
    cafe = customer("CAFE", terms_days=14, credit_limit_minor=5_000, price_list="cafes")
    cafe.addresses.create(
        code="dock", name="Café Nord", line1="2 Pier Road", city="Fremantle", country="AU", is_billing=True
    )
    customer("GONE", is_active=False)
    price("MUG", "20.00", "cafes")
    text = (
        "channel,external_number,customer,ship_to,currency,sku,quantity\n"
        "api,W-1,CAFE,dock,AUD,MUG,2\n"
        "api,W-2,CAFE,dock,AUD,MUG,1\n"
        "api,W-3,GONE,dock,AUD,MUG,1\n"
        "api,W-4,CAFE,shed,AUD,MUG,1\n"
        "api,W-5,CAFE,dock,AUD,BOWL,1\n"
    )

    job = send(text, "orders")

    first, second = Order.objects.order_by("id")
    assert (first.lines.get().unit_price, first.state, first.contact.customer_name) == (
        *(Decimal("20.0000"), "open"),
        "Café Nord",
    )
    assert (second.state, second.terms_days) == ("on_hold", 14)
    assert [(row, column) for row, column, _, _ in reasons(job)] == [
        (4, "customer"),
        (5, "ship_to"),
        (6, "unit_price"),
    ]
    assert counts(send(text, "orders")) == (0, 0, 2, 3)


def test_a_known_customers_order_without_an_address_is_asked_for_an_entry_of_the_book(shop, send):
    customer("CAFE")

    job = send("channel,external_number,customer,currency,sku,quantity\napi,K-1,CAFE,AUD,MUG,1\n", "orders")

    why = "Which entry of the customer's address book? Or say the address itself."
    assert reasons(job) == [(2, "ship_to", "", why)]


def test_undo_cancels_what_can_be_and_says_why_the_rest_stays(shop, send):
    job = send(HEAD + f"api,W-1,{LEE},MUG,2,1\n,W-1,{NOTHING},BOWL,1,1\napi,W-2,{LEE},MUG,1,1\n", "orders")
    _, second = Order.objects.order_by("id")
    ordering.cancel_order(second.number, reason="Asked", actor=TESTER, at=timezone.now())
    third = send(HEAD + f"api,W-3,{LEE},BOWL,1,1\n", "orders")
    packed = Order.objects.latest("id")
    builders.pack(packed.fulfilment_orders.get().number, "BOWL")

    back, stays = undone(job), undone(third)

    assert (back.state, back.undone, back.not_undone) == ("undone", 3, 0)
    assert set(Order.objects.exclude(pk=packed.pk).values_list("state", flat=True)) == {"cancelled"}
    assert (stays.undone, stays.not_undone, level().reserved) == (0, 1, 0)
    taken = f"It is order {second.number} already, and that was cancelled: give it another number."
    again = send(HEAD + f"api,W-2,{LEE},MUG,1,1\n", "orders")
    assert reasons(again) == [(2, "external_number", "W-2", taken)]
    text = "".join(exports.as_csv(exports.rows_of(Kind.ORDERS, reach=None, costs=True, at=timezone.now())))
    assert counts(send(text, "orders")) == (0, 0, 4, 0)
    found = queries.findings(stays, of_undo=True).get()
    assert (found.value, "is packed or has left" in found.reason) == (packed.number, True)


def test_what_goes_out_comes_back_in_and_is_the_same(shop, send):
    bundle = builders.sku("SET", is_bundle=True)
    bundle.components.create(component=builders.sku("MUG"), quantity=2)
    gift = "=cmd"
    head = HEAD.replace("currency,", "currency,gift_message,promise_by,")
    lee = LEE.replace(",AUD", f",AUD,{gift},2026-12-24T12:00:00Z")
    send(head + f"api,W-1,{lee},SET,1,48.00\n,W-1,{NOTHING},,,BOWL,1,12.5\n", "orders")

    rows = list(exports.rows_of(Kind.ORDERS, reach=None, costs=True, at=timezone.now()))
    text = "".join(exports.as_csv(rows))

    assert len(rows) == 3
    assert "'=cmd" in text
    assert "shipping_company" not in rows[0]
    assert counts(send(text, "orders")) == (0, 0, 2, 0)
    with exports.as_workbook(rows) as book:
        assert counts(send(book.read(), "orders", name="orders.xlsx")) == (0, 0, 2, 0)


def test_a_workbook_with_numbers_for_order_numbers(shop, send):
    book, file = Workbook(), io.BytesIO()
    book.active.append(HEAD.strip().split(","))
    book.active.append(["api", 1001.0, *LEE.split(","), "MUG", 2, 24.5])
    book.save(file)

    assert counts(send(file.getvalue(), "orders", name="o.xlsx")) == (1, 0, 0, 0)
    assert Order.objects.get().external_number == "1001"


def shopify(send, content: bytes):
    channel("shop")
    for code in ("TEE-RED-S", "TEE-BLU-S", "STK-PACK"):
        shelf(code, on_hand=9)
    finished = send(content, "orders", dry=True, options={"channel": "shop"})
    job = send(content, "orders", options={"channel": "shop", "take_finished": True})
    return finished, job


@pytest.mark.parametrize("where", ["ours", "theirs"])
def test_the_orders_export_of_shopify_goes_in_as_it_is(send, where):
    """Ours has the columns of the export with invented people; a real one is read where its folder is named."""
    folder = DATA if where == "ours" else Path(os.environ.get("OMS_SAMPLES", "."))
    name = "orders_in_the_form_of_shopify.csv" if where == "ours" else "csv/shopify_orders_export_chf.csv"
    if not (folder / name).exists():
        pytest.skip(f"{name} is not there: name its folder in OMS_SAMPLES")

    finished, job = shopify(send, (folder / name).read_bytes())

    assert {row for row, *_ in reasons(finished)} == {2, 3, 5}
    assert {reason for *_, reason in reasons(finished)} == {
        "It has ended elsewhere: say so in the options to take it all the same.",
        "Row 2 of this order is refused, and with it the whole order.",
    }
    assert (counts(job), job.totals["orders"]) == ((4, 0, 0, 0), 3)
    made = Order.objects.get(external_number="#1002")
    assert made.contact.shipping_address["line2"] == "Beispiel GmbH, 2. OG"
    assert (made.ship_country, made.ship_postcode, made.currency, made.shipping_option) == (
        *("DE", "78462", "CHF"),
        "Standard",
    )
    assert made.contact.customer_email.startswith("ben@")
    assert Order.objects.get(external_number="#1001").lines.count() == 2


def test_orders_whose_pieces_others_take_are_tried_one_by_one_and_else_refused_for_now(
    shop, send, monkeypatch
):
    written = Batch.place

    def outrun(batch):
        numbers = [row["external_number"] for row in batch.rows["orders"]]
        if len(numbers) > 1 or numbers == ["W-2"]:
            raise LevelsMoved("Stock moved while the order was planned. Send it again.")
        written(batch)

    text = HEAD + "".join(f"api,W-{n},{LEE},MUG,1,1\n" for n in range(4))
    with monkeypatch.context() as patched:
        patched.setattr(Batch, "place", outrun)
        job = send(text, "orders")

    assert counts(job) == (3, 0, 0, 1)
    assert [(row, value) for row, _, value, _ in reasons(job)] == [(4, "W-2")]
    assert counts(send(text, "orders")) == (1, 0, 3, 0)


def test_a_batch_asks_the_database_no_more_for_many_orders_than_for_two(shop, send):
    def asked(orders: int, first: int) -> int:
        text = HEAD + "".join(f"api,W-{first + n},{LEE},MUG,1,1\n" for n in range(orders))
        with CaptureQueriesContext(connection) as run:
            assert counts(send(text, "orders")) == (orders, 0, 0, 0)
            assert counts(send(text, "orders")) == (0, 0, orders, 0)
        return len(run)

    shelf("MUG", on_hand=200)
    asked(2, 100)

    assert asked(40, 200) == asked(2, 300)


def test_the_sample_goes_in_as_it_is(db, send):
    channel("shop")
    for code in ("4400", "4401", "4402"):
        shelf(code, on_hand=5)
    names = exports.header_of(Kind.ORDERS, costs=True)
    rows = [names, *[[row.get(name, "") for name in names] for row in ORDERS]]

    job = send("".join(exports.as_csv(rows)), "orders")

    assert (counts(job), job.totals["orders"]) == ((3, 0, 0, 0), 2)


def test_a_file_whose_orders_are_too_scattered_is_refused_before_anything_is_made(shop, send, monkeypatch):
    monkeypatch.setattr(order_groups, "MOST_APART", 3)
    rows = [f"api,W-{n},{LEE},MUG,1,1\n" for n in range(4)]

    job = send(HEAD + "".join(rows + rows), "orders")

    assert (job.state, "Sort the file by order" in job.failure) == ("failed", True)
    assert not Order.objects.exists()
    alert = Alert.objects.get(kind="failed_import")
    assert (alert.subject_id, alert.url) == (job.number, f"/imports/{job.pk}")
