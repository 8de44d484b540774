import threading

import psycopg.errors
import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from oms.core.errors import Busy, Conflict
from oms.core.models import Grant, User
from oms.core.transactions import NoTransaction, joins_transaction, owns_transaction

pytestmark = pytest.mark.django_db(transaction=True)


class Moved(Conflict):
    """A level moved."""


def serialization_failure():
    error = OperationalError("could not serialize access")
    error.__cause__ = psycopg.errors.SerializationFailure("could not serialize access")
    return error


def test_a_service_refuses_to_run_alone():
    @joins_transaction
    def service():
        return 1

    with pytest.raises(NoTransaction):
        service()
    with transaction.atomic():
        assert service() == 1


def test_a_flow_refuses_to_run_inside_another_transaction():
    @owns_transaction()
    def flow():
        return 1

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        flow()


def test_a_flow_is_tried_again_from_the_start_when_a_number_moved():
    seen = []

    @owns_transaction(retry_on=Moved)
    def flow():
        User.objects.create(username=f"try-{len(seen)}")
        seen.append(User.objects.count())
        if len(seen) < 3:
            raise Moved()
        return "done"

    assert flow() == "done"
    assert seen == [1, 1, 1]
    assert User.objects.get().username == "try-2"


def test_tries_are_bounded_and_the_last_refusal_is_passed_on():
    calls = []

    @owns_transaction(retry_on=Moved, attempts=3)
    def flow():
        calls.append(1)
        raise Moved("still")

    with pytest.raises(Moved, match="still"):
        flow()
    assert len(calls) == 3


def test_a_conflict_that_never_ends_is_told_as_busy():
    calls = []

    @owns_transaction(attempts=2)
    def flow():
        calls.append(1)
        raise serialization_failure()

    with pytest.raises(Busy):
        flow()
    assert len(calls) == 2


def test_other_database_errors_are_not_tried_again():
    calls = []

    @owns_transaction()
    def flow():
        calls.append(1)
        raise OperationalError("disk full")

    with pytest.raises(OperationalError):
        flow()
    assert len(calls) == 1


def test_a_refused_step_dooms_the_whole_flow():
    @joins_transaction
    def step():
        raise Moved()

    @owns_transaction()
    def flow():
        User.objects.create(username="kept?")
        try:
            step()
        except Moved:
            return "went on"

    flow()
    assert not User.objects.exists()


def test_a_flow_adds_only_begin_and_commit_to_its_work():
    @owns_transaction()
    def flow():
        list(Grant.objects.all())

    connection.ensure_connection()
    with CaptureQueriesContext(connection) as queries:
        flow()
    assert [query["sql"].split()[0] for query in queries] == ["BEGIN", "SELECT", "COMMIT"]


def test_two_flows_that_lock_crosswise_both_finish():
    for name in ("a", "b"):
        User.objects.create(username=name)
    first_held = threading.Barrier(2, timeout=5)
    tries = {"ab": 0, "ba": 0}

    def crosswise(order):
        @owns_transaction()
        def flow():
            tries[order] += 1
            User.objects.select_for_update().get(username=order[0])
            if tries[order] == 1:
                first_held.wait()
            User.objects.select_for_update().get(username=order[1])

        try:
            flow()
        finally:
            connection.close()

    threads = [threading.Thread(target=crosswise, args=(order,)) for order in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    # The one that gave way may come back before the other woke, and give way again.
    undisturbed, gave_way = sorted(tries.values())
    assert undisturbed == 1
    assert gave_way > 1
