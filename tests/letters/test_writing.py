"""What happens to an order is written about once, in the manner of its customer, where its channel says so."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import transaction

from fulfilment.rules import NewParcel, ParcelLine
from oms.alerts.models import Alert
from oms.core import erasing, outbox
from oms.core.errors import Conflict
from oms.core.models import AuditEntry, OutboxMessage
from oms.core.relay import drain
from oms.flows import amending, counting, customers, lettering, ordering, shipping
from oms.flows.management.commands.relay import house_relay
from oms.letters import wording
from oms.letters.models import (
    ChannelLetters,
    CustomerTypeLetters,
    Letter,
    LetterContent,
    LetterSet,
    LetterTemplate,
)
from oms.letters.rules import Occasion
from oms.letters.wording import Wording
from oms.orders.amendments import Amendment, Difference
from oms.orders.models import Order
from tests.builders import NOON, PERTH, TESTER, breaches, channel, customer, place, shelf, sku

pytestmark = pytest.mark.django_db(transaction=True)
ALL = [each.value for each in Occasion]
LEE = {"customer_email": "lee@example.com"}


@pytest.fixture(autouse=True)
def shop():
    shelf("MUG", on_hand=90)
    shelf("CUP", on_hand=90)
    writes_on()
    yield
    assert breaches() == {}


def writes_on(*occasions: str, **facts) -> ChannelLetters:
    facts = {"since": NOON - timedelta(days=1), "occasions": list(occasions) or ALL} | facts
    kind = facts.pop("customer_type", "")
    made, _ = ChannelLetters.objects.update_or_create(
        channel=channel("api"), customer_type=kind, defaults=facts
    )
    return made


def work(at=NOON) -> None:
    """What the relay does."""
    drain(house_relay(), at=at)


def tell(topic: str, number: str, **payload) -> None:
    with transaction.atomic():
        outbox.record(topic, aggregate=f"order:{number}", payload=payload | {"number": number}, at=NOON)


def letters() -> list[str]:
    return list(Letter.objects.order_by("id").values_list("key", flat=True))


def said(occasion: str) -> LetterContent:
    return LetterContent.objects.get(letter__occasion=occasion)


def sends(placed, pieces: int, tracking: str = "33ABC") -> None:
    parcel = NewParcel("auspost", tracking, (ParcelLine("MUG", pieces),))
    shipping.ship_parcels(placed.work[0].number, contents=[parcel], actor=TESTER, at=NOON)


def test_an_order_is_confirmed_once_however_often_it_is_told(mailoutbox):
    placed = place(("MUG", 2), gift_message="For Ada", **LEE)
    work()
    tell("order.placed", placed.number)
    work()

    letter = Letter.objects.get()
    assert (letter.key, letter.status) == (f"confirmed:{placed.number}", "sent")
    (mail,) = mailoutbox
    assert mail.to == ["lee@example.com"]
    assert mail.subject == f"Your order {placed.number}"
    assert "2 x Mug (MUG), 20.00" in mail.body
    assert "“For Ada”" in mail.body
    assert AuditEntry.objects.filter(action="letter.sent", subject_id=placed.number).count() == 1


def test_persons_and_businesses_get_their_own_letters():
    customer("CAFE", terms_days=14)
    placed = place(("MUG", 1), customer="CAFE", po_number="PO-77", promise_by=NOON)
    person = place(("MUG", 1), gift_message="Enjoy", **LEE)
    work()

    business = LetterContent.objects.get(letter__order__number=placed.number)
    private = LetterContent.objects.get(letter__order__number=person.number)
    assert business.recipient == "cafe@example.com"
    assert "your order PO-77" in business.subject
    assert "net 14 days, due 7 December 2026 if it leaves as promised" in business.text
    assert "Bill to:" in business.text
    assert "Enjoy" in private.text
    assert "net" not in private.text
    assert Letter.objects.get(order__number=placed.number).customer.code == "CAFE"


def test_each_shipment_brings_its_tracking_and_says_what_is_to_come():
    placed = place(("MUG", 3), **LEE)
    sends(placed, 1, "33A")
    sends(placed, 2, "33B")
    work()

    first, last = LetterContent.objects.filter(letter__occasion="shipped").order_by("letter_id")
    assert "by auspost, tracking number 33A" in first.text
    assert "33B" not in first.text
    assert "That is all of your order." in last.text
    assert len(letters()) == 3


def test_a_later_promise_is_told_with_both_days_and_an_earlier_one_is_not():
    placed = place(("MUG", 1), promise_by=NOON, **LEE)
    found = Order.objects.get(number=placed.number)
    for at, told in ((NOON + timedelta(days=3), 1), (NOON + timedelta(days=3), 1), (NOON, 1)):
        facts = {"from": NOON.isoformat(), "to": at.isoformat(), "arrives_on": None}
        tell("order.promise_moved", found.number, **facts)
        work()
        assert Letter.objects.filter(occasion="delayed").count() == told

    assert "will leave by 26 November 2026 and not by 23 November 2026" in said("delayed").text


def test_stock_that_comes_too_late_tells_the_customer(mailoutbox):
    sku("POT")
    expected = {"location": "PER", "reference": "PO-1", "actor": TESTER}
    counting.expect_stock("POT", quantity=2, expected_on=date(2026, 11, 26), at=NOON, **expected)
    placed, late = place(("POT", 2), **LEE), NOON + timedelta(days=8)
    counting.receive_stock("POT", quantity=2, at=late, **expected)
    ordering.serve_backorders(placed.number, actor=TESTER, at=late)
    work(late)

    (mail,) = [each for each in mailoutbox if "later than we said" in each.subject]
    assert "will leave by 2 December 2026 and not by 27 November 2026." in mail.body
    assert letters() == [f"confirmed:{placed.number}", f"delayed:{placed.number}:2026-12-02T09:00Z"]


def test_pieces_taken_off_are_told_and_a_whole_order_once():
    placed = place(("MUG", 3), ("CUP", 1), **LEE)
    amending.cancel_lines(placed.number, {"MUG": 1}, reason="Asked", actor=TESTER, at=NOON)
    work()
    assert said("cancelled").subject == f"A change to your order {placed.number}"
    assert "1 x Mug (MUG)" in said("cancelled").text
    assert "It comes to 30.00 AUD now." in said("cancelled").text

    amending.cancel_lines(placed.number, {"MUG": None, "CUP": None}, reason="Asked", actor=TESTER, at=NOON)
    work()

    whole = LetterContent.objects.filter(letter__occasion="cancelled").order_by("letter_id").last()
    assert whole.subject == f"Your order {placed.number} is cancelled"
    assert letters() == [
        f"confirmed:{placed.number}",
        f"cancelled:{placed.number}:v1",
        f"cancelled:{placed.number}",
    ]


def test_what_is_added_is_no_reason_to_write():
    placed = place(("MUG", 1), **LEE)
    more = Amendment(differences=(Difference("MUG", 1),))
    amending.amend_order(placed.number, more, reason="Asked", actor=TESTER, at=NOON)
    work()

    assert letters() == [f"confirmed:{placed.number}"]


def test_an_invoice_goes_as_pdf(mailoutbox):
    customer("CAFE", terms_days=14)
    sends(place(("MUG", 2), customer="CAFE", po_number="PO-9"), 2)
    work()

    (mail,) = [each for each in mailoutbox if each.subject.startswith("Invoice")]
    assert mail.subject == "Invoice INV-1001, your order PO-9"
    assert "Due: 7 December 2026" in mail.body
    ((name, content, kind),) = mail.attachments
    assert (name, kind, content[:4]) == ("INV-1001.pdf", "application/pdf", b"%PDF")


def test_a_channel_that_stands_nowhere_writes_itself_and_costs_one_look():
    channel("market")
    place(("MUG", 1), via="market", **LEE)
    work()

    assert letters() == []


def test_switches_are_heard_the_most_particular_first():
    writes_on("shipped")
    place(("MUG", 1), **LEE)
    work()
    assert letters() == []

    writes_on("confirmed", customer_type="b2c")
    place(("MUG", 1), **LEE)
    work()
    assert len(letters()) == 1

    CustomerTypeLetters.objects.filter(customer_type="b2c").update(silent_on=["confirmed"])
    place(("MUG", 1), **LEE)
    work()
    assert len(letters()) == 1


def test_what_happened_before_a_channel_was_switched_on_is_past():
    writes_on(since=NOON + timedelta(minutes=1))
    place(("MUG", 1), **LEE)
    work(NOON + timedelta(hours=1))

    assert letters() == []


def test_a_set_of_the_channel_goes_first_and_what_it_lacks_comes_from_the_others():
    own = LetterSet.objects.create(code="own", name="Own")
    LetterTemplate.objects.create(letter_set=own, occasion="confirmed", subject="Ahoy", text="x")
    template = LetterTemplate.objects.get(letter_set=own)
    template.versions.create(number=1, subject="Ahoy", text="Ahoy {{ order_number }}", written_by="t")
    writes_on(letter_set=own)
    placed = place(("MUG", 1), **LEE)
    sends(placed, 1)
    work()

    assert said("confirmed").text == f"Ahoy {placed.number}\n"
    assert "on its way" in said("shipped").subject


def test_without_any_template_nothing_is_written_and_somebody_is_told():
    LetterSet.objects.update(is_fallback=False)
    CustomerTypeLetters.objects.filter(customer_type="b2c").update(
        letter_set=LetterSet.objects.create(code="empty", name="Empty")
    )
    place(("MUG", 1), **LEE)
    place(("MUG", 1), **LEE)
    work()

    assert letters() == []
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject_id, alert.times) == ("letter_template", "api:b2c:confirmed", 2)


def test_an_order_without_an_address_is_not_written_about():
    place(("MUG", 1))
    work()

    assert letters() == []
    assert not Alert.objects.exists()


def test_a_template_that_breaks_fails_alone_and_is_sent_again_once_it_is_mended(mailoutbox):
    LetterTemplate.objects.get(letter_set__code="consumer", occasion="confirmed").versions.create(
        number=2, subject="{{ nonsense }}", text="x", written_by="t"
    )
    LetterTemplate.objects.filter(letter_set__code="consumer", occasion="confirmed").update(version=2)
    placed = place(("MUG", 1), **LEE)
    work()

    failed = Letter.objects.get()
    assert (failed.status, Alert.objects.get().url) == ("failed", f"/letters/{failed.pk}")
    assert not OutboxMessage.objects.exclude(state="delivered").exists()
    LetterTemplate.objects.filter(letter_set__code="consumer", occasion="confirmed").update(version=1)
    lettering.send_again(failed.pk, reason="Mended", actor=TESTER, at=NOON)
    work()

    assert [mail.subject for mail in mailoutbox] == [f"Your order {placed.number}"]
    assert Alert.objects.get().closed_at is not None
    assert letters()[-1] == f"confirmed:{placed.number}:again:1"


def test_who_was_erased_is_not_written_to_and_nothing_that_was_said_is_left(mailoutbox):
    customer("CAFE", name="Quandary Mills")
    placed = place(("MUG", 1), customer="CAFE", to=replace(PERTH, name="Quandary Mills"))
    work()
    assert "Quandary Mills" in said("confirmed").text
    assert {hit.table for hit in erasing.scan(["Quandary Mills"])} >= {"letters_lettercontent"}
    ordering.cancel_order(placed.number, reason="Asked", actor=TESTER, at=NOON)
    work()
    lettering.send_again(Letter.objects.first().pk, reason="Asked", actor=TESTER, at=NOON)
    customers.erase_customer("CAFE", reason="Asked by letter", actor=TESTER, at=NOON)
    before = len(mailoutbox)
    work()

    assert len(mailoutbox) == before
    with pytest.raises(Conflict, match="erased"):
        lettering.send_again(Letter.objects.first().pk, reason="x", to="a@b.example", actor=TESTER, at=NOON)
    assert not LetterContent.objects.exists()
    assert erasing.scan(["Quandary Mills", "cafe@example.com"]) == []
    assert Letter.objects.filter(status="withdrawn").count() == 1
    assert Letter.objects.filter(status="sent").count() == 2


def test_every_wording_of_the_house_says_only_what_it_can():
    templates = list(LetterTemplate.objects.all())

    assert len(templates) == 10
    for each in templates:
        said = Wording(each.subject, each.text, each.html)
        assert wording.problems(Occasion(each.occasion), said) == (), str(each)
