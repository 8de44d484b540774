"""A partner's answer to a cancellation: over REST within its locations, and by telephone on a page."""

from uuid import uuid4

import pytest
from zeal import zeal_context

from fulfilment.models import CancellationRequest
from oms.flows import amending, recalling, shipping, standing
from tests.builders import NOON, TESTER, breaches, level, location, place, shelf
from tests.doors.test_order_pages import BACKEND, person
from tests.doors.test_rest_contract import Api, api  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def work() -> str:
    """Work of three mugs that a partner has confirmed."""
    location("OCEAN", kind="3pl", name="Ocean 3PL")
    shelf("MUG", at="OCEAN", on_hand=5)
    number = place(("MUG", 3)).work[0].number
    shipping.acknowledge(number, actor=TESTER, at=NOON)
    return number


def order_of(work: str) -> str:
    return work.replace("FO-", "SO-").rsplit("-", 1)[0]


def test_the_answer_says_what_was_cancelled_and_what_was_asked_for(api, work):  # noqa: F811  # the fixture
    shelf("CUP", at="PER", on_hand=1)
    api.post(f"orders/{order_of(work)}/amend", {"reason": "More", "lines": [
        {"sku": "CUP", "quantity_delta": 1, "unit_price": "5.00"}]})  # fmt: skip

    said = {"reason_code": "customer-asked", "lines": [{"sku": "CUP"}, {"sku": "MUG", "quantity": 2}]}
    answer = api.post(f"orders/{order_of(work)}/cancel", said)

    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert {line["sku"]: line["cancelled"] for line in body["lines"]} == {"MUG": 0, "CUP": 1}
    (asked,) = body["cancellations"]
    assert (asked["fulfilment_order"], asked["state"], asked["lines"]) == (
        work,
        "requested",
        [{"sku": "MUG", "quantity": 2}],
    )
    assert asked["reason"] == "Customer asked"
    assert breaches() == {}


def test_a_part_is_cancelled_with_a_reason_and_each_sku_is_named_once(api, work):  # noqa: F811
    path = f"orders/{order_of(work)}/cancel"
    assert api.post(path, {"lines": [{"sku": "MUG"}]}).status_code == 422
    twice = {"reason": "x", "lines": [{"sku": "MUG"}, {"sku": "MUG"}]}
    assert api.post(path, twice).json()["errors"][0]["pointer"] == "#/lines"
    unknown = api.post(path, {"reason_code": "whim", "lines": [{"sku": "MUG"}]})
    assert unknown.json()["code"] == "unknown-reason"
    assert (
        api.post(path, {"reason": "x", "lines": [{"sku": "NOPE"}]}).json()["code"] == "order-line-not-found"
    )


def test_a_partner_sees_the_question_and_accepts_once(api, work):  # noqa: F811
    api.post(f"orders/{order_of(work)}/cancel", {"reason": "Customer rang"})
    partner = Api("fulfilment:*", locations=("OCEAN",))
    waiting = partner.get("fulfilment-orders?cancellation=true").json()["results"]
    assert [each["number"] for each in waiting] == [work]
    assert waiting[0]["cancellation"]["lines"] == [{"sku": "MUG", "quantity": 3}]

    first = partner.post(f"fulfilment-orders/{work}/cancellation", {"answer": "accept"}, key="k")
    again = partner.post(f"fulfilment-orders/{work}/cancellation", {"answer": "accept"}, key="k")
    other = partner.post(f"fulfilment-orders/{work}/cancellation", {"answer": "refuse", "reason": "No"})

    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "no-open-cancellation")
    assert level(at="OCEAN").reserved == 0
    assert api.get(f"orders/{order_of(work)}").json()["status"] == "cancelled"
    assert partner.get("fulfilment-orders?cancellation=true").json()["results"] == []


def test_a_refusal_needs_its_reason_and_another_partner_sees_nothing(api, work):  # noqa: F811
    api.post(f"orders/{order_of(work)}/cancel", {"reason": "Customer rang"})
    path = f"fulfilment-orders/{work}/cancellation"

    stranger = Api("fulfilment:*", locations=("PER",))
    assert stranger.post(path, {"answer": "accept"}).status_code == 404
    partner = Api("fulfilment:*", locations=("OCEAN",))
    assert Api("fulfilment:read").post(path, {"answer": "accept"}).status_code == 403
    assert partner.post(path, {"answer": "refuse"}).status_code == 422
    assert partner.post(path, {"answer": "perhaps"}).status_code == 422
    refused = partner.post(path, {"answer": "refuse", "reason": "On the truck"}).json()

    assert (refused["status"], refused["cancellation"]["state"]) == ("open", "refused")
    assert level(at="OCEAN").reserved == 3


def test_a_list_of_asked_work_costs_the_same_for_many(api, work):  # noqa: F811
    for number in [work, *[place(("MUG", 1)).work[0].number for _ in range(2)]]:
        if number != work:
            shipping.acknowledge(number, actor=TESTER, at=NOON)
        amending.cancel_lines(order_of(number), {"MUG": 1}, reason="Too many", actor=TESTER, at=NOON)

    with zeal_context():
        assert len(api.get("fulfilment-orders?cancellation=true").json()["results"]) == 3
        assert len(api.get("orders").json()["results"]) == 3


def test_an_answer_that_was_told_by_telephone_is_recorded_on_the_page(client, work):
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    client.post(
        f"/orders/{order_of(work)}/cancel", {"reason": "Customer rang", "idempotency_key": uuid4().hex}
    )
    shown = client.get("/cancellations")
    assert work in shown.content.decode()
    assert (shown.context["total"], shown.context["rows"][0].asker) == (1, "Ruth")

    said = {"idempotency_key": uuid4().hex, "answer": "refuse", "reason": ""}
    refused = client.post(f"/cancellations/{work}", said, follow=True)
    assert "Say why the cancellation is refused" in refused.content.decode()
    said |= {"idempotency_key": uuid4().hex, "reason": "On the truck"}
    client.post(f"/cancellations/{work}", said)

    assert CancellationRequest.objects.get().answer == "On the truck"
    assert client.get("/cancellations").context["total"] == 0


def test_only_who_answers_for_the_partner_records_its_answer(client, work):
    amending.cancel_lines(order_of(work), {"MUG": 1}, reason="Too many", actor=TESTER, at=NOON)
    client.force_login(person("pete", ("manager", "PER")), backend=BACKEND)
    assert client.get("/cancellations").context["total"] == 0
    said = {"idempotency_key": uuid4().hex, "answer": "accept"}
    assert client.post(f"/cancellations/{work}", said).status_code == 404
    client.force_login(person("mai", ("picker", "")), backend=BACKEND)
    assert client.get("/cancellations").status_code == 403


def test_the_pages_of_held_and_cancelled_work_say_stop(client, work):
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    standing.hold_order(order_of(work), reason="Check", actor=TESTER, at=NOON)
    for page in ("pick", "pack", "ship"):
        assert "On hold. Stop here." in client.get(f"/{page}/{work}").content.decode(), page
    standing.release_order(order_of(work), actor=TESTER, at=NOON)
    amending.cancel_lines(order_of(work), {"MUG": None}, reason="Gone", actor=TESTER, at=NOON)
    recalling.answer(work, accepts=True, said="", actor=TESTER, at=NOON)
    assert "Cancelled. Stop here." in client.get(f"/pick/{work}").content.decode()
