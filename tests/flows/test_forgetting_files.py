"""A person who is forgotten stands in no file that came in: not across two pieces of it, not in a workbook."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment

from oms.core import erasing
from oms.core.errors import Busy
from oms.flows import customers, importing, ordering
from oms.flows.customers import FileAtWork
from oms.imports import intake, persons, queries
from oms.imports.models import ImportJob, ImportPiece
from oms.imports.rules import Choices, JobState, Kind
from oms.imports.services import jobs
from oms.orders.models import Order
from tests.builders import NOON, TESTER, breaches, channel, shelf
from tests.flows.test_customers import HOME, KNOWN, ZOE, erase, zoe

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = (
    "external_number,customer_name,customer_email,shipping_line1,shipping_city,shipping_country,currency,"
    "sku,quantity,unit_price\n"
)
HERS = f"Z-1,{ZOE['name']},{ZOE['email']},{HOME.line1},{HOME.city},AU,AUD,MUG,1,9.50\n"
REFUSED = HERS.replace("Z-1", "Z-2").replace("MUG", "NONE")
OTHERS = "N-1,Ned Nobody,ned@nobody.example,1 Empty Road,Perth,AU,AUD,MUG,1,9.50\n"
OPTIONS = Choices(channel="api")


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


def sent(
    content: bytes | str, *, then=JobState.CHECKING, name="file.csv", kind=Kind.ORDERS, at=None
) -> ImportJob:
    raw = content.encode() if isinstance(content, str) else content
    looked = intake.looked_at(io.BytesIO(raw), name, kind, choices=OPTIONS)
    job = importing.upload(
        looked, io.BytesIO(raw), reach=None, then=then, actor=TESTER, at=at or timezone.now()
    )
    if then is not None:
        importing.run(job.pk, clock=timezone.now)
    return queries.job(job.pk)


def workbook(*rows, comment: str = "", link: str = "") -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    if comment:
        book.active["A1"].comment = Comment(comment, "Ann")
    if link:
        book.active["B1"].hyperlink = link
    book.save(file)
    return file.getvalue()


def shop():
    channel("api")
    shelf("MUG", on_hand=9)


def test_who_is_forgotten_goes_with_the_files_that_name_them_and_others_stay(capsys):
    shop()
    zoe()
    job = sent(
        HEAD + HERS + REFUSED,
        then=JobState.COMMITTING,
        name="zoë quandary.csv",
    )
    other = sent(HEAD + OTHERS, name="others.csv")
    ordering.cancel_order(Order.objects.get().number, reason="Asked", actor=TESTER, at=NOON)
    assert [found.number for found in persons.naming(KNOWN)] == [job.number]

    erased = erase()

    assert (erased.orders, customers.traces(KNOWN), persons.naming(["Ned Nobody"])) == (1, [], [other])
    job.refresh_from_db()
    assert (job.state, job.file_name, job.samples, queries.is_kept(job)) == (
        "committed",
        f"{job.number}.csv",
        [],
        False,
    )
    assert list(queries.findings(job).values_list("column", "value", "reason")) == [
        ("sku", "", "No active SKU has this code.")
    ]
    assert (queries.is_kept(other), other.samples != []) == (True, True)
    call_command("pii_scan", *KNOWN)
    assert "0 hits in 0 columns." in capsys.readouterr().out


def test_a_text_across_two_pieces_of_a_file_is_found(monkeypatch):
    shop()
    zoe()
    rows = HEAD + OTHERS * 3
    monkeypatch.setattr(jobs, "PIECE_BYTES", len(rows.encode()) + 8)
    job = sent(rows + HERS)
    assert ImportPiece.objects.filter(job=job).count() == 2
    assert "imports_importpiece" not in {hit.table for hit in erasing.scan([ZOE["name"]])}
    assert [hit.column for hit in customers.traces([ZOE["name"]])][-1] == "file"

    erase()

    assert (customers.traces(KNOWN), ImportPiece.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "content",
    [
        workbook(HEAD.strip().split(","), HERS.strip().split(",")),
        workbook(["sku", "name"], ["X", "Y"], comment="Ring ZOE QUANDARY first"),
        workbook(["sku", "name"], ["X", "Y"], link="mailto:zoe@quandary.example"),
        workbook(["sku", "name", "Given", "Family"], ["X", "Y", "Zoë", "Quandary"]),
        workbook(["sku", "name"], ["X", CellRichText("Zo", TextBlock(InlineFont(b=True), "ë Quan"), "dary")]),
        workbook(["sku", "name"], ["X", 61855501999]),
        (HEAD + HERS).encode("utf-16"),
        (HEAD + HERS).encode("cp1252"),
        'sku,name\nX,"Dr ""Zoë"" Quandary"\n'.encode(),
    ],
    ids=["cells", "comment", "link", "two cells", "letters", "number", "utf-16", "cp1252", "quotes"],
)
def test_she_is_found_in_whatever_form_she_is_written(content):
    zoe()
    job = sent(content, then=None, kind=Kind.SKUS, name="f.bin")
    assert persons.naming(KNOWN) == [job]
    with pytest.raises(CommandError, match="Found"):
        call_command("pii_scan", *KNOWN)

    erase()

    assert not queries.is_kept(job)
    assert customers.traces(KNOWN) == []


def test_a_file_that_cannot_be_read_names_everybody():
    zoe()
    job = sent(workbook(["sku", "name"], ["X", "Y"]), then=None, kind=Kind.SKUS)
    ImportPiece.objects.filter(job=job).update(content=b"PK\x03\x04" + bytes(job.size_bytes - 4))

    erase()

    assert not queries.is_kept(job)


def test_nobody_is_forgotten_while_a_file_that_names_them_is_at_work():
    shop()
    zoe()
    job = sent(HEAD + HERS, then=None)
    importing.commit(job.pk, reach=None, actor=TESTER, at=timezone.now())

    with pytest.raises(FileAtWork, match=job.number):
        erase()

    assert customers.traces(KNOWN)
    importing.run(job.pk, clock=timezone.now)
    ordering.cancel_order(Order.objects.get().number, reason="Asked", actor=TESTER, at=NOON)
    erase()
    assert customers.traces(KNOWN) == []


def test_files_are_read_while_nothing_is_locked_and_one_that_comes_in_meanwhile_is_found(monkeypatch):
    shop()
    zoe()
    sent(HEAD + OTHERS)
    file_of, late = queries.file_of, []

    def watched(job):
        assert not connection.in_atomic_block
        if not late:
            late.append(None)
            late.append(sent(HEAD + HERS, name="late.csv"))
        return file_of(job)

    monkeypatch.setattr(persons.queries, "file_of", watched)
    erase()
    monkeypatch.undo()

    assert not queries.is_kept(late[1])
    assert customers.traces(KNOWN) == []


def test_files_that_come_in_faster_than_they_are_read_do_not_slip_through(monkeypatch):
    shop()
    zoe()
    sent(HEAD + OTHERS)
    names = persons._names

    def and_one_more(job, wanted):
        found = names(job, wanted)
        importing_again = f"{job.number}.csv"
        sent(HEAD + OTHERS, then=None, name=importing_again)
        return found

    monkeypatch.setattr(persons, "_names", and_one_more)
    with pytest.raises(Busy):
        erase()

    assert customers.traces(KNOWN[:1])


def test_a_checked_file_that_was_dropped_makes_no_order_any_more():
    shop()
    zoe()
    job = sent(HEAD + HERS)
    erase()

    importing.commit(job.pk, reach=None, actor=TESTER, at=timezone.now())
    importing.run(job.pk, clock=timezone.now)

    job.refresh_from_db()
    assert (job.state, "not kept any more" in job.failure) == ("failed", True)
    assert not Order.objects.exists()


def test_files_of_orders_are_kept_for_two_weeks():
    shop()
    job = sent(HEAD + HERS + REFUSED, then=JobState.COMMITTING)
    never = sent(HEAD + OTHERS)
    stock = sent("sku,name\nMUG,Mug\n", kind=Kind.SKUS)

    importing.forget_files(at=timezone.now() + timedelta(days=13))
    assert queries.is_kept(job)
    importing.forget_files(at=timezone.now() + timedelta(days=15))

    assert persons.naming([ZOE["email"]]) == []
    assert [queries.is_kept(each) for each in (job, stock)] == [False, True]
    assert not ImportJob.objects.filter(pk=never.pk).exists()
    job.refresh_from_db()
    assert (job.samples, job.created, queries.findings(job).get().value) == ([], 1, "")
    # What the file made is still undone by its journal.
    importing.undo(job.pk, actor=TESTER, at=timezone.now())
    importing.run(job.pk, clock=timezone.now)
    assert Order.objects.get().state == "cancelled"
