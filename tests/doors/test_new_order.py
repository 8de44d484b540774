"""An order taken down by staff: tried, placed once, and wrong where it is wrong."""

import re
from uuid import uuid4

import pytest

from inventory.models import StockLocation
from oms.core.models import Draft
from oms.orders.models import CustomerAddress, CustomerTypePolicy, Order
from tests.builders import breaches, channel, customer, level, price, shelf
from tests.doors.test_order_pages import BACKEND, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(client):
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    found = shelf("MUG", on_hand=50)
    found.sku.barcodes.create(code="9312345678907", is_primary=True)
    channel("desk", kind="desk")
    cafe = customer("CAFE", credit_limit_minor=5_000)
    CustomerAddress.objects.create(
        customer=cafe, code="dock", name="Café Nord", line1="2 Pier Road", city="Fremantle", country="AU"
    )
    price("MUG", "20.00")
    return client


def typed(**facts) -> dict:
    return {
        "idempotency_key": uuid4().hex,
        "do": "place",
        "channel": "desk",
        "currency": "AUD",
        "customer": "CAFE",
        "ship_to": "dock",
        "sku-0": "MUG",
        "quantity-0": "2",
    } | facts


def send(desk, **facts):
    return desk.post("/orders/new", typed(**facts), follow=True)


def test_a_known_customers_order_is_placed_on_its_terms(desk):
    page = send(desk, po_number="PO-7", gift_message="For Ann", deliver_from="2026-12-01")

    order = Order.objects.select_related("contact").get()
    assert page.redirect_chain[-1][0] == f"/orders/{order.number}"
    assert (order.customer.code, order.po_number, order.total_minor) == ("CAFE", "PO-7", 4_000)
    assert (order.terms_days, order.contact.gift_message) == (30, "For Ann")
    assert order.external_number.startswith("DESK-")
    assert breaches() == {}


def test_somebody_new_needs_no_customer(desk):
    send(
        desk,
        **{"customer": "", "ship_to": "", "name": "Lee Kim", "email": "lee@example.com"},
        **{"line1": "14 Wattle Street", "city": "Mount Lawley", "country": "AU", "residential": "yes"},
        **{"unit_price-0": "19,50"},
    )

    order = Order.objects.select_related("contact").get()
    assert (order.customer, order.customer_type, order.total_minor) == (None, "b2c", 3_900)
    assert order.contact.shipping_address["name"] == "Lee Kim"


def test_a_barcode_is_the_sku_that_it_means(desk):
    send(desk, **{"sku-0": "9312345678907"})

    assert Order.objects.get().lines.get().sku.code == "MUG"


def test_a_preview_says_what_would_happen_and_reserves_nothing(desk):
    page = send(desk, do="preview", **{"quantity-0": "3"})

    tried = page.context["tried"]
    assert (tried.total_minor, tried.placed.work[0].location) == (6_000, "PER")
    assert tried.stops == ("CAFE would owe 60.00 AUD with this order; its limit is 50.00 AUD.",)
    assert not Order.objects.exists()
    assert level("MUG").reserved == 0


def test_a_preview_tells_the_hour_of_the_site_as_the_order_does(desk):
    StockLocation.objects.filter(code="PER").update(timezone="Australia/Perth")
    previewed = re.search(r"Leaves by</dt><dd>(<time.*?</time>)", send(desk, do="preview").content.decode())
    placed = send(desk).content.decode()

    assert previewed
    assert "Australia/Perth" in previewed[1]
    assert re.sub(r"<.*?>", "", previewed[1]) in placed


def test_the_same_form_sent_twice_is_one_order(desk):
    form = typed()

    first = desk.post("/orders/new", form, follow=True)
    second = desk.post("/orders/new", form, follow=True)

    assert first.redirect_chain == second.redirect_chain
    assert Order.objects.count() == 1
    assert "counted once" in second.content.decode()


@pytest.mark.parametrize(
    ("facts", "field", "says"),
    [
        ({"customer": "NOBODY", "ship_to": "", "line1": "1", "city": "y", "country": "AU"}, "customer", "no cust"),
        ({"ship_to": ""}, "line1", "needed"),
        ({"deliver_from": "2026-12-02", "deliver_until": "2026-12-01"}, "deliver_until", "ends before"),
        ({"currency": "NZD"}, "currency", "terms in AUD"),
        ({"country": "Australia", "ship_to": "", "line1": "x", "city": "y", "name": "z"}, "country", "2 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(desk, facts, field, says):
    page = send(desk, **facts, notes="Typed with care")

    assert page.status_code == 422
    assert says in " ".join(page.context["form"].errors[field])
    assert page.context["form"]["notes"].value() == "Typed with care"
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("facts", "where", "says"),
    [
        ({"sku-1": "CUP"}, "sku", "no active SKU CUP"),
        ({"sku-1": "MUG", "quantity-1": "0"}, "quantity", ">= 1"),
        ({"sku-1": "MUG", "unit_price-1": "-1"}, "unit_price", "decimal from 0"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_at_the_line(desk, facts, where, says):
    page = send(desk, **facts)

    rows = page.context["rows"]
    assert says in rows[1].errors[where]
    assert rows[0].errors == {}


def test_a_required_order_number_is_asked_for_at_its_field(desk):
    CustomerTypePolicy.objects.filter(customer_type="b2b").update(requires_po_number=True)

    page = send(desk)

    assert "missing" in " ".join(page.context["form"].errors["po_number"])


def test_what_was_typed_comes_back_until_it_is_placed(desk):
    fields = '{"customer": "CAFE", "ship_to": "dock", "sku-4": "MUG", "quantity-4": "7", "channel": "desk"}'
    desk.post("/me/draft", {"name": "order-new", "fields": fields})

    page = desk.get("/orders/new")

    assert page.context["form"]["customer"].value() == "CAFE"
    assert [(row.number, row.sku, row.quantity) for row in page.context["rows"]][-1] == (4, "MUG", "7")
    send(desk)
    assert not Draft.objects.exists()


def test_the_look_ups_name_price_and_book(desk):
    sku = desk.get("/orders/new/skus?q=9312345678907&customer=CAFE&currency=AUD&quantity=1").json()["sku"]
    assert sku == {"code": "MUG", "name": "Mug", "price": "20.0000"}
    assert desk.get("/orders/new/skus?q=mu").json()["near"] == [{"code": "MUG", "name": "Mug"}]
    told = desk.get("/orders/new/customers?q=CAFE").json()["customer"]
    assert [entry["code"] for entry in told["addresses"]] == ["dock"]
    assert "within 30 days" in told["terms"]
    assert "50.00 AUD of credit left" in told["terms"]


def test_who_may_not_place_orders_everywhere_is_turned_away(client):
    client.force_login(person("ben", ("manager", "SYD")), backend=BACKEND)
    assert client.get("/orders/new").status_code == 403
    client.force_login(person("mai", ("picker", "PER")), backend=BACKEND)
    assert client.get("/orders/new/customers?q=CAFE").status_code == 403
