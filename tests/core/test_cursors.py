"""Statements that are sent and not waited for are all done when they must be, and what goes wrong is heard of."""

import pytest
from django.db import DataError, connection, transaction
from psycopg.pq import TransactionStatus

from oms.core.cursors import bound_cursor, pipelined_cursor

pytestmark = pytest.mark.django_db(transaction=True)


def test_parameters_travel_beside_the_statement():
    with bound_cursor() as cursor:
        cursor.execute("select %s::jsonb ->> 'said', %s::text[]", ['{"said": "it\'s"}', ["a", "b"]])
        assert cursor.fetchone() == ("it's", ["a", "b"])


def test_the_caller_goes_on_while_a_statement_is_carried_out():
    def doing() -> TransactionStatus:
        return connection.connection.info.transaction_status

    with transaction.atomic():
        with pipelined_cursor() as cursor:
            cursor.execute("select pg_sleep(0.5)")
            assert doing() is TransactionStatus.ACTIVE
        assert doing() is TransactionStatus.INTRANS


def test_all_of_it_is_done_on_leaving_in_the_order_in_which_it_was_sent():
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("create temporary table told (id serial, word text)")
        with pipelined_cursor() as cursor:
            for word in ("one", "two", "three"):
                cursor.execute("insert into told (word) values (%s)", [word])
        with connection.cursor() as cursor:
            cursor.execute("select string_agg(word, ' ' order by id) from told")
            assert cursor.fetchone() == ("one two three",)
        transaction.set_rollback(True)


def fail(cursor) -> None:
    cursor.execute("select 1 / %s::int", [0])


def test_what_goes_wrong_is_raised_on_leaving():
    with pytest.raises(DataError), transaction.atomic(), pipelined_cursor() as cursor:
        fail(cursor)


def test_and_a_question_meanwhile_is_answered_with_it():
    def ask() -> None:
        with transaction.atomic(), pipelined_cursor() as cursor:
            fail(cursor)
            with connection.cursor() as other:
                other.execute("select 1")

    with pytest.raises(DataError):
        ask()
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


def test_a_question_meanwhile_is_answered():
    with transaction.atomic(), pipelined_cursor() as cursor:
        cursor.execute("select pg_sleep(0.05)")
        with connection.cursor() as other:
            other.execute("select 1")
            assert other.fetchone() == (1,)
