"""Files from the command line, and jobs that a worker left behind."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from oms.core.models import AuditEntry, OutboxMessage
from oms.flows import import_work, importing
from oms.flows.tasks import run_imports
from oms.imports import intake
from oms.imports.models import ImportJob, ImportPiece
from oms.imports.rules import JobState, Kind
from tests import builders
from tests.builders import TESTER, level, location, shelf

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "sku,location,on_hand\nMUG,PER,10\nNONE,PER,1\n"


@pytest.fixture
def file(tmp_path, db):
    shelf("MUG", at="PER", on_hand=12)
    found = tmp_path / "count.csv"
    found.write_text(TEXT)
    return found


def uploaded(then=JobState.COMMITTING) -> ImportJob:
    looked = intake.looked_at(io.BytesIO(TEXT.encode()), "f.csv", Kind.STOCK)
    return importing.upload(
        looked, io.BytesIO(TEXT.encode()), reach=None, then=then, actor=TESTER, at=timezone.now()
    )


def test_the_command_says_what_it_did(file, capsys):
    call_command("import_file", "stock", str(file), "--dry-run")
    told = capsys.readouterr()
    assert "checked: 2 rows, 0 created, 1 changed, 0 same, 1 refused" in told.out
    assert "row 3, sku “NONE”: No SKU with this code." in told.err
    assert level().on_hand == 12
    call_command("import_file", "stock", str(file), "--json")
    assert json.loads(capsys.readouterr().out)["status"] == "committed"
    assert level().on_hand == 10


@pytest.mark.parametrize(
    "arguments", [["absent.csv"], ["--mapping", '{"sku": "x"}'], ["--options", "nonsense"]]
)
def test_the_command_refuses_in_words(file, arguments):
    name = [] if arguments[0] == "absent.csv" else [str(file)]
    with pytest.raises(CommandError):
        call_command("import_file", "stock", *name, *arguments)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_the_command_writes_it_reads_again(file, tmp_path, suffix, capsys):
    target = tmp_path / f"out.{suffix}"
    call_command("export_file", "stock", str(target))
    call_command("import_file", "stock", str(target))
    assert "1 same, 0 refused" in capsys.readouterr().out


def test_the_clock_finds_what_no_worker_took(file):
    job = uploaded()
    assert run_imports() == 1
    job.refresh_from_db()
    assert (job.state, level().on_hand) == ("committed", 10)
    assert run_imports() == 0


def test_work_that_breaks_off_again_and_again_is_given_up(file, monkeypatch):
    job = uploaded()
    monkeypatch.setattr(importing, "_one_chunk", lambda *args, **kwargs: 1 / 0)
    for minutes in range(0, 15, 3):
        with pytest.raises(ZeroDivisionError):
            importing.run(job.pk, clock=lambda now=minutes: timezone.now() + timedelta(minutes=now))
    assert importing.run(job.pk, clock=lambda: timezone.now() + timedelta(minutes=20)) is False
    job.refresh_from_db()
    assert (job.state, "broke off 5 times" in job.failure) == ("failed", True)


def test_two_workers_never_hold_one_job(file):
    job = uploaded()
    work = import_work.begin(job.pk, at=timezone.now())
    assert import_work.begin(job.pk, at=timezone.now()) is None
    later = import_work.begin(job.pk, at=timezone.now() + timedelta(minutes=5))
    with pytest.raises(import_work.LostHold), transaction.atomic():
        import_work.held(work)
    with transaction.atomic():
        assert import_work.held(later).pk == job.pk


def test_it_is_told_and_written_down(file):
    location("SYD")
    job = uploaded()
    importing.run(job.pk, clock=timezone.now)
    told = OutboxMessage.objects.get(aggregate=f"import:{job.number}")
    assert told.payload == {"skus": ["MUG"], "location": "PER", "document": job.number, "quantity_delta": -2}
    entry = AuditEntry.objects.get(action="import.committed", subject_id=job.number)
    assert entry.changes == {"created": 0, "changed": 1, "same": 0, "refused": 1}


def test_old_files_go_and_their_journal_stays(file):
    job = uploaded()
    importing.run(job.pk, clock=timezone.now)
    importing.forget_files(at=timezone.now() + timedelta(days=91))
    assert not ImportPiece.objects.exists()
    assert job.changes.count() == 1
    assert builders.breaches() == {}
