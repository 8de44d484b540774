"""Another address for confirmed work: by REST, on pages by telephone, and forgotten with its customer."""

from uuid import uuid4

import pytest
from zeal import zeal_context

from fulfilment.models import AddressRequest
from oms.core import erasing
from oms.flows import amending, customers, ordering, readdressing, recalling, shipping
from oms.orders.amendments import Amendment
from oms.orders.models import AddressChange, Order
from tests.builders import (
    NOON,
    SYDNEY,
    TESTER,
    breaches,
    customer,
    location,
    order,
    place,
    shelf,
)
from tests.doors.test_order_pages import BACKEND, person
from tests.doors.test_rest_contract import Api, api  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)
DOING = {"actor": TESTER, "at": NOON}


@pytest.fixture
def work() -> str:
    """Work of three mugs to Perth that a partner has confirmed."""
    location("OCEAN", kind="3pl", name="Ocean 3PL")
    shelf("MUG", at="OCEAN", on_hand=9)
    number = place(("MUG", 3)).work[0].number
    shipping.acknowledge(number, **DOING)
    return number


def order_of(work: str) -> str:
    return work.replace("FO-", "SO-").rsplit("-", 1)[0]


def move(work: str) -> None:
    amending.amend_order(order_of(work), Amendment(address=SYDNEY), reason="Moved", **DOING)


def test_the_shop_asks_the_partner_accepts_once_and_both_see_it(api, work):  # noqa: F811  # the fixture
    said = {"reason": "Moved", "shipping_address": SYDNEY.as_json()}
    asked = api.post(f"orders/{order_of(work)}/amend", said)
    assert asked.status_code == 200, asked.content
    change = asked.json()["address_change"]
    assert (change["state"], change["shipping_address"]["postcode"]) == ("requested", "2000")
    assert asked.json()["shipping_address"]["postcode"] == "6050"
    assert [(each["fulfilment_order"], each["state"]) for each in change["asked"]] == [(work, "requested")]
    again = api.post(f"orders/{order_of(work)}/amend", said)
    assert (again.status_code, again.json()["code"]) == (409, "address-change-pending")

    partner = Api("fulfilment:*", locations=("OCEAN",))
    (waiting,) = partner.get("fulfilment-orders?address_change=true").json()["results"]
    assert waiting["address_change"]["shipping_address"] == SYDNEY.as_json()
    assert waiting["shipping_address"]["postcode"] == "6050"
    path = f"fulfilment-orders/{work}/address-change"
    first = partner.post(path, {"answer": "accept"}, key="k")
    assert first.json()["shipping_address"]["postcode"] == "2000"
    assert (first.json()["address_change"]["state"], first.json()["address_change"]["outcome"]) == (
        "accepted",
        "applied",
    )
    assert partner.post(path, {"answer": "accept"}, key="k").json() == first.json()
    late = partner.post(path, {"answer": "refuse", "reason": "No"})
    assert (late.status_code, late.json()["code"]) == (409, "no-open-address-change")
    assert partner.get("fulfilment-orders?address_change=true").json()["results"] == []
    assert api.get(f"orders/{order_of(work)}").json()["shipping_address"]["postcode"] == "2000"
    assert breaches() == {}


def test_a_refusal_says_why_and_strangers_see_nothing(api, work):  # noqa: F811
    move(work)
    path = f"fulfilment-orders/{work}/address-change"
    assert Api("fulfilment:*", locations=("PER",)).post(path, {"answer": "accept"}).status_code == 404
    assert Api("fulfilment:read").post(path, {"answer": "accept"}).status_code == 403
    partner = Api("fulfilment:*", locations=("OCEAN",))
    assert partner.post(path, {"answer": "refuse"}).status_code == 422
    assert partner.post(path, {"answer": "perhaps"}).status_code == 422
    refused = partner.post(path, {"answer": "refuse", "reason": "On the truck"}).json()
    assert (refused["address_change"]["state"], refused["address_change"]["answer"]) == (
        "refused",
        "On the truck",
    )
    assert api.get(f"orders/{order_of(work)}").json()["address_change"]["state"] == "refused"


def test_the_shop_withdraws_and_says_why(api, work):  # noqa: F811
    move(work)
    path = f"orders/{order_of(work)}/address-change/withdraw"
    assert Api("orders:read").post(path, {"reason": "They stay"}).status_code == 403
    assert api.post(path, {}).status_code == 422
    first = api.post(path, {"reason": "They stay"}, key="k")
    assert (first.status_code, first.json()["address_change"]["state"]) == (200, "withdrawn")
    assert api.post(path, {"reason": "They stay"}, key="k").json() == first.json()
    assert api.post(path, {"reason": "They stay"}).json()["code"] == "no-open-address-change"
    assert api.post("orders/SO-0/address-change/withdraw", {"reason": "x"}).status_code == 404


def test_lists_cost_the_same_for_many(api, work):  # noqa: F811
    for number in [work, *[place(("MUG", 1)).work[0].number for _ in range(2)]]:
        if number != work:
            shipping.acknowledge(number, **DOING)
        move(number)
    with zeal_context():
        assert len(api.get("fulfilment-orders?address_change=true").json()["results"]) == 3
        assert len(api.get("orders").json()["results"]) == 3


def test_an_answer_that_was_told_by_telephone_is_recorded_on_the_page(client, work):
    move(work)
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    with zeal_context():
        page = client.get("/address-changes")
    assert page.context["total"] == 1
    assert SYDNEY.line1 in page.content.decode()
    said = {"idempotency_key": uuid4().hex, "answer": "refuse", "reason": ""}
    answer = client.post(f"/address-changes/{work}", said, follow=True)
    assert "Say why the address is refused" in answer.content.decode()
    said |= {"idempotency_key": uuid4().hex, "reason": "On the truck"}
    client.post(f"/address-changes/{work}", said)
    assert AddressRequest.objects.get().answer == "On the truck"
    assert client.get("/address-changes").context["total"] == 0


def test_the_order_page_shows_what_is_wanted_and_takes_it_back(client, work):
    move(work)
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    path = f"/orders/{order_of(work)}"
    assert "To go to Ada May, 1 Pitt Street" in client.get(path).content.decode()
    assert "Withdraw that on the order" in client.get(f"{path}/change").content.decode()
    client.post(f"{path}/keep-address", {"idempotency_key": uuid4().hex, "reason": "They stay"})
    assert AddressChange.objects.get().state == "withdrawn"
    assert "To go to" not in client.get(path).content.decode()
    assert "Ocean 3PL would be asked" in client.get(f"{path}/change").content.decode()


def test_only_who_may_answers_or_withdraws(client, work):
    move(work)
    client.force_login(person("pete", ("manager", "PER")), backend=BACKEND)
    assert client.get("/address-changes").context["total"] == 0
    said = {"idempotency_key": uuid4().hex, "answer": "accept"}
    assert client.post(f"/address-changes/{work}", said).status_code == 404
    client.force_login(person("mai", ("picker", "")), backend=BACKEND)
    assert client.get("/address-changes").status_code == 403
    said = {"idempotency_key": uuid4().hex, "reason": "x"}
    assert client.post(f"/orders/{order_of(work)}/keep-address", said).status_code == 403


def test_what_was_wanted_is_forgotten_with_its_customer(api):  # noqa: F811
    location("OCEAN", kind="3pl", name="Ocean 3PL")
    shelf("MUG", at="OCEAN", on_hand=9)
    customer("CAFE")
    placed = place(("MUG", 3), customer="CAFE")
    work = placed.work[0].number
    shipping.acknowledge(work, **DOING)
    said = {"reason": "Moved", "shipping_address": SYDNEY.as_json()}
    assert api.post(f"orders/{placed.number}/amend", said, key="k").status_code == 200
    readdressing.answer(work, accepts=False, said="No", **DOING)
    ordering.cancel_order(placed.number, reason="Gone", **DOING)
    recalling.answer(work, accepts=True, said="", **DOING)
    assert order(placed).state == "cancelled"
    assert {hit.table for hit in erasing.scan([SYDNEY.line1])} >= {"orders_addresschange"}

    customers.erase_customer("CAFE", reason="Asked by mail", **DOING)

    assert AddressChange.objects.get().address == {}
    assert customers.traces([SYDNEY.name, SYDNEY.line1]) == []
    assert Order.objects.get().address_changes.get().state == "refused"
    assert breaches() == {}
