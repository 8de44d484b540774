import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from oms.core import idempotency
from oms.core.errors import Conflict
from oms.core.idempotency import Claim, KeyMissing, KeyReused
from oms.core.models import IdempotencyKey, User
from oms.core.transactions import owns_transaction

pytestmark = pytest.mark.django_db(transaction=True)


@owns_transaction()
def make_user(name):
    return User.objects.create(username=name)


def render(user):
    return 201, {"id": user.pk, "username": user.username}


def claim(key="k-1", body="ann"):
    return Claim("token:1", key, idempotency.fingerprint(body))


def ask(name, asked):
    with idempotency.claimed(asked, render=render) as answer:
        make_user(name)
    return answer


def test_the_same_request_again_gets_the_stored_answer_and_no_second_effect():
    first = ask("ann", claim())
    again = ask("ann", claim())
    assert (first.status, first.replayed) == (201, False)
    assert (again.status, again.body, again.replayed) == (201, first.body, True)
    assert User.objects.count() == 1


def test_another_request_under_the_same_key_is_refused():
    ask("ann", claim())
    with pytest.raises(KeyReused):
        ask("bob", claim(body="bob"))
    assert User.objects.count() == 1


def test_the_same_key_of_another_client_is_another_key():
    ask("ann", claim())
    ask("bob", Claim("token:2", "k-1", idempotency.fingerprint("bob")))
    assert User.objects.count() == 2


def test_a_refused_request_leaves_no_key_behind():
    @owns_transaction()
    def refuse():
        raise Conflict("no")

    with pytest.raises(Conflict), idempotency.claimed(claim(), render=render):
        refuse()
    assert not IdempotencyKey.objects.exists()


def test_a_crash_between_work_and_answer_leaves_neither():
    def broken(user):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), idempotency.claimed(claim(), render=broken):
        make_user("ann")
    assert not User.objects.exists()
    assert not IdempotencyKey.objects.exists()


def test_without_a_claim_the_answer_is_rendered_all_the_same():
    answer = ask("ann", None)
    assert answer.status == 201
    assert not IdempotencyKey.objects.exists()


def test_one_claim_covers_one_flow():
    def two():
        with idempotency.claimed(claim(), render=render):
            make_user("ann")
            make_user("bob")

    with pytest.raises(RuntimeError, match="second one"):
        two()


def test_a_flow_that_keeps_its_claim_finds_it_and_stores_its_own_row():
    @owns_transaction(keeps_claim=True)
    def flow():
        pending = idempotency.pending()
        pending.take()
        user = User.objects.create(username="ann")
        pending.store(user)
        return user

    with idempotency.claimed(claim(), render=render) as first:
        flow()
    with idempotency.claimed(claim(), render=render) as again:
        flow()
    assert again.replayed
    assert again.body == first.body
    assert idempotency.lookup(claim()).body == first.body


def test_a_tried_again_flow_stores_the_answer_of_the_last_try():
    class Moved(Conflict):
        pass

    tries = []

    @owns_transaction(retry_on=Moved)
    def flow():
        user = User.objects.create(username=f"try-{len(tries)}")
        tries.append(user)
        if len(tries) == 1:
            raise Moved()
        return user

    with idempotency.claimed(claim(), render=render) as answer:
        flow()
    assert b"try-1" in answer.body
    assert idempotency.lookup(claim()).body == answer.body


@pytest.mark.parametrize("twins", [8])
def test_twins_that_race_have_one_effect_and_the_same_answer(twins):
    start = threading.Barrier(twins, timeout=10)
    answers = []

    def run():
        start.wait()
        try:
            answers.append(ask("ann", claim()))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(twins)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == twins
    assert len({answer.body for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert User.objects.count() == 1


def test_control_without_keys_the_same_twins_have_two_effects():
    @owns_transaction()
    def unguarded():
        return User.objects.create(username=f"twin-{User.objects.count()}")

    unguarded()
    unguarded()
    assert User.objects.count() == 2


def test_keys_older_than_a_week_are_forgotten():
    ask("ann", claim())
    assert idempotency.prune(at=timezone.now() + timedelta(days=6)) == 0
    assert idempotency.prune(at=timezone.now() + timedelta(days=8)) == 1


def test_a_key_may_be_quoted_or_bare_and_must_be_there():
    assert idempotency.cleaned_key('"abc"') == idempotency.cleaned_key(" abc ") == "abc"
    for wrong in (None, "", '""', "x" * 256, "a\x00b"):
        with pytest.raises(KeyMissing):
            idempotency.cleaned_key(wrong)
