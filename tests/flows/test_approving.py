"""Four eyes over corrections: above the limit a second person agrees; splitting under it is counted."""

from datetime import timedelta
from decimal import Decimal

import pytest

from inventory.models import StockLocation
from inventory.rules import NeedsSecondPerson
from oms.core.approvals import ApprovalStale, OwnRequest
from oms.core.errors import Forbidden
from oms.core.lifecycles import IllegalTransition
from oms.core.models import Approval, Grant, User
from oms.core.roles import Role
from oms.flows import approving, counting
from oms.flows.counting import Change, Named
from tests import builders
from tests.builders import NOON, breaches, level, shelf
from tests.doors.test_floor import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return manager("ann")


@pytest.fixture
def bob() -> User:
    return manager("bob")


def manager(name: str) -> User:
    """A manager everywhere."""
    user = builders.worker(name)
    Grant.objects.create(user=user, role=Role.MANAGER, location_code="")
    return user


@pytest.fixture(autouse=True)
def dear() -> None:
    """Ten lamps worth 100 each, where a person may write 250 a day."""
    builders.sku("LAMP", unit_cost=Decimal(100))
    builders.location("PER", adjustment_limit=Decimal(250))
    builders.sku("MUG")
    shelf("LAMP", on_hand=2)
    StockLocation.objects.filter(code="PER").update(adjustment_limit=Decimal(250))


def adjust(user: User, pieces: int, *, at=NOON) -> None:
    """Correct the count of the lamp."""
    counting.adjust_stock(
        "LAMP", location="PER", quantity_delta=pieces, reason="found", note="", actor=user.actor, at=at
    )


def asked(user: User, pieces: int = 5) -> Approval:
    """A request for a second word."""
    return approving.ask(Change("LAMP", "PER", pieces, "found", "in the attic", Named()), by=user, at=NOON)


def test_what_is_worth_too_much_needs_a_second_person(ann, bob):
    with pytest.raises(NeedsSecondPerson):
        adjust(ann, 3)

    done = approving.grant(asked(ann).pk, by=bob, actor=bob.actor, at=NOON)

    assert (done.on_hand_before, done.on_hand_after) == (2, 7)
    assert Approval.objects.get().state == "used"
    assert breaches() == {}


def test_splitting_under_the_limit_is_counted_by_day(ann, bob):
    adjust(ann, 1)
    adjust(ann, 1)

    with pytest.raises(NeedsSecondPerson, match="earlier today"):
        adjust(ann, 1)
    adjust(bob, 1)
    adjust(ann, 1, at=NOON + timedelta(days=1))


def test_nobody_agrees_to_their_own(ann):
    with pytest.raises(OwnRequest):
        approving.grant(asked(ann).pk, by=ann, actor=ann.actor, at=NOON)


def test_nobody_without_the_right_agrees(ann):
    with pytest.raises(Forbidden):
        approving.grant(asked(ann).pk, by=builders.worker("mai"), actor=ann.actor, at=NOON)


def test_a_word_is_good_once_and_for_that_cost(ann, bob):
    first = asked(ann)
    approving.grant(first.pk, by=bob, actor=bob.actor, at=NOON)
    with pytest.raises(IllegalTransition):
        approving.grant(first.pk, by=bob, actor=bob.actor, at=NOON)

    second = asked(ann)
    sku = builders.sku("LAMP")
    sku.unit_cost = Decimal(900)
    sku.save(update_fields=["unit_cost"])
    with pytest.raises(ApprovalStale):
        approving.grant(second.pk, by=bob, actor=bob.actor, at=NOON)


def test_asking_and_agreeing_on_pages():
    ann, bob = person((Role.MANAGER, ""), name="ann"), person((Role.MANAGER, ""), name="bob")
    said = {
        "location": "PER",
        "quantity_delta": "4",
        "reason": "found",
        "note": "attic",
        "idempotency_key": "1",
    }

    assert ann.post("/stock/skus/LAMP/adjust", said).status_code == 302
    waiting = Approval.objects.get()
    assert b"somebody else decides" in ann.get("/stock/approvals").content
    assert b"Agree" in bob.get("/stock/approvals").content
    bob.post(f"/stock/approvals/{waiting.pk}", {"answer": "yes", "idempotency_key": "2"})

    assert level("LAMP").on_hand == 6
