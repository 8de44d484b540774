"""A hot SKU: orders placed together are as safe, and as much each for itself, as orders placed one by one."""

import contextlib
import threading
import time
from dataclasses import replace

import pytest
from django.db import connection
from django.utils import timezone

from oms.core.errors import Busy
from oms.flows import attacking, heat, hot, hot_figures, ordering
from oms.flows.batches import Batch
from oms.orders import queries as order_queries
from tests import builders
from tests.builders import TESTER, breaches, level, shelf
from tests.doors.test_rest_contract import Api, body
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ALWAYS, NEVER = 1, 10_000


@pytest.fixture
def policy(monkeypatch) -> heat.Policy:
    """Every SKU is hot for everybody, unless the test says otherwise."""
    fresh = heat.Heat(heat.Policy(callers=ALWAYS))
    monkeypatch.setattr(hot, "HEAT", fresh)
    return fresh.policy


@pytest.fixture
def batches(monkeypatch) -> list[int]:
    """How many orders each batch had."""
    sizes, place = [], hot._place

    def counting(several):
        sizes.append(len(several))
        return place(several)

    monkeypatch.setattr(hot, "_place", counting)
    return sizes


def buy(code: str = "MUG", **facts) -> None:
    ordering.place_order(builders.request((code, 1), **facts), actor=TESTER, at=timezone.now())


@pytest.mark.parametrize("callers", [ALWAYS, 3, NEVER])
def test_a_hundred_buyers_of_twenty_two_pieces(policy, batches, callers):
    policy.callers = callers
    shelf(on_hand=22)
    builders.channel("api")

    outcome = attacking.attack("MUG", channel="api", buyers=100, clock=timezone.now)

    assert outcome.errors == []
    assert (outcome.counts["allocated"], outcome.counts["waiting"]) == (22, 78)
    assert (level().reserved, level().available) == (22, 0)
    assert (max(batches, default=0) > 1) == (callers != NEVER)
    assert breaches() == {}


def test_switching_back_and_forth_while_a_hundred_buy(policy, batches):
    shelf(on_hand=22)
    builders.channel("api")
    done = threading.Event()

    def switch() -> None:
        while not done.wait(0.002):
            policy.callers = NEVER if policy.callers == ALWAYS else ALWAYS
            hot.HEAT.queues.clear()

    switching = threading.Thread(target=switch)
    switching.start()
    outcome = attacking.attack("MUG", channel="api", buyers=100, clock=timezone.now)
    done.set()
    switching.join()

    assert outcome.errors == []
    assert (outcome.counts["allocated"], outcome.counts["waiting"]) == (22, 78)
    assert 0 < sum(batches) < 100
    assert breaches() == {}


def test_two_processes_with_crossed_twins_and_scarce_stock_do_not_wait_for_each_other(policy):
    shelf(on_hand=30)
    builders.channel("api")
    numbers = [f"X-{n:02}" for n in range(20)]

    def process(order):
        batch = [
            hot.Wanted(
                builders.request(("MUG", 1), number=number), Batch(actor=TESTER, at=timezone.now()), None
            )
            for number in order
        ]
        hot._place(batch)

    errors = at_once(lambda: process(numbers), lambda: process(numbers[::-1]))

    assert errors == []
    assert order_queries.orders().count() == 20
    assert level().reserved == 20
    assert breaches() == {}


def test_twins_with_one_key_in_one_batch_make_one_order(policy, batches):
    shelf(on_hand=5)
    builders.channel("api")
    api, answers = Api("*"), []
    hold = _held_leader()

    def send() -> None:
        answers.append(api.post("orders", body(("MUG", 1)), key="twin"))

    with hold:
        errors = at_once(*[send] * 6)

    assert errors == []
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert level().reserved == 1
    assert breaches() == {}


def test_a_key_that_was_used_gives_its_answer_again(policy):
    shelf(on_hand=5)
    builders.channel("api")
    api, wanted = Api("*"), body(("MUG", 1))

    first, again = (api.post("orders", wanted, key="same") for _ in range(2))
    other = api.post("orders", body(("MUG", 2)), key="same")

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert other.json()["code"] == "idempotency-key-reused"
    assert level().reserved == 1


def test_one_that_is_refused_refuses_only_itself(policy, batches):
    shelf(on_hand=50)
    builders.channel("api")
    taken = builders.request(("MUG", 1))
    ordering.place_order(taken, actor=TESTER, at=timezone.now())
    strange = replace(builders.request(("MUG", 1)), channel="nowhere")

    def place(request) -> None:
        ordering.place_order(request, actor=TESTER, at=timezone.now())

    with _held_leader():
        errors = at_once(lambda: place(taken), lambda: place(strange), *[buy] * 6)

    assert sorted(error.code for error in errors) == ["duplicate-order", "unknown-channel"]
    assert max(batches) > 1
    assert level().reserved == 7
    assert breaches() == {}


@pytest.mark.parametrize("blow", [RuntimeError("a mistake of ours"), SystemExit()])
def test_a_leader_that_dies_leaves_everybody_to_themselves(policy, monkeypatch, blow):
    shelf(on_hand=50)
    builders.channel("api")
    place, blows = Batch.place, [blow]

    def dying(batch) -> None:
        if len(batch.rows["orders"]) > 1 and blows:
            raise blows.pop()
        place(batch)

    monkeypatch.setattr(Batch, "place", dying)
    with _held_leader():
        errors = at_once(*[_surviving(buy)] * 10)

    assert errors == []
    # The caller who led when the process was told to end is gone with its order, and nobody else.
    assert level().reserved == order_queries.orders().count() >= 10 - 1
    assert blows == []
    assert breaches() == {}


def test_a_connection_that_is_cut_in_the_middle_costs_no_order_and_doubles_none(policy, monkeypatch):
    shelf(on_hand=50)
    builders.channel("api")
    place, cut = Batch.place, []

    def cutting(batch) -> None:
        place(batch)
        if len(batch.rows["orders"]) > 1 and not cut:
            cut.append(len(batch.rows["orders"]))
            connection.close()
            raise ConnectionError("the answer of the commit was lost")

    monkeypatch.setattr(Batch, "place", cutting)
    with _held_leader():
        errors = at_once(*[buy] * 10)

    # Written already, and told so: without a key of theirs they are duplicates of themselves.
    assert len(errors) == cut[0]
    assert {error.code for error in errors} == {"duplicate-order"}
    assert level().reserved == order_queries.orders().count() == 10
    assert breaches() == {}


def test_who_is_not_taken_up_in_time_is_sent_away_and_nothing_was_done(policy):
    policy.patience = 0.05
    shelf(on_hand=50)
    builders.channel("api")

    with _held_leader(seconds=1):
        errors = at_once(*[buy] * 4)

    assert [type(error) for error in errors] == [Busy] * 3
    assert level().reserved == order_queries.orders().count() == 1


def test_a_sku_becomes_hot_by_itself_and_cools_down_by_itself(policy):
    policy.callers = 3
    shelf(on_hand=90)
    builders.channel("api")

    buy()
    assert hot.HEAT.queues == {}
    with _held_leader():
        at_once(*[buy] * 30)
    assert list(hot.HEAT.queues) == ["MUG"]
    policy.cool_after = 0.05
    time.sleep(0.1)
    buy()

    assert hot.HEAT.queues == {}
    (told,) = hot_figures.hot_skus()
    assert (told.sku, told.largest > 1, told.ended is not None) == ("MUG", True, True)
    assert level().reserved == 32


class _held_leader:
    """The first batch waits so long that the others gather behind it."""

    def __init__(self, seconds: float = 0.2) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self._lead, held = heat.Queue._lead, []

        def lead(queue, together):
            def slowly(wants):
                if not held:
                    held.append(True)
                    time.sleep(self.seconds)
                together(wants)

            return self._lead(queue, slowly)

        heat.Queue._lead = lead

    def __exit__(self, *error: object) -> None:
        heat.Queue._lead = self._lead


def _surviving(story):
    def run() -> None:
        with contextlib.suppress(SystemExit):
            story()

    return run
