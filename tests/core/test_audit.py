import threading

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from oms.core import audit
from oms.core.models import AuditEntry, AuditEra, AuditSeal
from oms.core.transactions import NoTransaction
from tests.core.conftest import CLERK, NOON

pytestmark = pytest.mark.django_db(transaction=True)


def tell(note="", count=1, **changes):
    with transaction.atomic():
        for number in range(count):
            audit.record(
                "thing.done", "thing", number, actor=CLERK, at=NOON, note=note, changes=changes or None
            )


def seal_all():
    while audit.seal_pending():
        pass


@pytest.fixture
def superuser_hand(owner_connection):
    """What a superuser could do with the triggers silent."""
    owner_connection.execute("set session_replication_role = replica")
    return owner_connection


def test_an_entry_is_written_only_with_its_deed():
    with pytest.raises(NoTransaction):
        audit.record("thing.done", "thing", 1, actor=CLERK, at=NOON)

    def fails():
        with transaction.atomic():
            audit.record("thing.done", "thing", 1, actor=CLERK, at=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not AuditEntry.objects.exists()


def test_an_entry_keeps_no_personal_value():
    tell(email=["a@b.c", "d@e.f"], address={"line1": ["x", "y"]}, quantity=[1, 2])
    entry = AuditEntry.objects.get()
    assert entry.changes == {"email": "changed", "address": "changed", "quantity": [1, 2]}
    assert (entry.actor_name, entry.happened_at) == ("clerk", NOON)


def test_the_chain_has_no_gap_and_is_sound():
    tell(count=3)
    tell(count=2)
    assert audit.seal_pending(limit=4) == 4
    assert audit.seal_pending() == 1
    assert list(AuditSeal.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4, 5]
    verdict = audit.verify()
    assert verdict.sound
    assert (verdict.checked, verdict.unsealed) == (5, 0)
    assert audit.head() == (5, verdict.head)


def test_nothing_is_sealed_past_a_transaction_that_still_runs(owner_connection):
    owner_connection.execute("select pg_current_xact_id()")
    tell()
    assert audit.seal_pending() == 0
    owner_connection.rollback()
    assert audit.seal_pending() == 1


def test_an_entry_that_commits_late_follows_in_the_chain():
    login = connection.get_connection_params()
    with psycopg.connect(
        **{key: login[key] for key in ("dbname", "user", "password", "host", "port")}
    ) as late:
        late.execute(
            "insert into core_auditentry (action, subject_kind, subject_id, actor_kind, actor_id, actor_name,"
            " happened_at, request_id, note) values ('late', 'thing', '0', 'user', '', 'x', now(), '', '')"
        )
        tell()
        assert audit.seal_pending() == 0
        late.commit()
    assert audit.seal_pending() == 2
    assert audit.verify().sound


@pytest.mark.parametrize(
    "deed",
    [
        "update core_auditentry set note = 'xonest' where id = (select min(id) from core_auditentry)",
        "update core_auditentry set happened_at = happened_at + interval '1 microsecond'",
        "update core_auditentry set changes = '{\"quantity\": [1, 3]}'",
        "update core_auditseal set hash = set_byte(hash, 7, (get_byte(hash, 7) + 1) % 256) where seq = 2",
        "delete from core_auditentry where id = (select min(id) from core_auditentry)",
        "delete from core_auditseal where seq = 2",
        "delete from core_auditseal where seq = 1; update core_auditseal set seq = seq - 1",
    ],
)
def test_whatever_a_superuser_changes_is_found(superuser_hand, deed):
    tell(note="honest", count=3, quantity=[1, 2])
    seal_all()
    assert audit.verify().sound
    superuser_hand.execute(deed)
    superuser_hand.commit()
    assert not audit.verify().sound


def test_a_cut_tail_is_found_by_the_head_kept_outside(superuser_hand):
    tell(count=3)
    seal_all()
    known = audit.head()
    superuser_hand.execute("delete from core_auditseal where seq = 3")
    superuser_hand.execute("delete from core_auditentry where id = (select max(id) from core_auditentry)")
    superuser_hand.commit()
    assert audit.verify().sound
    assert not audit.verify(known_head=known).sound


def test_an_entry_slipped_in_behind_the_head_is_found(superuser_hand):
    tell(count=2)
    seal_all()
    superuser_hand.execute(
        "insert into core_auditentry (xid, action, subject_kind, subject_id, actor_kind, actor_id,"
        " actor_name, happened_at, request_id, note)"
        " values ('3', 'forged', 'thing', '9', 'user', '', 'x', now(), '', '')"
    )
    superuser_hand.commit()
    seal_all()
    assert any("slipped in" in finding for finding in audit.verify().findings)


def test_two_passes_at_once_make_one_chain():
    tell(count=200)
    start = threading.Barrier(4, timeout=10)

    def run():
        start.wait()
        try:
            for _ in range(10):
                audit.seal_pending(limit=15)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    seal_all()
    verdict = audit.verify()
    assert verdict.sound
    assert verdict.checked == 200


def test_the_command_seals_verifies_and_fails_on_a_finding(superuser_hand, capsys):
    tell(note="honest", count=2)
    assert "2 sealed, 0 waiting" in call_command("audit_verify")
    superuser_hand.execute("update core_auditentry set note = 'changed'")
    superuser_hand.commit()
    with pytest.raises(CommandError, match="was changed after it was sealed"):
        call_command("audit_verify")


@pytest.fixture
def restored(superuser_hand):
    """A database that was restored where transactions have lower numbers: one entry sealed before, one not yet."""
    tell("sealed before the restore")
    seal_all()
    tell("not sealed before the restore")
    superuser_hand.execute("update core_auditentry set xid = (xid::text::bigint + 1000000)::text::xid8")
    # The digest speaks of the number that the entry had: seal it as it would have been sealed there.
    superuser_hand.execute("delete from core_auditseal")
    superuser_hand.commit()
    with connection.cursor() as cursor:
        cursor.execute(f"select {audit._ROW} from core_auditentry e order by e.id limit 1")
        row = cursor.fetchone()
    superuser_hand.execute(
        "insert into core_auditseal (seq, entry_id, prev_hash, hash) values (1, %s, %s, %s)",
        [row[0], audit.GENESIS, audit.link(audit.GENESIS, row)],
    )
    superuser_hand.commit()


def test_the_chain_goes_on_after_a_restore(restored):
    tell("after the restore")
    seal_all()

    verdict = audit.verify()
    assert (verdict.findings, verdict.unsealed) == ([], 0)
    assert list(AuditSeal.objects.order_by("seq").values_list("entry__action", "entry__note")) == [
        ("thing.done", "sealed before the restore"),
        ("thing.done", "not sealed before the restore"),
        ("thing.done", "after the restore"),
        ("audit.era-began", "Restored elsewhere."),
    ]
    assert AuditEra.objects.get().after_seq == 2


def test_nothing_slips_in_behind_the_head_of_a_new_era(restored, superuser_hand):
    tell("after the restore")
    seal_all()
    superuser_hand.execute(
        "insert into core_auditentry (xid, action, subject_kind, subject_id, actor_kind, actor_id, actor_name,"
        " happened_at, request_id, note) select '5'::xid8, 'forged', 'thing', '1', 'user', '1', 'x', now(), '', ''"
    )
    superuser_hand.commit()
    seal_all()

    assert "was slipped in behind" in audit.verify().findings[0]
