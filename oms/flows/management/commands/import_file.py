"""``manage.py import_file``: bring a file in from the command line, by the same flow as every other door."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from oms.core.actors import SYSTEM
from oms.core.errors import Refusal
from oms.flows import importing
from oms.imports import intake, queries
from oms.imports.models import ImportJob
from oms.imports.rules import Choices, JobState, Kind

FIGURES = ("rows", "created", "changed", "same", "refused")


class Command(BaseCommand):
    help = "Import a CSV or XLSX file; with --dry-run only say what it would do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[kind.value for kind in Kind])
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="write nothing")
        parser.add_argument("--mapping", default="{}", help="JSON: our column → the file's header")
        parser.add_argument(
            "--options",
            default="{}",
            help="JSON: date_order, decimal_mark, locations, create_skus, channel, take_finished",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args, **options) -> None:
        try:
            job = _imported(options)
        except (Refusal, OSError, ValueError) as wrong:
            raise CommandError(str(wrong)) from wrong
        wrong = list(queries.findings(job).values("row", "column", "value", "reason")[:50])
        if options["json"]:
            told = {"id": str(job.pk), "number": job.number, "status": job.state, "errors": wrong}
            self.stdout.write(json.dumps(told | {name: getattr(job, name) for name in FIGURES}))
        else:
            figures = ", ".join(f"{getattr(job, name)} {name}" for name in FIGURES)
            self.stdout.write(f"{job.number} {job.state}: {figures}")
            for each in wrong:
                self.stderr.write("row {row}, {column} “{value}”: {reason}".format(**each))
        if job.state == JobState.FAILED:
            raise CommandError(job.failure)


def _imported(options) -> ImportJob:
    kind = Kind(options["kind"])
    with options["file"].open("rb") as file:
        choices = Choices.from_json(json.loads(options["options"]))
        looked = intake.looked_at(file, options["file"].name, kind, choices=choices)
        if mapping := json.loads(options["mapping"]):
            looked = intake.with_mapping(looked, mapping)
        then = JobState.CHECKING if options["dry_run"] else JobState.COMMITTING
        job = importing.upload(looked, file, reach=None, then=then, actor=SYSTEM, at=timezone.now())
    # A worker that sees the job first is welcome to it; then there is nothing left to do here.
    importing.run(job.pk, clock=timezone.now)
    return queries.job(job.pk)
