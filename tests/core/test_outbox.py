import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from oms.core import dead_letters, outbox
from oms.core.lifecycles import IllegalTransition
from oms.core.models import AuditEntry, OutboxMessage
from oms.core.relay import Chore, Lane, Relay, drain, run, wait_seconds
from tests.core.conftest import CLERK, NOON

pytestmark = pytest.mark.django_db(transaction=True)


def tell(topic="thing.done", aggregate="thing:1", at=NOON, **payload):
    with transaction.atomic():
        outbox.record(topic, aggregate=aggregate, payload=payload, at=at)
    return OutboxMessage.objects.latest("id")


class Ear:
    """Hears messages, and fails as often as it is told to."""

    def __init__(self, *failures):
        self.heard = []
        self.failures = list(failures)

    def __call__(self, message):
        if self.failures:
            failure = self.failures.pop(0)
            if failure is not None:
                raise failure
        self.heard.append(message.payload.get("n", message.id))


def relay(ear, **more):
    return Relay(reactions={"thing.done": (ear,)}, **more)


def due_now(at):
    OutboxMessage.objects.filter(state="waiting").update(due_at=at)


def test_news_is_told_once_and_marked():
    ear = Ear()
    tell(n=1)
    assert drain(relay(ear), at=NOON) == 1
    assert drain(relay(ear), at=NOON) == 0
    message = OutboxMessage.objects.get()
    assert (ear.heard, message.state, message.attempts) == ([1], "delivered", 1)


def test_news_of_a_deed_that_failed_is_never_told():
    def fails():
        with transaction.atomic():
            outbox.record("thing.done", aggregate="thing:1", payload={}, at=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not OutboxMessage.objects.exists()


def test_news_with_a_key_is_recorded_once():
    for _ in range(2):
        with transaction.atomic():
            outbox.record("thing.done", aggregate="thing:1", payload={}, at=NOON, dedupe_key="once")
    assert OutboxMessage.objects.count() == 1


def test_within_an_aggregate_nothing_overtakes_a_message_that_waits():
    ear = Ear(ConnectionError("deaf"))
    tell(n=1)
    tell(n=2)
    tell(n=9, aggregate="thing:2")
    drain(relay(ear), at=NOON)
    assert ear.heard == [9]
    due_now(NOON)
    drain(relay(ear), at=NOON)
    assert ear.heard == [9, 1, 2]


def test_a_failed_message_waits_longer_each_time_and_ends_as_a_dead_letter():
    told = []
    message = tell(n=1)
    at = NOON
    deaf = relay(Ear(*[ConnectionError("deaf")] * 99), on_dead=lambda *about: told.append(about))
    for attempt in range(1, outbox.TRIES + 1):
        due_now(at)
        assert drain(deaf, at=at, most=1) == 1
        message.refresh_from_db()
        assert message.attempts == attempt
        if attempt < outbox.TRIES:
            assert message.state == "waiting"
            assert at <= message.due_at <= at + timedelta(seconds=outbox.BACKOFF_SECONDS[attempt - 1])
    assert message.state == "dead"
    assert "deaf" in message.last_error
    assert [about[0] for about in told] == [message.pk]


def test_the_tries_are_expected_to_last_three_days():
    assert 2.5 < sum(outbox.BACKOFF_SECONDS) / 2 / 86_400 < 3.5
    assert all(0 <= wait_seconds(3) <= outbox.BACKOFF_SECONDS[2] for _ in range(100))


def test_a_dead_letter_holds_its_aggregate_back_and_no_other():
    ear = Ear(outbox.Undeliverable("nonsense"))
    letter = tell(n=1)
    tell(n=2)
    tell(n=9, aggregate="thing:2")
    drain(relay(ear), at=NOON)
    assert ear.heard == [9]
    assert list(dead_letters.outgoing()) == [letter]
    assert dead_letters.held_back(letter).count() == 1


def test_a_replayed_letter_goes_before_those_it_held_back():
    ear = Ear(outbox.Undeliverable("nonsense"))
    letter = tell(n=1)
    tell(n=2)
    drain(relay(ear), at=NOON)
    dead_letters.replay(letter.pk, actor=CLERK, at=NOON)
    drain(relay(ear), at=NOON)
    assert ear.heard == [1, 2]
    assert AuditEntry.objects.get().action == "message.replayed"


def test_a_mended_letter_keeps_what_the_house_had_written():
    ear = Ear(outbox.Undeliverable("nonsense"))
    letter = tell(n=1)
    drain(relay(ear), at=NOON)
    dead_letters.mend(letter.pk, payload={"n": 7}, reason="typing error", actor=CLERK, at=NOON)
    drain(relay(ear), at=NOON)
    letter.refresh_from_db()
    assert (ear.heard, letter.payload, letter.original_payload) == ([7], {"n": 7}, {"n": 1})
    assert AuditEntry.objects.get().note == "typing error"


def test_a_discarded_letter_lets_the_rest_go_on_and_needs_a_reason():
    ear = Ear(outbox.Undeliverable("nonsense"))
    letter = tell(n=1)
    tell(n=2)
    drain(relay(ear), at=NOON)
    with pytest.raises(dead_letters.ReasonMissing):
        dead_letters.discard(letter.pk, reason=" ", actor=CLERK, at=NOON)
    dead_letters.discard(letter.pk, reason="test order", actor=CLERK, at=NOON)
    drain(relay(ear), at=NOON)
    assert ear.heard == [2]
    with pytest.raises(IllegalTransition):
        dead_letters.replay(letter.pk, actor=CLERK, at=NOON)


def test_only_a_dead_letter_is_mended():
    message = tell(n=1)
    with pytest.raises(dead_letters.NotADeadLetter):
        dead_letters.mend(message.pk, payload={}, reason="x", actor=CLERK, at=NOON)


def test_a_relay_that_lost_its_lease_marks_nothing():
    tell(n=1)
    (slow,) = outbox.claim(limit=10, at=NOON)
    assert outbox.claim(limit=10, at=NOON) == []
    later = NOON + outbox.LEASE
    (quick,) = outbox.claim(limit=10, at=later)
    assert outbox.delivered(quick, at=later)
    assert not outbox.delivered(slow, at=later)
    assert not outbox.failed(slow, error="x", due_at=later)
    assert not outbox.buried(slow, error="x")
    assert OutboxMessage.objects.get().state == "delivered"


def test_a_message_whose_relay_always_dies_becomes_a_dead_letter():
    tell(n=1)
    at = NOON
    for _ in range(outbox.TRIES):
        assert len(outbox.claim(limit=1, at=at)) == 1
        at += outbox.LEASE
    assert outbox.claim(limit=1, at=at) == []
    told = []
    drain(relay(Ear(), on_dead=lambda *about: told.append(about)), at=at)
    assert OutboxMessage.objects.get().state == "dead"
    assert len(told) == 1


def test_a_receiver_that_asks_for_time_gets_it():
    tell(n=1)
    drain(relay(Ear(outbox.TryLater("busy", seconds=60))), at=NOON)
    assert OutboxMessage.objects.get().due_at == NOON + timedelta(seconds=60)


def test_news_nobody_wants_any_more_is_discarded():
    tell(n=1)
    drain(relay(Ear(outbox.NoLongerWanted("endpoint gone"))), at=NOON)
    message = OutboxMessage.objects.get()
    assert (message.state, message.settled_reason) == ("discarded", "endpoint gone")


def test_lanes_take_only_their_own_topics():
    tell(topic="slow.thing")
    tell(topic="thing.done", aggregate="thing:2")
    ear = Ear()
    lanes = (Lane("rest", but=frozenset({"slow.thing"})),)
    assert drain(Relay(reactions={}, otherwise=(ear,), lanes=lanes), at=NOON) == 1
    assert OutboxMessage.objects.get(topic="slow.thing").state == "waiting"


def test_several_relays_tell_everything_once_and_in_order():
    with transaction.atomic():
        for n in range(20):
            for aggregate in range(10):
                outbox.record("thing.done", aggregate=f"thing:{aggregate}", payload={"n": n}, at=NOON)
    lock, heard = threading.Lock(), {}

    def react(message):
        with lock:
            heard.setdefault(message.aggregate, []).append(message.payload["n"])

    house = Relay(reactions={"thing.done": (react,)}, lanes=(Lane("all", threads=4),))
    runner = threading.Thread(target=run, args=(house,))
    runner.start()
    end = time.monotonic() + 20
    while sum(map(len, heard.values())) < 200 and time.monotonic() < end:
        time.sleep(0.05)
    house.stopping.set()
    runner.join(10)
    assert not runner.is_alive()
    assert set(map(tuple, heard.values())) == {tuple(range(20))}
    assert OutboxMessage.objects.exclude(state="delivered").count() == 0


def test_a_chore_that_fails_stops_nothing():
    done = []

    def broken(at):
        raise ZeroDivisionError

    house = Relay(reactions={}, chores=(Chore("broken", 60, broken), Chore("fine", 60, done.append)))
    runner = threading.Thread(target=run, args=(house,))
    runner.start()
    end = time.monotonic() + 10
    while not done and time.monotonic() < end:
        time.sleep(0.02)
    house.stopping.set()
    runner.join(10)
    connection.close()
    assert len(done) == 1


def test_old_news_is_forgotten_and_open_news_is_not():
    ear = Ear()
    tell(n=1)
    drain(relay(ear), at=NOON)
    tell(n=2)
    assert outbox.prune(at=NOON + timedelta(days=29)) == 0
    assert outbox.prune(at=NOON + timedelta(days=31)) == 1
    assert OutboxMessage.objects.get().payload == {"n": 2}
    assert timezone.now() > NOON
