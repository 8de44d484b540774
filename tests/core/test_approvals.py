from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from oms.core import approvals
from oms.core.errors import Forbidden
from oms.core.lifecycles import IllegalTransition
from oms.core.models import Approval, AuditEntry, Grant
from tests.core.conftest import NOON

pytestmark = pytest.mark.django_db
CONTENT = {"sku": "MUG", "quantity_delta": -5}
SUBJECT = {"subject_kind": "adjustment", "subject_id": "ADJ-1001"}
RIGHT = "stock.approve"


@pytest.fixture
def ann(person):
    return person("ann", "manager")


@pytest.fixture
def bob(person):
    return person("bob", "manager")


def ask(by, content=CONTENT, at=NOON):
    return approvals.request("stock.adjust", **SUBJECT, content=content, by=by, at=at)


def spend(content=CONTENT, at=NOON):
    return approvals.use("stock.adjust", **SUBJECT, content=content, at=at)


def test_a_second_persons_word_is_good_once(ann, bob):
    asked = ask(ann)
    approvals.approve(asked.pk, content=CONTENT, by=bob, permission=RIGHT, at=NOON)
    assert spend().pk == asked.pk
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["approval.requested", "approval.approved"]
    with pytest.raises(approvals.NotApproved):
        spend()


def test_nobody_approves_their_own_request(ann):
    with pytest.raises(approvals.OwnRequest):
        approvals.approve(ask(ann).pk, content=CONTENT, by=ann, permission=RIGHT, at=NOON)


def test_the_database_says_so_too(ann):
    asked = ask(ann)
    with pytest.raises(IntegrityError, match="nobody_approves_their_own_request"), transaction.atomic():
        Approval.objects.filter(pk=asked.pk).update(state="approved", decided_by=ann, decided_at=NOON)


def test_the_approver_needs_the_right_at_that_moment(ann, bob):
    asked = ask(ann)
    assert bob.may(RIGHT)
    Grant.objects.filter(user=bob).delete()
    with pytest.raises(Forbidden):
        approvals.approve(asked.pk, content=CONTENT, by=bob, permission=RIGHT, at=NOON)


def test_an_edit_before_the_word_makes_it_worthless(ann, bob):
    asked = ask(ann)
    with pytest.raises(approvals.ApprovalStale):
        approvals.approve(
            asked.pk, content=CONTENT | {"quantity_delta": -50}, by=bob, permission=RIGHT, at=NOON
        )


def test_an_edit_after_the_word_makes_it_worthless(ann, bob):
    approvals.approve(ask(ann).pk, content=CONTENT, by=bob, permission=RIGHT, at=NOON)
    with pytest.raises(approvals.ApprovalStale):
        spend(CONTENT | {"quantity_delta": -50})


def test_the_order_of_keys_is_not_an_edit(ann, bob):
    approvals.approve(ask(ann).pk, content=CONTENT, by=bob, permission=RIGHT, at=NOON)
    assert spend(dict(reversed(CONTENT.items())))


def test_a_request_expires_after_a_day(ann, bob):
    asked = ask(ann)
    with pytest.raises(approvals.ApprovalExpired):
        approvals.approve(asked.pk, content=CONTENT, by=bob, permission=RIGHT, at=NOON + timedelta(hours=24))


def test_a_word_expires_too(ann, bob):
    approvals.approve(ask(ann).pk, content=CONTENT, by=bob, permission=RIGHT, at=NOON)
    with pytest.raises(approvals.ApprovalExpired):
        spend(at=NOON + timedelta(hours=24))


def test_asking_again_voids_what_was_asked_before(ann, bob):
    first = ask(ann)
    ask(ann, CONTENT | {"quantity_delta": -6})
    with pytest.raises(IllegalTransition):
        approvals.approve(first.pk, content=CONTENT, by=bob, permission=RIGHT, at=NOON)


def test_a_rejected_request_cannot_be_approved_after_all(ann, bob, person):
    asked = ask(ann)
    approvals.reject(asked.pk, by=bob, permission=RIGHT, note="count again", at=NOON)
    with pytest.raises(IllegalTransition):
        approvals.approve(asked.pk, content=CONTENT, by=person("eve", "manager"), permission=RIGHT, at=NOON)


def test_the_content_asked_for_cannot_be_changed_underneath(ann):
    asked = ask(ann)
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        Approval.objects.filter(pk=asked.pk).update(content={"sku": "CAR"})
