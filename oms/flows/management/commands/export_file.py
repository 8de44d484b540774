"""``manage.py export_file``: write everything of one kind in the columns in which it comes in."""

import shutil
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from oms.imports import exports
from oms.imports.rules import Kind


class Command(BaseCommand):
    help = "Export everything of one kind, such as stock or orders, as CSV, or XLSX by the file's name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[kind.value for kind in Kind])
        parser.add_argument("file", type=Path, nargs="?", help="standard output when absent")

    def handle(self, *args, **options) -> None:
        rows = exports.rows_of(Kind(options["kind"]), reach=None, costs=True, at=timezone.now())
        target = options["file"]
        try:
            if target is None:
                sys.stdout.writelines(exports.as_csv(rows))
            elif target.suffix.lower() == ".xlsx":
                with exports.as_workbook(rows) as book, target.open("wb") as out:
                    shutil.copyfileobj(book, out)
            else:
                with target.open("w", encoding="utf-8", newline="") as out:
                    out.writelines(exports.as_csv(rows))
        except OSError as wrong:
            raise CommandError(str(wrong)) from wrong
