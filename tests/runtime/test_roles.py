import pytest
from django.db import connection, transaction

from oms.runtime.models import Heartbeat

pytestmark = pytest.mark.django_db


def test_a_test_runs_as_the_applications_role():
    with connection.cursor() as cursor:
        cursor.execute("select current_user, session_user")

        assert cursor.fetchone() == ("oms_app", "oms_app")


def test_the_application_may_not_truncate(owner_connection):
    with (
        pytest.raises(Exception, match="permission denied"),
        connection.cursor() as cursor,
        transaction.atomic(),
    ):
        cursor.execute("truncate runtime_heartbeat")

    assert owner_connection.execute("select current_user").fetchone() == ("oms_owner",)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_transactional_test_commits_is_gone_in_the_next(turn):
    assert not Heartbeat.objects.exists()

    Heartbeat.objects.create(process=f"turn {turn}", beat_at="2026-01-01T00:00:00Z")


@pytest.mark.django_db(transaction=True)
def test_rows_written_by_migrations_survive_a_transactional_test(owner_connection):
    assert owner_connection.execute("select count(*) from django_content_type").fetchone()[0] > 10
