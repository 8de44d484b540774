"""Whether a part of an order ships: decided on its page and over REST, once."""

import pytest

from oms.orders.models import Order, PartialQuestion
from tests.builders import breaches, place, shelf
from tests.doors.test_order_pages import BACKEND, person, press
from tests.doors.test_rest_contract import Api, api  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(api) -> str:  # noqa: F811  # the fixture
    """Number of an order of five mugs of which two are there, and whose policy is to ask."""
    shelf("MUG", on_hand=2)
    return place(("MUG", 5), partial_policy="ask").number


def test_the_open_question_stands_in_the_order_and_is_decided_once(api, asked):  # noqa: F811
    question = api.get(f"orders/{asked}").json()["partial_decision"]
    assert (question["missing"], question["decision"]) == (3, "")

    path, said = f"orders/{asked}/partial-decision", {"decision": "cancel_rest", "note": "Rang", "missing": 3}
    first = api.post(path, said, key="k")
    again = api.post(path, said, key="k")
    other = api.post(path, {"decision": "wait"})

    assert first.status_code == 200, first.content
    assert (first.json()["status"], first.json()["total"]) == ("allocated", "20.00")
    assert first.json()["partial_decision"]["decision"] == "cancel_rest"
    assert first.json()["partial_decision"]["note"] == "Rang"
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "nothing-to-decide")
    assert breaches() == {}


def test_a_decision_that_nobody_knows_and_a_release_are_refused(api, asked):  # noqa: F811
    path = f"orders/{asked}/partial-decision"
    assert api.post(path, {"decision": "whim"}).status_code == 422
    assert api.post(path, {"decision": "wait", "missing": 1}).json()["code"] == "partial-question-changed"
    assert api.post(f"orders/{asked}/release").json()["code"] == "partial-decision-wanted"
    assert Api("orders:read").post(path, {"decision": "wait"}).status_code == 403
    assert PartialQuestion.objects.get().decision == ""


def test_the_page_says_what_each_choice_means_and_the_worklist_counts_it(client, asked):
    client.force_login(person("ruth", ("manager", "")), backend=BACKEND)
    (listed,) = client.get("/orders/?needs=decision").context["rows"]
    assert listed.number == asked
    tile = next(line for line in client.get("/").context["tiles"] if line["tile"].name == "To decide")
    assert tile["count"] == 1
    page = client.get(f"/orders/{asked}").content.decode()
    assert "2 pieces leave" in page
    assert "3 pieces are never sent" in page
    assert "Release order" not in page

    press(client, f"/orders/{asked}/decide", decision="", missing="3")
    assert PartialQuestion.objects.get().decision == ""
    shown = press(
        client, f"/orders/{asked}/decide", decision="wait", note="They want one parcel", missing="3"
    )

    assert PartialQuestion.objects.get().decision == "wait"
    text = shown.content.decode()
    assert "It is kept until all of it is there" in text
    assert "They want one parcel" in text
    assert "is then sent whole" in text
    assert Order.objects.get().status == "backordered"


def test_whoever_may_not_cancel_is_not_offered_to(client, asked):
    client.force_login(person("bea", ("buyer", "")), backend=BACKEND)
    page = client.get(f"/orders/{asked}").content.decode()

    assert "do not allow deciding" in page
    assert client.post(f"/orders/{asked}/decide", {"decision": "wait"}).status_code == 403
    assert PartialQuestion.objects.get().decision == ""
