import threading

import pytest
from django.db import connection, transaction

from oms.core import dead_letters, inbox
from oms.core.errors import Conflict
from oms.core.models import InboxMessage, User
from oms.core.outbox import TRIES
from tests.core.conftest import CLERK, NOON

pytestmark = pytest.mark.django_db(transaction=True)


def arrive(event="e-1", body=b'{"n": 1}', headers=None):
    return inbox.receive("shop", event, body, headers=headers or {}, at=NOON)


def test_an_event_is_kept_byte_for_byte_and_once():
    body = b'{"n" :1}\xff'
    assert not arrive(body=body).seen_before
    assert arrive(body=b"other").seen_before
    assert bytes(InboxMessage.objects.get().body) == body


def test_no_header_that_opens_a_door_is_kept():
    arrive(headers={"Authorization": "Bearer x", "X-Shop-Hmac-Sha256": "y", "X-Topic": "orders/create"})
    assert InboxMessage.objects.get().headers == {"X-Topic": "orders/create"}


def test_an_event_has_one_effect_however_often_it_comes():
    handlers = {"shop": lambda message: User.objects.create(username=message.event_id) and None}
    arrive()
    assert inbox.apply_due(handlers, at=NOON) == 1
    arrive()
    assert inbox.apply_due(handlers, at=NOON) == 0
    assert User.objects.count() == 1
    assert InboxMessage.objects.get().outcome == "applied"


def test_effect_and_mark_stand_or_fall_together():
    def half(message):
        User.objects.create(username="half")
        raise Conflict("no")

    arrive()
    inbox.apply_due({"shop": half}, at=NOON)
    message = InboxMessage.objects.get()
    assert not User.objects.exists()
    assert (message.state, message.attempts, message.last_error) == ("waiting", 1, "conflict: no")


def test_an_event_that_never_fits_becomes_a_dead_letter_that_a_person_replays():
    def broken(message):
        raise ZeroDivisionError

    kept = arrive()
    for _ in range(TRIES):
        InboxMessage.objects.update(due_at=NOON)
        inbox.apply_due({"shop": broken}, at=NOON)
    assert [letter.pk for letter in dead_letters.incoming()] == [kept.id]
    dead_letters.replay_incoming(kept.id, actor=CLERK, at=NOON)
    inbox.apply_due({"shop": lambda message: None}, at=NOON)
    assert InboxMessage.objects.get().state == "delivered"


def test_a_bad_event_holds_up_no_other():
    def picky(message):
        if message.event_id == "e-1":
            raise ValueError("unreadable")

    arrive("e-1")
    arrive("e-2")
    inbox.apply_due({"shop": picky}, at=NOON)
    assert InboxMessage.objects.get(event_id="e-2").state == "delivered"


def test_a_stale_version_never_overwrites_a_newer_one():
    with transaction.atomic():
        assert inbox.is_newer("shop", "order-1", 2, at=NOON)
        assert not inbox.is_newer("shop", "order-1", 2, at=NOON)
        assert not inbox.is_newer("shop", "order-1", 1, at=NOON)
        assert inbox.is_newer("shop", "order-1", 3, at=NOON)
        assert inbox.is_newer("shop", "order-2", 1, at=NOON)


def test_deliveries_that_race_keep_one_event_and_have_one_effect():
    start = threading.Barrier(6, timeout=10)
    received = []
    handlers = {"shop": lambda message: User.objects.create(username=message.event_id) and None}

    def run():
        start.wait()
        try:
            received.append(arrive())
            inbox.apply_due(handlers, at=NOON)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    inbox.apply_due(handlers, at=NOON)
    assert sum(not one.seen_before for one in received) == 1
    assert User.objects.count() == 1
    assert InboxMessage.objects.get().state == "delivered"
