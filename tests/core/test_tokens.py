from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.core.models import ApiToken, AuditEntry
from oms.core.tokens import TokenInvalid
from tests.core.conftest import NOON

pytestmark = pytest.mark.django_db


def make(*scopes, **more):
    return tokens.create("webshop", scopes=scopes or ["orders:read"], actor=SYSTEM, at=NOON, **more)


def test_a_token_is_recognised_and_its_secret_is_kept_nowhere():
    row, text = make("orders:read", location_codes=["PER"])
    token = tokens.recognise(text, at=NOON)
    assert (token.name, token.locations, token.may_at("PER"), token.may_at("SYD")) == (
        "webshop",
        frozenset({"PER"}),
        True,
        False,
    )
    secret = text.removeprefix(f"oms_{row.prefix}_")
    with connection.cursor() as cursor:
        cursor.execute("select t::text from core_apitoken t union all select e::text from core_auditentry e")
        assert not any(secret in line for (line,) in cursor.fetchall())
    assert text.startswith(f"oms_{row.prefix}_")


def test_a_changed_letter_is_not_recognised():
    _, text = make()
    assert tokens.recognise(text[:-1] + ("A" if text[-1] != "A" else "B"), at=NOON) is None
    assert tokens.recognise("", at=NOON) is None
    assert tokens.recognise("oms_x_y", at=NOON) is None


def test_an_expired_or_revoked_token_is_worth_nothing_at_once():
    row, text = make(expires_at=NOON + timedelta(days=1))
    assert tokens.recognise(text, at=NOON + timedelta(days=1)) is None
    assert tokens.recognise(text, at=NOON)
    tokens.revoke(row.pk, actor=SYSTEM, at=NOON)
    assert tokens.recognise(text, at=NOON) is None
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "token.created",
        "token.revoked",
    ]


def test_the_token_of_a_person_who_left_is_worth_nothing(person):
    ann = person("ann")
    _, text = make(owner=ann)
    assert tokens.recognise(text, at=NOON)
    ann.is_active = False
    ann.save()
    assert tokens.recognise(text, at=NOON) is None


@pytest.mark.parametrize(
    ("given", "asked", "allowed"),
    [
        ("orders:read", "orders:read", True),
        ("orders:read", "orders:write", False),
        ("orders:*", "orders:write", True),
        ("orders:*", "stock:read", False),
        ("*", "stock:read", True),
    ],
)
def test_a_scope_gives_what_it_says(given, asked, allowed):
    _, text = make(given)
    assert tokens.recognise(text, at=NOON).allows(asked) is allowed


@pytest.mark.parametrize("scopes", [[], ["everything"], ["orders"], ["orders:read:write"], ["ORDERS:READ"]])
def test_what_is_no_scope_is_refused(scopes):
    with pytest.raises(TokenInvalid):
        tokens.create("webshop", scopes=scopes, actor=SYSTEM, at=NOON)


def test_recognising_costs_one_query_and_notes_the_use_once_a_minute(django_assert_num_queries):
    row, text = make()
    with django_assert_num_queries(2):
        tokens.recognise(text, at=NOON)
    with django_assert_num_queries(1):
        tokens.recognise(text, at=NOON + timedelta(seconds=59))
    with django_assert_num_queries(2):
        tokens.recognise(text, at=NOON + timedelta(seconds=60))
    row.refresh_from_db()
    assert row.last_used_at == NOON + timedelta(seconds=60)


def test_the_command_prints_the_token_and_nothing_else():
    text = call_command(
        "create_token",
        "webshop",
        "--scope",
        "orders:read",
        "--scope",
        "stock:*",
        "--location",
        "PER",
        "--expires",
        "30",
    )
    token = tokens.recognise(text, at=timezone.now())
    assert token.scopes == {"orders:read", "stock:*"}
    assert ApiToken.objects.get().expires_at > timezone.now() + timedelta(days=29)
    with pytest.raises(CommandError, match="scope"):
        call_command("create_token", "webshop", "--scope", "nonsense")
