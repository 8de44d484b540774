"""A stock file is a dated count: merged with what moved since, never touching what is promised."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inventory.models import StockAdjustment, StockLevel, StockMovement
from oms.flows import counting, importing
from oms.imports import queries
from tests import builders
from tests.builders import TESTER, channel, level, location, place, rate, shelf, sku
from tests.imports.conftest import counts, reasons

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "sku,location,on_hand\n"


@pytest.fixture
def shop(db):
    """Mugs and bowls at two sites."""
    shelf("MUG", at="PER", on_hand=12)
    shelf("BOWL", at="PER", on_hand=5)
    location("SYD")


def test_a_count_is_written_as_movements(shop, send):
    job = send(HEAD + "MUG,PER,10\nBOWL,PER,5\nBOWL,SYD,3\n")

    assert (job.state, counts(job)) == ("committed", (1, 1, 1, 0))
    assert (level("MUG").on_hand, level("BOWL", at="SYD").on_hand) == (10, 3)
    moved = StockMovement.objects.get(reference=job.number, level__sku__code="MUG")
    assert (moved.on_hand_delta, moved.reason.code, moved.source) == (-2, "count_correction", "import")
    assert StockAdjustment.objects.get(movement=moved).on_hand_after == 10
    assert builders.breaches() == {}


def test_the_same_file_again_changes_nothing(shop, send):
    text = HEAD + "MUG,PER,10\nBOWL,SYD,3\n"
    send(text)

    assert counts(send(text)) == (0, 0, 2, 0)


def test_an_old_count_keeps_what_moved_since_also_the_second_time(shop, send):
    counted = timezone.now()
    counting.adjust_stock(
        "MUG",
        location="PER",
        quantity_delta=-3,
        reason="damaged",
        note="",
        actor=TESTER,
        at=counted + timedelta(seconds=1),
    )
    text = f"sku,location,on_hand,counted_at\nMUG,PER,10,{counted.isoformat()}\n"
    later = counted + timedelta(seconds=5)

    assert counts(send(text, at=later)) == (0, 1, 0, 0)
    assert level("MUG").on_hand == 7
    assert counts(send(text, at=later)) == (0, 0, 1, 0)


def test_a_count_below_what_is_promised_is_refused(shop, send):
    channel("api")
    rate("PER", region="WA", cost_minor=900, days=2)
    place(("MUG", 4))
    job = send(HEAD + "MUG,PER,3\nBOWL,PER,4\n")

    assert counts(job) == (0, 1, 0, 1)
    assert reasons(job)[0][:2] == (2, "on_hand")
    assert "4 pieces are reserved" in reasons(job)[0][3]
    assert (level("MUG").on_hand, level("MUG").reserved) == (12, 4)


def test_each_refusal_says_row_column_value_and_reason(shop, send):
    job = send(
        "Item;Site;Qty\nMUG;PER;twelve\nM UG;PER;1\nMUG;Brisbane;1\nMUG;PER;-4\nMUG;PER;1,204\nMUG;PER;8\nMUG;PER;9\n"
    )

    assert counts(job) == (0, 1, 0, 6)
    found = reasons(job)
    assert found[0] == (2, "Qty", "twelve", "Not a whole number.")
    assert found[1] == (3, "Item", "M UG", "No SKU with this code. Did you mean MUG?")
    assert found[2][:3] == (4, "Site", "Brisbane")
    assert found[3] == (5, "Qty", "-4", "Below zero. There cannot be fewer than none.")
    assert "thousand or a fraction" in found[4][3]
    assert found[5][3] == "Row 7 tells about the same thing. Keep one of them."


def test_the_dry_run_gives_each_row_its_real_verdict(shop, send, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 2)
    sku("CUP")
    text = HEAD + "MUG,PER,10\nBOWL,PER,5\nCUP,SYD,0\nCUP,PER,7\nMUG,PER,9\nNONE,PER,1\nMUG,SYD,x\n"
    dry = send(text, dry=True)

    assert (dry.state, StockLevel.objects.filter(sku__code="CUP").count()) == ("checked", 0)
    changes = [str(change) for change in dry.changes.order_by("row")]
    importing.commit(dry.pk, reach=None, actor=TESTER, at=timezone.now())
    importing.run(dry.pk, clock=timezone.now)
    real = queries.job(dry.pk)
    assert counts(real) == counts(dry) == (1, 1, 2, 3)
    assert [str(change) for change in real.changes.order_by("row")] == changes
    assert reasons(real) == reasons(dry)


def test_people_count_only_where_they_may(shop, send):
    job = send(HEAD + "MUG,PER,10\nMUG,SYD,1\n", reach=frozenset({"SYD"}))

    assert counts(job) == (1, 0, 0, 1)
    assert reasons(job)[0][3] == "Your rights do not reach this location."
    assert level("MUG").on_hand == 12


class Killed(BaseException):
    """The worker is gone."""


def test_work_that_was_killed_goes_on_where_it_stopped(shop, send, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 2)
    for number in range(5):
        sku(f"S{number}")
    text = HEAD + "".join(f"S{number},PER,{number + 1}\n" for number in range(5)) + "S0,PER,9\n"
    chunks = importing._one_chunk
    done = []

    def dies(*args, **kwargs):
        if len(done) == 2:
            raise Killed
        done.append(chunks(*args, **kwargs))

    monkeypatch.setattr(importing, "_one_chunk", dies)
    with pytest.raises(Killed):
        send(text)
    job = queries.jobs().get()
    assert (job.state, job.rows_done) == ("committing", 4)
    monkeypatch.setattr(importing, "_one_chunk", chunks)
    assert importing.run(job.pk, clock=timezone.now) is False
    assert importing.run(job.pk, clock=lambda: timezone.now() + timedelta(minutes=3))
    job.refresh_from_db()

    assert (job.state, counts(job)) == ("committed", (5, 0, 0, 1))
    assert [level(f"S{number}").on_hand for number in range(5)] == [1, 2, 3, 4, 5]
    assert builders.breaches() == {}


def test_undo_writes_the_opposite_and_leaves_what_others_built_on(shop, send):
    channel("api")
    rate("PER", region="WA", cost_minor=900, days=2)
    job = send(HEAD + "MUG,PER,10\nBOWL,PER,9\n")
    place(("BOWL", 8))
    importing.undo(job.pk, actor=TESTER, at=timezone.now())
    importing.run(job.pk, clock=timezone.now)
    job = queries.job(job.pk)

    assert (job.state, job.undone, job.not_undone) == ("undone", 1, 1)
    assert (level("MUG").on_hand, level("BOWL").on_hand) == (12, 9)
    assert "reserved" in queries.findings(job, of_undo=True).get().reason
    assert counts(send(HEAD + "MUG,PER,10\n")) == (0, 1, 0, 0)
    assert builders.breaches() == {}
