"""Letters over a real mail server: sent once, tried again, refused for good, and never lost."""

import logging
from datetime import timedelta
from email.utils import parseaddr

import pytest

from oms.alerts.models import Alert
from oms.core import dead_letters, erasing
from oms.core.errors import Conflict, Invalid
from oms.core.models import AuditEntry, OutboxMessage
from oms.core.outbox import Message
from oms.core.relay import drain
from oms.flows import customers, lettering, ordering
from oms.flows.management.commands.relay import house_relay
from oms.letters import post
from oms.letters.models import ChannelLetters, Letter
from oms.letters.post import Mail
from oms.letters.rules import NobodyToWriteTo, Occasion
from oms.orders.models import OrderContact
from tests.builders import NOON, PERTH, TESTER, breaches, channel, customer, place, shelf
from tests.letters.mailserver import MailServer

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = "lee.kim@example.com"
WEEK = timedelta(days=7)


@pytest.fixture
def server(settings):
    server = MailServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.DEFAULT_FROM_EMAIL = "orders@tidewater.example"
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def shop():
    shelf("MUG", on_hand=90)
    ChannelLetters.objects.create(
        channel=channel("api"), occasions=[Occasion.CONFIRMED.value], since=NOON - timedelta(days=1)
    )
    yield
    assert breaches() == {}


def buys(mail: str = MAIL, **facts):
    return place(("MUG", 1), customer_email=mail, **facts)


def work(at=NOON) -> None:
    drain(house_relay(), at=at)


def carried() -> OutboxMessage:
    return OutboxMessage.objects.get(topic="letter.send")


def test_a_letter_arrives_whole(server):
    placed = buys(to=PERTH)
    work()

    (mail,) = server.got
    assert server.recipients == [MAIL]
    assert parseaddr(mail["From"]) == ("Tidewater", "orders@tidewater.example")
    assert mail["Subject"] == f"Your order {placed.number}"
    assert mail["Message-ID"] == post.message_id(f"confirmed:{placed.number}")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "1 x Mug (MUG), 10.00" in mail.get_body(("plain",)).get_content()
    assert "<p>Dear Lee Kim,</p>" in mail.get_body(("html",)).get_content()
    assert (Letter.objects.get().status, carried().state) == ("sent", "delivered")
    assert carried().dedupe_key == f"letter:confirmed:{placed.number}"
    assert carried().payload == {"letter": Letter.objects.get().pk}


def test_a_greylisted_letter_waits_and_goes_later(server):
    server.refusals = ["451 4.7.1 Greylisted, try again", "451 4.7.1 Greylisted, try again"]
    buys()
    work()
    assert (Letter.objects.get().status, carried().state, carried().attempts) == ("queued", "waiting", 1)
    work(NOON + timedelta(hours=1))
    work(NOON + timedelta(hours=9))

    assert len(server.got) == 1
    assert Letter.objects.get().status == "sent"
    assert not Alert.objects.exists()


def test_a_refused_address_is_a_dead_letter_with_an_alert_that_says_what_to_do(server):
    server.refusals = [f"550 5.1.1 <{MAIL}>: no such user"]
    placed = buys()
    work()

    letter, alert = Letter.objects.get(), Alert.objects.get()
    assert (letter.status, carried().state, carried().attempts) == ("failed", "dead", 1)
    assert "550 5.1.1" in letter.error
    assert (alert.kind, alert.url) == ("letter_failed", f"/letters/{letter.pk}")
    assert f"“Order confirmed” of {placed.number} did not go." in alert.message
    assert "Open it, mend address or template, send it again." in alert.message
    for text in (letter.error, alert.message, carried().last_error):
        assert MAIL not in text
    assert AuditEntry.objects.filter(action="letter.failed", subject_id=placed.number).exists()


def test_a_mended_address_gets_the_letter_when_a_person_sends_it_again(server):
    server.refusals = ["550 no such user"]
    placed = buys()
    work()
    first = Letter.objects.get()

    with pytest.raises(Invalid):
        lettering.send_again(first.pk, reason=" ", actor=TESTER, at=NOON)
    with pytest.raises(Invalid):
        lettering.send_again(first.pk, reason="x", to="lee at home", actor=TESTER, at=NOON)
    again = lettering.send_again(
        first.pk, reason="New address by telephone", to="lee@new.example", actor=TESTER, at=NOON
    )
    work()
    assert OrderContact.objects.get().customer_email == "lee@new.example"
    assert AuditEntry.objects.get(action="order.mail_corrected").changes is None

    assert server.recipients == ["lee@new.example"]
    again.refresh_from_db()
    assert (again.status, again.again_of, again.reason) == ("sent", first, "New address by telephone")
    assert server.got[0]["Message-ID"] != post.message_id(first.key)
    assert Alert.objects.get().closed_at is not None
    entry = AuditEntry.objects.get(action="letter.sent_again")
    assert (entry.subject_id, entry.note) == (placed.number, "Order confirmed: New address by telephone")


def test_a_dead_letter_is_replayed_like_any_other_message(server):
    server.refusals = ["550 mailbox closed"]
    buys()
    work()
    dead_letters.replay(carried().pk, actor=TESTER, at=NOON)
    work()

    assert len(server.got) == 1
    assert Letter.objects.get().status == "sent"
    assert Alert.objects.get().closed_at is not None


def test_a_line_that_breaks_after_the_letter_sends_it_under_the_same_id(server):
    server.drops = 1
    buys()
    work()
    assert (Letter.objects.get().status, carried().state) == ("queued", "waiting")
    work(NOON + timedelta(hours=1))

    assert [mail["Message-ID"] for mail in server.got] == [post.message_id(Letter.objects.get().key)] * 2
    assert (Letter.objects.get().status, carried().state) == ("sent", "delivered")


def test_a_server_that_is_away_is_one_alert_that_closes_by_itself(server):
    server.stop()
    for _ in range(3):
        buys()
    work()

    alert = Alert.objects.get()
    assert (alert.kind, alert.times) == ("mail_server", 3)
    assert "cannot be reached" in alert.message
    assert set(Letter.objects.values_list("status", flat=True)) == {"queued"}

    server.start()
    work(NOON + timedelta(hours=1))
    assert len(server.got) == 3
    assert Alert.objects.get().closed_at is not None


def test_letters_that_never_go_end_as_dead_letters(server):
    server.stop()
    buys()
    for day in range(9):
        work(NOON + day * WEEK)

    assert (Letter.objects.get().status, carried().state, carried().attempts) == ("failed", "dead", 8)
    assert set(Alert.objects.values_list("kind", flat=True)) == {"mail_server", "letter_failed"}


def test_one_letter_that_cannot_go_holds_back_no_other(server):
    server.refusals = ["550 no such user"]
    first = buys()
    work()
    lettering.send_again(Letter.objects.get().pk, reason="Try", actor=TESTER, at=NOON)
    buys()
    work()

    assert len(server.got) == 2
    assert Letter.objects.filter(order__number=first.number, status="sent").count() == 1


def test_a_refused_content_is_final_and_a_refused_sender_is_not(server):
    server.at_data = ["554 5.7.1 Looks like spam"]
    buys()
    work()
    assert Letter.objects.get().status == "failed"

    server.refuses_sender = "550 5.7.1 Sender not allowed"
    buys()
    work()
    assert Letter.objects.order_by("id").last().status == "queued"
    assert "OMS_MAIL_FROM" in Alert.objects.get(kind="mail_server").message


def test_a_letter_that_was_sent_is_not_sent_again_when_its_message_comes_back(server):
    buys()
    work()
    (message,) = OutboxMessage.objects.filter(topic="letter.send")
    again = outbox_message(message)
    lettering.deliver(again)

    assert len(server.got) == 1


def outbox_message(row: OutboxMessage) -> Message:
    return Message(row.pk, row.topic, row.aggregate, row.payload, NOON, 2, 2, "", NOON)


@pytest.mark.parametrize(
    "bad", ["a,b@example.com", "not an address", "a@b\nBcc: c@d.example", "<a@b.example>"]
)
def test_what_is_no_address_is_refused_before_any_server_is_asked(server, bad):
    with pytest.raises(post.Refused):
        post.send(Mail("k", bad, "Hello", "text", "<p>text</p>"))
    assert server.calls == 0


def test_nothing_that_is_written_can_add_a_header(server):
    evil = "Lee\r\nBcc: all@example.com"
    OrderContact.objects.filter(order__number=buys().number).update(customer_name=evil)
    work()

    (mail,) = server.got
    assert mail["Bcc"] is None
    assert server.recipients == [MAIL]


def test_a_waiting_letter_or_one_without_address_is_not_sent_again(server):
    server.refusals = ["451 later"]
    buys()
    work()
    with pytest.raises(Conflict, match="goes by itself"):
        lettering.send_again(Letter.objects.get().pk, reason="Now", actor=TESTER, at=NOON)
    work(NOON + timedelta(hours=1))
    OrderContact.objects.update(customer_email="")
    with pytest.raises(NobodyToWriteTo):
        lettering.send_again(Letter.objects.get().pk, reason="Now", actor=TESTER, at=NOON)


def test_a_letter_whose_message_was_discarded_can_be_sent_again(server):
    server.refusals = ["451 later"]
    buys()
    work()
    dead_letters.discard(carried().pk, reason="Not now", actor=TESTER, at=NOON)
    lettering.send_again(Letter.objects.get().pk, reason="After all", actor=TESTER, at=NOON)
    work()

    assert len(server.got) == 1


def test_an_erased_person_stands_nowhere_not_under_an_old_address_either(server):
    server.refusals = ["550 no such user"]
    customer("ZOE", customer_type="b2c")
    buys("zoe.old@quandary.example", customer="ZOE")
    work()
    lettering.send_again(
        Letter.objects.get().pk, reason="New", to="zoe.new@quandary.example", actor=TESTER, at=NOON
    )
    work()
    ordering.cancel_order(Letter.objects.first().order.number, reason="x", actor=TESTER, at=NOON)
    assert erasing.scan(["quandary.example"])

    customers.erase_customer("ZOE", reason="Asked", actor=TESTER, at=NOON)

    assert erasing.scan(["quandary.example"]) == []


def test_the_logs_name_nobody(server, capsys, caplog):
    server.refusals = [f"451 <{MAIL}> later", f"550 <{MAIL}> never"]
    with caplog.at_level(logging.DEBUG):
        buys()
        work()
        work(NOON + timedelta(hours=1))

    # The server on the other side has a log of its own.
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]
    seen = "".join([*ours, *capsys.readouterr()])
    assert Letter.objects.get().status == "failed"
    assert MAIL not in seen
    assert "Lee" not in seen


def test_without_a_mail_server_letters_are_written_and_only_logged(settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    placed = buys()
    work()

    assert (Letter.objects.get().status, carried().state) == ("logged", "delivered")
    assert AuditEntry.objects.filter(action="letter.logged", subject_id=placed.number).exists()
    assert not Alert.objects.exists()
