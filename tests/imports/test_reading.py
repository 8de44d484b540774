"""Any file is read as it is meant, or refused in words; none takes the house down."""

import io
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from oms.core.errors import Refusal
from oms.imports import cells, headers, reading
from oms.imports.cells import Unreadable
from oms.imports.intake import looked_at
from oms.imports.rules import Choices, FileTooLarge, Kind, Reading, UnreadableFile, defused, restored

TEXT = "sku;location;on_hand\nÄPFEL;PER;7\n"
PLAIN = Reading()


def rows(raw: bytes) -> list[list]:
    """Header and rows of a file, each row with its number."""
    file = io.BytesIO(raw)
    with reading.opened(file, reading.shape_of(file, "f")) as sheet:
        return [
            sheet.headers,
            *([number, *reading.cells_of(row, len(sheet.headers))] for number, row in sheet),
        ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found_out(encoding, separator):
    raw = TEXT.replace(";", separator).encode(encoding)

    assert rows(raw) == [["sku", "location", "on_hand"], [2, "ÄPFEL", "PER", "7"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sep=;\na;b\n1;2\n", [["a", "b"], [2, "1", "2"]]),
        ('a,b\n"x\ny",2\n\n3,4\n', [["a", "b"], [2, "x\ny", "2"], [4, "3", "4"]]),
        ('"a;b",c\n1,2\n', [["a;b", "c"], [2, "1", "2"]]),
        ("a,a,\n1,2,\n", [["a", "a"], [2, "1", "2", ""]]),
        ("a\n1\n", [["a"], [2, "1"]]),
        ("a,b\n1\n", [["a", "b"], [2, "1", ""]]),
        ("\n\na,b\n' x ,2\n", [["a", "b"], [4, "' x", "2"]]),
        ("a,b\r1,2\r", [["a", "b"], [2, "1", "2"]]),
    ],
)
def test_odd_tables(text, found):
    assert rows(text.encode()) == found


def workbook(*lines) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(file)
    return file.getvalue()


def test_a_workbook_keeps_its_numbers_and_days():
    found = rows(workbook(["sku", "n", "day"], [4427.0, 9312345678907, datetime(2027, 2, 28)]))  # noqa: DTZ001

    assert cells.text(found[1][1]) == "4427"
    assert cells.barcode(found[1][2]) == "9312345678907"
    assert cells.day(found[1][3], PLAIN) == date(2027, 2, 28)


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_zip", ".zip"), content)
    return file.getvalue()


BOMB = b"\0" * 4_000_000


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", UnreadableFile),
        (b"   \n", UnreadableFile),
        (b"\x1f\x8b" + b"x" * 99, UnreadableFile),
        (b"\xd0\xcf\x11\xe0" + b"x" * 99, UnreadableFile),
        (b"PK\x03\x04" + b"x" * 99, UnreadableFile),
        (zipped(a_xml=b"1"), UnreadableFile),
        (zipped(xl__workbook_xml=b"<x/>", inner_zip=zipped(a_xml=b"1")), UnreadableFile),
        (zipped(xl__workbook_xml=b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"), UnreadableFile),
        (zipped(xl__workbook_xml=b"<x/>", **{f"m{n}_xml": BOMB for n in range(3)}), FileTooLarge),
        (zipped(xl__workbook_xml=b"<x/>", **{f"m{n}_xml": b"" for n in range(60)}), FileTooLarge),
        (b'a,b\n"' + b"x" * 2_000_000, UnreadableFile),
        (("c," * 100_000).encode(), FileTooLarge),
        (b"a,b\n" + b"1,2\n" * 40, FileTooLarge),
    ],
)
def test_bombs_and_wrecks_are_refused(raw, kind, settings):
    limits = {"import_inflated_bytes": 10_000_000, "import_members": 50, "import_rows": 30}
    settings.LIMITS = settings.LIMITS | limits
    with pytest.raises(kind):
        looked_at(io.BytesIO(raw), "f", Kind.BARCODES)


@given(st.binary(max_size=2_000))
def test_no_bytes_take_the_reader_down(raw):
    with suppress(Refusal):
        rows(raw)


@pytest.mark.parametrize(
    ("written", "mark", "number"),
    [
        ("12", "", 12),
        ("12.0", "", 12),
        ("12,00", "", 12),
        ("1 204", "", 1204),
        ("1.204", ",", 1204),
        ("1,204", ".", 1204),
    ],
)
def test_whole_numbers(written, mark, number):
    assert cells.whole_number(written, Reading("", mark)) == number


@pytest.mark.parametrize(
    "written", ["", "twelve", "1.5", "1,204", "1.204", "-1", "1E+3", "٣", "999999999999", "1,2,3"]
)
def test_what_is_no_whole_number(written):
    with pytest.raises(Unreadable):
        cells.whole_number(written, PLAIN)


@pytest.mark.parametrize(
    ("written", "mark", "number"),
    [
        ("7.45", "", "7.45"),
        ("7,45", "", "7.45"),
        ("1.234,5", "", "1234.5"),
        ("1,234.5", "", "1234.5"),
        ("1.234", ",", "1234"),
    ],
)
def test_decimals(written, mark, number):
    assert cells.decimal(written, Reading("", mark)) == Decimal(number)


@pytest.mark.parametrize(
    "written", ["1,234", "1.23E+12", "NaN", "Infinity", "1e400", "1.23456", "--1", "1.2.3,4,5"]
)
def test_what_is_no_decimal(written):
    with pytest.raises(Unreadable):
        cells.decimal(written, PLAIN)


@pytest.mark.parametrize(
    ("written", "order", "found"),
    [
        ("2027-02-28", "", date(2027, 2, 28)),
        ("28.2.2027", "", date(2027, 2, 28)),
        ("28/02/2027", "", date(2027, 2, 28)),
        ("02/28/2027", "", date(2027, 2, 28)),
        ("05/05/2027", "", date(2027, 5, 5)),
        ("03/04/2027", "dmy", date(2027, 4, 3)),
        ("03/04/2027", "mdy", date(2027, 3, 4)),
    ],
)
def test_days(written, order, found):
    assert cells.day(written, Reading(order)) == found


@pytest.mark.parametrize("written", ["03/04/2027", "31/02/2027", "2027-13-01", "soon", "45000"])
def test_what_is_no_day(written):
    with pytest.raises(Unreadable):
        cells.day(written, PLAIN)


def test_an_instant_is_utc_unless_it_says_otherwise():
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    for written in (
        "2026-11-24T12:00:00Z",
        "2026-11-24 12:00",
        "2026-11-24T20:00:00+08:00",
        "24.11.2026 12:00",
    ):
        assert cells.instant(written, PLAIN) == noon


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1.23E+12", "has spoilt this barcode"),
        ("12345678905", "012345678905 would be right"),
        ("9312345678900", "check digit"),
    ],
)
def test_spoilt_barcodes_are_recognised(written, said):
    with pytest.raises(Unreadable, match=said.replace("+", r"\+")):
        cells.barcode(written)


@given(st.text(st.sampled_from("='+-@\t\r\0 aä1"), max_size=8))
def test_formulas_are_defused_and_come_back_as_they_were(text):
    out = defused(text)

    assert restored(out) == text
    assert out[:1] not in tuple("=+-@\t\r\0") or not out


def test_guesses_are_made_from_the_first_rows():
    mapping = headers.guessed(Kind.STOCK, ["Item Code", "Warehouse", "Qty", "Expiry", "Qty"])
    assert mapping == {"sku": 0, "location": 1, "on_hand": 2, "expires_on": 3}
    shown = [["A", "PER", "1.204,5", "13/02/2027"]]
    assert headers.choices_guessed(Kind.STOCK, mapping, shown, Choices()).date_order == "dmy"
