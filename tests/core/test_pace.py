"""Work that is done behind the caller's back is done in order, and what goes wrong with it is heard of."""

import threading

import pytest

from oms.core import pace


def test_it_is_done_in_order_and_done_when_the_caller_goes_on():
    done = []

    with pace.behind() as hand_over:
        for number in range(5):
            hand_over(lambda number=number: done.append((number, threading.current_thread().name)))

    assert [number for number, _ in done] == list(range(5))
    assert threading.current_thread().name not in {name for _, name in done}


def test_the_caller_goes_on_meanwhile():
    gone_on = threading.Event()

    with pace.behind() as hand_over:
        hand_over(lambda: gone_on.wait(10) or pytest.fail("the caller waited"))
        gone_on.set()


def fail() -> None:
    raise ArithmeticError("wrong")


def test_what_went_wrong_is_heard_of_with_the_next():
    done = []

    def carry_on() -> None:
        with pace.behind() as hand_over:
            hand_over(fail)
            hand_over(lambda: done.append("next"))
            done.append("went on")

    with pytest.raises(ArithmeticError):
        carry_on()
    assert done == []


def test_or_at_the_end():
    with pytest.raises(ArithmeticError), pace.behind() as hand_over:
        hand_over(fail)


def test_and_it_is_told_rather_than_what_came_of_it():
    def carry_on() -> None:
        with pace.behind() as hand_over:
            hand_over(fail)
            raise LookupError("the transaction was broken by what went wrong")

    with pytest.raises(ArithmeticError):
        carry_on()


def test_a_mistake_of_the_caller_waits_for_what_was_handed_over():
    done = []

    def go_wrong() -> None:
        with pace.behind() as hand_over:
            hand_over(lambda: done.append("whole"))
            raise LookupError

    with pytest.raises(LookupError):
        go_wrong()
    assert done == ["whole"]
