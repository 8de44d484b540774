"""Files that came in and name a person: found whatever they are made of, and forgotten whole.

A file is stored in pieces, a workbook is packed besides, and a text may stand across two pieces, in several runs of
letters or in two columns. So a file is put together and unpacked, and only its letters and digits are compared with
those of what is sought. One that cannot be read is taken to name everybody.
"""

import codecs
import html
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from uuid import UUID

from oms.core import erasing
from oms.imports import queries
from oms.imports.models import ImportJob
from oms.imports.rules import UnreadableFile

_TAG = re.compile(r"<[^<>]*>")
_SIGNS = re.compile(r"[\W_]+")
_ASCII_SIGNS = bytes(byte for byte in range(128) if not chr(byte).isalnum())
_AT_ONCE = 1024 * 1024
# So much of a stretch is read again with the next one, so that nothing hides between the two.
_AGAIN = 64 * 1024
_BROKEN = (UnreadableFile, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError)


class Search:
    """Which files name somebody, found out while nothing is locked.

    What is in a file never changes, so what was found holds on; only files that came in since must still be read.
    """

    def __init__(self) -> None:
        self.words: frozenset[str] = frozenset()
        self.named: dict[UUID, ImportJob] = {}
        self._read: set[UUID] = set()

    def look(self, texts: Iterable[str]) -> None:
        """Read every file that was not read for these texts yet."""
        words = frozenset(texts)
        if not words <= self.words:
            self.words, self.named, self._read = words, {}, set()
        folded = {_folded(text) for text in erasing.worth_finding(self.words)}
        wanted = sorted(text for text in folded if len(text) >= erasing.SHORTEST)
        for job in queries.with_files():
            if job.pk not in self._read and wanted and _names(job, wanted):
                self.named[job.pk] = job
            self._read.add(job.pk)

    def is_whole(self, texts: Iterable[str]) -> bool:
        """Whether every file that is there by now was read for all of these texts."""
        return self.words.issuperset(texts) and queries.ids_with_files() <= self._read


def naming(texts: Iterable[str]) -> list[ImportJob]:
    """The imports whose stored file holds one of these texts, or cannot be read; oldest first."""
    search = Search()
    search.look(texts)
    return list(search.named.values())


def _names(job: ImportJob, wanted: Sequence[str]) -> bool:
    try:
        with queries.file_of(job) as file:
            if job.form != "xlsx":
                return _holds(file, job.encoding or "utf-8", wanted)
            with zipfile.ZipFile(file) as archive:
                return any(_member_holds(archive, member, wanted) for member in archive.infolist())
    except _BROKEN:
        return True


def _member_holds(archive: zipfile.ZipFile, member: zipfile.ZipInfo, wanted: Sequence[str]) -> bool:
    with archive.open(member) as part:
        head = part.read(2)
    wide = head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    with archive.open(member) as part:
        return _holds(part, "utf-16" if wide else "utf-8", wanted, marked_up=True)


def _holds(file: IO[bytes], encoding: str, wanted: Sequence[str], *, marked_up: bool = False) -> bool:
    before = ""
    for stretch in _stretches(file, encoding):
        before = before[-_AGAIN:] + stretch
        # With the tags, for what stands in them; and without, for what they stand in.
        ways = (html.unescape(before), html.unescape(_TAG.sub("", before))) if marked_up else (before,)
        if any(text in folded for folded in map(_folded, ways) for text in wanted):
            return True
    return False


def _stretches(file: IO[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while piece := file.read(_AT_ONCE):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _folded(text: str) -> str:
    """Letters and digits alone, without case and accents."""
    if text.isascii():
        # The same, at a tenth of the time.
        return text.lower().encode().translate(None, _ASCII_SIGNS).decode()
    return _SIGNS.sub("", unicodedata.normalize("NFKD", text).casefold())
