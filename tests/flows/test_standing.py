"""Holds have a reason and an owner; many orders are held, released, handed over and cancelled by a job."""

from datetime import timedelta

import pytest

from oms.core.errors import Invalid
from oms.core.models import Grant, User
from oms.flows import order_jobs, ordering, standing
from oms.orders import job_queries
from oms.orders.models import Hold, OrderReason
from oms.orders.rules import ChangeKind, JobDeed, NotYoursToRelease, Releasable, UnknownReason, may_release
from oms.orders.services.order_jobs import Wanted
from tests.builders import NOON, TESTER, breaches, level, order, place, shelf

pytestmark = pytest.mark.django_db


def clock():
    return NOON


@pytest.fixture
def ruth() -> User:
    user = User.objects.create_user("ruth", first_name="Ruth")
    Grant.objects.create(user=user, role="manager")
    return user


@pytest.fixture
def mai() -> User:
    return User.objects.create_user("mai", first_name="Mai")


def results(job) -> list[tuple[str, str]]:
    return [(item.number, item.state) for item in job_queries.items(job.pk)]


def test_a_listed_reason_names_itself_and_who_answers_for_it(mai):
    shelf(on_hand=5)
    placed = place(("MUG", 1))

    standing.hold_order(placed.number, reason="", code="address", actor=mai.actor, at=NOON)

    held = Hold.objects.get()
    assert (held.code, held.reason, held.owner) == ("address", "Address to be checked", "mai")


def test_a_reason_that_is_not_listed_and_a_person_nobody_knows_are_refused(mai):
    shelf(on_hand=5)
    number = place(("MUG", 1)).number

    with pytest.raises(UnknownReason):
        standing.hold_order(number, reason="", code="whim", actor=mai.actor, at=NOON)
    with pytest.raises(Invalid, match="Nobody here is called bob"):
        standing.hold_order(number, reason="Check", owner="bob", actor=mai.actor, at=NOON)


@pytest.mark.parametrize(
    ("who", "is_owner", "is_manager", "may"),
    [
        (Releasable.ANYBODY, False, False, True),
        (Releasable.OWNER, False, False, False),
        (Releasable.OWNER, True, False, True),
        (Releasable.MANAGER, True, False, False),
        (Releasable.MANAGER, False, True, True),
    ],
)
def test_a_reason_says_who_lets_the_order_go_on(who, is_owner, is_manager, may):
    assert may_release(who, is_owner=is_owner, is_manager=is_manager) is may


def test_only_its_owner_or_a_manager_releases_a_hold_of_its_owner(mai, ruth):
    shelf(on_hand=5)
    number = place(("MUG", 1)).number
    tom = User.objects.create_user("tom")
    standing.hold_order(number, reason="", code="customer-asked", owner="mai", actor=ruth.actor, at=NOON)

    with pytest.raises(NotYoursToRelease, match="mai or a manager"):
        standing.release_order(number, actor=tom.actor, at=NOON)
    standing.assign_hold(number, owner="tom", actor=mai.actor, at=NOON)
    standing.release_order(number, actor=tom.actor, at=NOON)

    assert not job_queries.active_holds()


def test_a_job_holds_each_order_and_says_what_it_refused(ruth):
    shelf(on_hand=5)
    numbers = [place(("MUG", 1)).number for _ in range(3)]
    ordering.cancel_order(numbers[1], reason="Twice", actor=TESTER, at=NOON)

    job = order_jobs.ask(Wanted(JobDeed.HOLD, numbers, reason_code="stock"), user=ruth, at=NOON)
    assert order_jobs.run(job.pk, clock=clock) == 3

    assert [state for _, state in results(job)] == ["done", "refused", "done"]
    assert "cancelled" in job_queries.items(job.pk, "refused").get().said
    job.refresh_from_db()
    assert job.finished_at == NOON
    assert breaches() == {}


def test_a_job_that_died_between_deed_and_note_does_the_deed_once(ruth, monkeypatch):
    shelf(on_hand=5)
    numbers = [place(("MUG", 1)).number for _ in range(2)]
    job = order_jobs.ask(Wanted(JobDeed.CANCEL, numbers, reason_code="duplicate"), user=ruth, at=NOON)
    noted = order_jobs._keep
    monkeypatch.setattr(order_jobs, "_keep", lambda *args, **facts: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        order_jobs.run(job.pk, clock=clock)
    monkeypatch.setattr(order_jobs, "_keep", noted)

    assert job_queries.unfinished(at=NOON + timedelta(minutes=1)) == [job.pk]
    order_jobs.run(job.pk, clock=clock)

    assert [state for _, state in results(job)] == ["done", "done"]
    assert level().available == 5
    assert breaches() == {}


def test_a_job_releases_and_hands_over(ruth, mai):
    shelf(on_hand=5)
    numbers = [place(("MUG", 1)).number for _ in range(2)]
    for number in numbers:
        standing.hold_order(number, reason="Check", actor=TESTER, at=NOON)

    handed = order_jobs.ask(Wanted(JobDeed.ASSIGN, numbers, owner="mai"), user=ruth, at=NOON)
    order_jobs.run(handed.pk, clock=clock)
    assert set(Hold.objects.values_list("owner", flat=True)) == {"mai"}

    released = order_jobs.ask(Wanted(JobDeed.RELEASE, numbers), user=ruth, at=NOON)
    order_jobs.run(released.pk, clock=clock)
    assert not job_queries.active_holds()


def test_a_job_without_orders_reason_or_person_is_refused(ruth):
    for wanted in (
        Wanted(JobDeed.HOLD, []),
        Wanted(JobDeed.CANCEL, ["SO-1"]),
        Wanted(JobDeed.ASSIGN, ["SO-1"]),
    ):
        with pytest.raises(Invalid):
            order_jobs.ask(wanted, user=ruth, at=NOON)


def test_reasons_are_kept_for_history():
    assert OrderReason.objects.filter(kind="cancel", is_active=True).exists()
    OrderReason.objects.filter(code="stock").update(is_active=False)

    assert "stock" not in {one.code for one in job_queries.reasons(ChangeKind.HOLD)}
    assert job_queries.reason(ChangeKind.HOLD, "stock").name == "Stock to be counted"


def test_an_order_with_a_hold_of_a_program_is_released_by_anybody(mai):
    shelf(on_hand=5)
    placed = place(("MUG", 1))
    standing.hold_order(placed.number, reason="Look", actor=TESTER, at=NOON)

    standing.release_order(placed.number, actor=mai.actor, at=NOON)

    assert order(placed).status == "allocated"
