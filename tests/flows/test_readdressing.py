"""Another address for work that partners have confirmed: asked first, and then it counts for everything at once."""

import json
from datetime import timedelta

import pytest

from fulfilment.models import AddressRequest
from fulfilment.rules import NewParcel, ParcelLine, ParcelsDoNotMatch
from oms.alerts.models import Alert
from oms.core.errors import Invalid
from oms.core.models import AuditEntry, OutboxMessage, User
from oms.flows import (
    amending,
    holding,
    ordering,
    readdressing,
    recalling,
    rehearsing,
    shipping,
    standing,
    watching,
)
from oms.flows.holding import Held
from oms.orders.amendments import Amendment, Difference, TooLateToChange
from oms.orders.models import AddressChange, Order, OrderChange
from oms.orders.readdressings import AddressPending, NoAddressAsked
from tests.builders import NOON, PERTH, SYDNEY, TESTER, breaches, level, location, pack, place, rate, shelf

pytestmark = pytest.mark.django_db
DOING = {"actor": TESTER, "at": NOON}
FREMANTLE = {"name": "Lee Kim", "line1": "3 Market Street", "line2": "", "city": "Fremantle"} | {
    "region": "WA",
    "postcode": "6160",
    "country": "AU",
}


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def confirmed(pieces: int = 3, *, at: str = "OCEAN") -> tuple[str, str]:
    """Numbers of an order of mugs to Perth, and of its work that a partner has confirmed."""
    location(at, kind="3pl", name="Ocean 3PL")
    rate(at, region="WA", cost_minor=600, days=2)
    rate(at, region="NSW", cost_minor=1400, days=6)
    shelf("MUG", at=at, on_hand=9)
    placed = place(("MUG", pieces))
    shipping.acknowledge(placed.work[0].number, **DOING)
    return placed.number, placed.work[0].number


def two_partners() -> tuple[str, str, str]:
    """Numbers of an order and of its work at two partners, both confirmed."""
    for code, name, sku in (("OCEAN", "Ocean 3PL", "MUG"), ("RIVER", "River 3PL", "POT")):
        location(code, kind="3pl", name=name)
        shelf(sku, at=code, on_hand=5)
    placed = place(("MUG", 2), ("POT", 1))
    works = {each.location: each.number for each in placed.work}
    for number in works.values():
        shipping.acknowledge(number, **DOING)
    return placed.number, works["OCEAN"], works["RIVER"]


def move(number: str, **facts: object) -> None:
    amending.amend_order(number, Amendment(address=SYDNEY, **facts), reason="They moved", **DOING)


def accept(work: str) -> None:
    readdressing.answer(work, accepts=True, said="", **DOING)


def refuse(work: str) -> None:
    readdressing.answer(work, accepts=False, said="On the truck", **DOING)


def goes_to(number: str) -> str:
    order = Order.objects.select_related("contact").get(number=number)
    assert order.contact.shipping_address["postcode"] == order.ship_postcode
    return order.ship_postcode


def wanted() -> list[str]:
    return list(AddressChange.objects.order_by("pk").values_list("state", flat=True))


def asked() -> list[str]:
    return list(AddressRequest.objects.order_by("pk").values_list("state", flat=True))


def topics() -> list[str]:
    told = OutboxMessage.objects.filter(topic__startswith="fulfilment.address").order_by("pk")
    return [each.topic.removeprefix("fulfilment.address_") for each in told]


def ship(work: str, pieces: int, tracking: str = "T-1") -> None:
    parcel = NewParcel("auspost", tracking, (ParcelLine("MUG", pieces),))
    shipping.ship_parcels(work, contents=[parcel], **DOING)


def test_the_order_keeps_its_address_until_the_partner_accepts():
    number, work = confirmed()

    move(number)

    assert (goes_to(number), wanted(), asked()) == (PERTH.postcode, ["requested"], ["requested"])
    news = OutboxMessage.objects.get(topic="fulfilment.address_requested").payload
    assert (news["number"], news["order"], news["location"]) == (work, number, "OCEAN")
    assert not OrderChange.objects.exists()


def test_an_accepted_address_counts_once_for_documents_cost_service_and_promise():
    number, work = confirmed()
    before = Order.objects.get().fulfilment_orders.get()
    move(number)
    later = NOON + timedelta(days=1)

    readdressing.answer(work, accepts=True, said="Fine", actor=TESTER, at=later)

    after = Order.objects.get().fulfilment_orders.get()
    assert (goes_to(number), wanted(), asked()) == (SYDNEY.postcode, ["applied"], ["accepted"])
    assert (before.expected_cost_minor, after.expected_cost_minor) == (600, 1400)
    assert (after.number, after.request_status, level(at="OCEAN").reserved) == (work, "acknowledged", 3)
    assert after.due_at > before.due_at
    assert Order.objects.get().promise_by == after.due_at
    assert OrderChange.objects.get().facts == ["shipping_address"]
    assert OutboxMessage.objects.filter(topic="order.amended").count() == 1
    with pytest.raises(NoAddressAsked):
        accept(work)


def test_what_is_ours_is_planned_anew_when_the_last_partner_accepts():
    location("OCEAN", kind="3pl")
    for code in ("PER", "SYD"):
        location(code)
        rate(code, region="WA", cost_minor=500 if code == "PER" else 1500, days=2)
        rate(code, region="NSW", cost_minor=1500 if code == "PER" else 500, days=2)
        shelf("CUP", at=code, on_hand=5)
    shelf("MUG", at="OCEAN", on_hand=5)
    placed = place(("MUG", 1), ("CUP", 2))
    works = {each.location: each.number for each in placed.work}
    shipping.acknowledge(works["OCEAN"], **DOING)
    move(placed.number)
    assert level("CUP", at="PER").reserved == 2

    accept(works["OCEAN"])

    assert (level("CUP", at="PER").reserved, level("CUP", at="SYD").reserved) == (0, 2)
    assert level("MUG", at="OCEAN").reserved == 1


def test_a_refusal_leaves_the_order_as_it_was_and_tells_who_asked():
    number, work = confirmed()
    ruth = User.objects.create_user("ruth", first_name="Ruth")
    amending.amend_order(number, Amendment(address=SYDNEY), reason="Moved", actor=ruth.actor, at=NOON)
    with pytest.raises(Invalid, match="Say why"):
        readdressing.answer(work, accepts=False, said=" ", **DOING)

    refuse(work)

    assert (goes_to(number), wanted(), asked()) == (PERTH.postcode, ["refused"], ["refused"])
    alert = Alert.objects.get(kind="address_stays")
    assert (alert.owner, "On the truck" in alert.message) == (ruth, True)
    assert topics() == ["requested", "refused"]


def test_both_partners_must_accept_and_one_that_did_is_told_when_the_other_refuses():
    number, ocean, river = two_partners()
    move(number)
    accept(ocean)
    assert (goes_to(number), wanted()) == (PERTH.postcode, ["requested"])

    refuse(river)

    assert (goes_to(number), wanted(), asked()) == (PERTH.postcode, ["refused"], ["accepted", "refused"])
    assert "Tell Ocean 3PL" in Alert.objects.get(kind="address_stays").message
    assert topics() == ["requested", "requested", "accepted", "refused", "withdrawn"]


def test_two_partners_that_accept_send_it_to_the_new_address():
    number, ocean, river = two_partners()
    move(number)
    accept(river)
    accept(ocean)
    assert (goes_to(number), wanted()) == (SYDNEY.postcode, ["applied"])
    assert OrderChange.objects.count() == 1


def test_staff_withdraw_and_may_ask_again():
    number, work = confirmed()
    move(number)
    with pytest.raises(AddressPending, match="Withdraw"):
        amending.amend_order(number, Amendment(address=SYDNEY), reason="Again", **DOING)
    with pytest.raises(Invalid):
        readdressing.withdraw(number, reason="", **DOING)

    readdressing.withdraw(number, reason="They stay", **DOING)

    assert (goes_to(number), wanted(), asked()) == (PERTH.postcode, ["withdrawn"], ["dropped"])
    assert not Alert.objects.exists()
    with pytest.raises(NoAddressAsked):
        readdressing.withdraw(number, reason="They stay", **DOING)
    with pytest.raises(NoAddressAsked):
        accept(work)
    move(number)
    accept(work)
    assert (goes_to(number), wanted()) == (SYDNEY.postcode, ["withdrawn", "applied"])


def test_the_rest_of_a_change_counts_at_once():
    number, _ = confirmed()
    shelf("CUP", at="OCEAN", on_hand=4)

    move(number, words={"notes": "Ring twice"})

    assert OrderChange.objects.get().facts == ["notes"]
    assert (goes_to(number), wanted()) == (PERTH.postcode, ["requested"])


def test_what_leaves_meanwhile_leaves_for_the_old_address_and_ends_the_wish():
    number, work = confirmed()
    move(number)

    ship(work, 1)

    assert (goes_to(number), wanted(), asked()) == (PERTH.postcode, ["overtaken"], ["dropped"])
    assert "have left with SH-" in Alert.objects.get(kind="address_stays").message
    with pytest.raises(TooLateToChange):
        move(number)


def test_what_the_partner_has_packed_is_not_accepted_and_what_we_packed_ends_the_wish():
    number, work = confirmed()
    move(number)
    pack(work, "MUG", 1)
    with pytest.raises(ParcelsDoNotMatch, match="Unpack it"):
        accept(work)
    assert wanted() == ["requested"]


def test_a_part_of_ours_that_was_packed_meanwhile_keeps_the_old_address_for_all():
    location("OCEAN", kind="3pl")
    location("PER")
    shelf("MUG", at="OCEAN", on_hand=5)
    shelf("CUP", at="PER", on_hand=5)
    placed = place(("MUG", 1), ("CUP", 1))
    works = {each.location: each.number for each in placed.work}
    shipping.acknowledge(works["OCEAN"], **DOING)
    move(placed.number)
    pack(works["PER"], "CUP", 1)

    accept(works["OCEAN"])

    assert (goes_to(placed.number), wanted()) == (PERTH.postcode, ["overtaken"])
    assert "was packed for the old address" in Alert.objects.get(kind="address_stays").message


def test_a_cancelled_order_wants_no_other_address():
    number, work = confirmed()
    move(number)
    ordering.cancel_order(number, reason="Customer rang", **DOING)
    assert wanted() == ["requested"]

    recalling.answer(work, accepts=True, said="", **DOING)

    assert (wanted(), asked(), Order.objects.get().state) == (["overtaken"], ["dropped"], "cancelled")
    assert not Alert.objects.filter(kind="address_stays").exists()


def test_a_partner_whose_whole_part_is_cancelled_stands_against_nothing():
    number, ocean, river = two_partners()
    move(number)
    accept(ocean)
    amending.cancel_lines(number, {"POT": None}, reason="Gone", **DOING)

    recalling.answer(river, accepts=True, said="", **DOING)

    assert (goes_to(number), wanted(), asked()) == (SYDNEY.postcode, ["applied"], ["accepted", "dropped"])


def test_a_partner_that_rejects_the_work_stands_against_nothing_and_the_rest_goes_to_the_new_address():
    number, work = confirmed()
    shelf("MUG", at="PER", on_hand=5)
    move(number)

    shipping.reject(work, reason="Flooded", **DOING)

    assert (goes_to(number), wanted(), asked()) == (SYDNEY.postcode, ["applied"], ["dropped"])
    assert (level(at="PER").reserved, level(at="OCEAN").reserved) == (3, 0)


def test_work_that_vanished_from_the_shelf_stands_against_nothing_after_the_next_round_of_the_clock():
    number, _ = confirmed()
    move(number)
    holding.set_aside(Held("MUG", "OCEAN", 9), note="Flood", **DOING)
    assert Order.objects.get().fulfilment_orders.get().status == "cancelled"

    assert readdressing.settle_stranded(**DOING) == 1
    assert (goes_to(number), wanted(), asked()) == (SYDNEY.postcode, ["applied"], ["dropped"])
    assert readdressing.settle_stranded(**DOING) == 0


def test_a_held_order_goes_to_its_new_address_and_stays_held():
    number, work = confirmed()
    move(number)
    standing.hold_order(number, reason="Check", **DOING)

    accept(work)

    order = Order.objects.get()
    assert (goes_to(number), order.state) == (SYDNEY.postcode, "on_hold")
    assert order.fulfilment_orders.get().status == "on_hold"


def test_a_partner_that_confirms_while_others_are_asked_is_asked_too():
    for code, sku in (("OCEAN", "MUG"), ("RIVER", "POT")):
        location(code, kind="3pl")
        shelf(sku, at=code, on_hand=5)
    placed = place(("MUG", 2), ("POT", 1))
    works = {each.location: each.number for each in placed.work}
    shipping.acknowledge(works["OCEAN"], **DOING)
    move(placed.number)

    shipping.acknowledge(works["RIVER"], **DOING)
    assert asked() == ["requested", "requested"]
    accept(works["OCEAN"])
    assert goes_to(placed.number) == PERTH.postcode
    accept(works["RIVER"])
    assert goes_to(placed.number) == SYDNEY.postcode


def test_an_unanswered_address_is_an_alert_that_closes_when_it_is_answered():
    number, work = confirmed()
    move(number)
    later = NOON + timedelta(hours=5)

    assert watching.overdue_addresses(at=NOON) == 0
    assert watching.overdue_addresses(at=later) == 1
    assert "Ring them" in Alert.objects.get(kind="overdue_address").message
    readdressing.answer(work, accepts=True, said="", actor=TESTER, at=later)
    assert watching.overdue_addresses(at=later) == 0
    assert Alert.objects.get(kind="overdue_address").closed_at == later


def test_a_rehearsal_says_who_would_be_asked_and_asks_nobody():
    number, _ = confirmed()

    rehearsed = rehearsing.rehearse(number, Amendment((Difference("MUG", -1),), SYDNEY), **DOING)

    assert (rehearsed.asked, rehearsed.asked_to_readdress) == ({"MUG": 1}, ("Ocean 3PL",))
    assert not AddressChange.objects.exists()


def test_where_no_rate_leads_the_partners_word_counts_and_nobody_knows_the_cost():
    number, work = confirmed()
    amending.amend_order(
        number, Amendment(address=type(SYDNEY)(**FREMANTLE | {"region": "QLD"})), reason="Moved", **DOING
    )
    accept(work)
    assert Order.objects.get().fulfilment_orders.get().expected_cost_minor is None


def test_the_new_address_stands_in_no_news_audit_entry_or_alert():
    number, work = confirmed()
    move(number)
    refuse(work)
    told = [*OutboxMessage.objects.values_list("payload", flat=True)]
    told += [*AuditEntry.objects.values_list("note", "changes"), *Alert.objects.values_list("message")]
    said = json.dumps(told, default=str)
    assert not any(word in said for word in (SYDNEY.name, SYDNEY.line1, SYDNEY.postcode))
