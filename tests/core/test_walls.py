"""Walls of the database: triggers against changing what was proved, rights of the application's role."""

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, connection, transaction

from oms.core import audit, grants, numbering, triggers
from oms.core.models import AuditEntry, OutboxMessage
from oms.core.owner import as_owner
from oms.core.rules import APPROVAL_LIFECYCLE, INBOX_LIFECYCLE, OUTBOX_LIFECYCLE
from tests.core.conftest import CLERK, NOON

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_databases_rights_are_those_of_the_committed_table():
    assert grants.differences(connection, settings.DATABASES["default"]["USER"]) == []


def test_a_right_too_many_is_noticed():
    role = settings.DATABASES["default"]["USER"]
    with as_owner(connection), connection.cursor() as cursor:
        cursor.execute(f"grant update on core_auditentry to {role}")
    try:
        assert "core_auditentry" in " ".join(grants.differences(connection, role))
    finally:
        with as_owner(connection):
            grants.apply_grants(connection, role)
    assert grants.differences(connection, role) == []


def _entry():
    with transaction.atomic():
        audit.record("thing.done", "thing", 1, actor=CLERK, at=NOON)
    return AuditEntry.objects.get()


@pytest.mark.parametrize(
    "statement",
    [
        "update core_auditentry set note = 'x'",
        "delete from core_auditentry",
        "truncate core_auditentry cascade",
    ],
)
def test_the_application_may_not_rewrite_the_audit(statement):
    _entry()
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "update core_auditentry set note = 'x'",
        "delete from core_auditentry",
        "truncate core_auditentry cascade",
    ],
)
def test_even_the_owner_of_the_tables_may_not_rewrite_the_audit(owner_connection, statement):
    _entry()
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner_connection.execute(statement)


def test_a_message_moves_only_along_its_published_graph():
    message = OutboxMessage.objects.create(
        topic="thing.done", aggregate="thing:1", payload={}, recorded_at=NOON, due_at=NOON
    )
    with pytest.raises(IntegrityError, match="cannot go from waiting to delivered"):
        OutboxMessage.objects.filter(pk=message.pk).update(state="delivered", delivered_at=NOON)


def test_a_message_keeps_its_facts():
    message = OutboxMessage.objects.create(
        topic="thing.done", aggregate="thing:1", payload={}, recorded_at=NOON, due_at=NOON
    )
    with pytest.raises(IntegrityError, match="never change"):
        OutboxMessage.objects.filter(pk=message.pk).update(aggregate="thing:2")


def test_the_graphs_in_code_and_database_are_the_same():
    for table, lifecycle in (
        ("core_outboxmessage", OUTBOX_LIFECYCLE),
        ("core_inboxmessage", INBOX_LIFECYCLE),
        ("core_approval", APPROVAL_LIFECYCLE),
    ):
        with connection.cursor() as cursor:
            assert triggers.moves_in_database(cursor, table, "state") == frozenset(lifecycle)


@pytest.mark.parametrize("name", ["a b", "x; drop table y", "X", ""])
def test_a_trigger_is_made_only_for_plain_names(name):
    with pytest.raises(ValueError, match="plain name"):
        triggers.append_only(name)


def test_numbers_count_up_and_are_never_given_twice():
    name, role = numbering.sequence_name("ZZ"), settings.DATABASES["default"]["USER"]
    with as_owner(connection), connection.cursor() as cursor:
        cursor.execute(f"drop sequence if exists {name}")
        cursor.execute(numbering.create_sequence("ZZ").sql)
        cursor.execute(f"grant usage on sequence {name} to {role}")
    assert numbering.next_number("ZZ") == "ZZ-1001"
    with transaction.atomic():
        assert numbering.next_number("ZZ") == "ZZ-1002"
        transaction.set_rollback(True)
    assert numbering.next_numbers("ZZ", 2) == ["ZZ-1003", "ZZ-1004"]
    with as_owner(connection), connection.cursor() as cursor:
        cursor.execute(f"drop sequence {name}")
