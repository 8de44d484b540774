"""Transfers under pressure: real commits from many connections, and processes that die half-way."""

from datetime import date

import pytest
from django.db import connection

from inventory.models import StockMovement, Transfer
from inventory.rules import Arrived
from oms.core.errors import Refusal
from oms.flows import transferring
from oms.flows.transferring import NewTransfer
from tests.builders import NOON, TESTER, breaches, level, location, place, shelf
from tests.races.test_attack import at_once

pytestmark = pytest.mark.django_db(transaction=True)
DOING = {"actor": TESTER, "at": NOON}


class Killed(Exception):
    """The process died here."""


@pytest.fixture
def number() -> str:
    """A planned transfer of three of five mugs."""
    shelf(on_hand=5)
    location("SYD")
    wanted = NewTransfer("PER", "SYD", date(2026, 12, 1), (("MUG", 3, ""),))
    return transferring.plan(wanted, **DOING).number


def refused(errors: list[Exception]) -> bool:
    """Whether each error is a refusal of the house and not a crash."""
    return all(isinstance(error, Refusal) for error in errors)


def test_a_transfer_leaves_once_however_many_press_send(number):
    errors = at_once(*[lambda: transferring.send(number, **DOING)] * 6)

    assert (len(errors), refused(errors)) == (5, True)
    assert (level().on_hand, level(at="TRANSIT").on_hand) == (2, 3)
    assert breaches() == {}


def test_sending_and_cancelling_at_once_has_one_winner(number):
    errors = at_once(lambda: transferring.send(number, **DOING), lambda: transferring.cancel(number, **DOING))

    assert (len(errors), refused(errors)) == (1, True)
    assert Transfer.objects.get().status in {"sent", "cancelled"}
    assert breaches() == {}


def test_no_piece_arrives_twice_however_many_receive(number):
    transferring.send(number, **DOING)
    one = [Arrived("MUG", 1)]

    errors = at_once(*[lambda: transferring.receive(number, arrived=one, **DOING)] * 6)

    assert (len(errors), refused(errors)) == (3, True)
    assert (level(at="SYD").on_hand, level(at="TRANSIT").on_hand) == (3, 0)
    assert Transfer.objects.get().status == "received"
    assert breaches() == {}


def test_an_order_and_a_transfer_never_share_a_piece():
    shelf(on_hand=3)
    location("SYD")
    place(("MUG", 1))
    wanted = NewTransfer("PER", "SYD", date(2026, 12, 1), (("MUG", 2, ""),))

    errors = at_once(*[lambda: transferring.plan(wanted, **DOING)] * 4)

    assert (len(errors), refused(errors)) == (3, True)
    assert (level().reserved, level().available) == (3, 0)
    assert breaches() == {}


def send(number: str) -> None:
    """The transfer leaves."""
    transferring.send(number, **DOING)


def receive(number: str) -> None:
    """All of it arrives."""
    transferring.receive(number, arrived=[Arrived("MUG", 3)], **DOING)


@pytest.mark.parametrize("step", ["send", "receive"])
def test_a_step_that_dies_before_its_end_leaves_nothing_behind(number, monkeypatch, step):
    if step == "receive":
        transferring.send(number, **DOING)
    act = send if step == "send" else receive
    before = StockMovement.objects.count(), Transfer.objects.get().status

    def die(*args: object, **kwargs: object) -> None:
        connection.close()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(transferring.outbox, "record", die)
        with pytest.raises(Exception):  # noqa: B017, PT011 - the connection is gone, and so is what it had written
            act(number)

    assert (StockMovement.objects.count(), Transfer.objects.get().status) == before
    assert breaches() == {}
    if step == "send":
        send(number)
    receive(number)
    assert level(at="SYD").on_hand == 3
