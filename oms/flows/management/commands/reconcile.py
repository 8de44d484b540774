"""``manage.py reconcile``: recompute invariants from raw rows."""

import json

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from oms.flows import proving
from oms.reports.invariants import INVARIANTS


class Command(BaseCommand):
    help = "Recompute invariants from raw rows, keep the result, and alert where one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("codes", nargs="*", metavar="CODE", help="such as I1; none with --all")
        parser.add_argument("--all", action="store_true", help="every invariant there is")
        parser.add_argument("--fail-on-diff", action="store_true", help="exit with 1 when one is broken")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args, **options) -> None:
        codes = list(INVARIANTS) if options["all"] else options["codes"]
        unknown = [code for code in codes if code not in INVARIANTS]
        if unknown or not codes:
            raise CommandError(f"Say --all or some of {', '.join(INVARIANTS)}.")
        findings = proving.prove(codes, clock=timezone.now)
        for finding in findings:
            self.stdout.write(_as_json(finding) if options["json"] else _as_text(finding))
        differences = sum(finding.differences for finding in findings)
        if not options["json"]:
            self.stdout.write(f"{differences} differences in {len(findings)} invariants")
        if differences and options["fail_on_diff"]:
            raise CommandError(f"{differences} differences", returncode=1)


def _as_json(finding) -> str:
    return json.dumps(
        {
            "code": finding.invariant.code,
            "rows": finding.rows_checked,
            "differences": finding.differences,
            "samples": finding.samples,
        }
    )


def _as_text(finding) -> str:
    mark = "ok " if not finding.differences else "BAD"
    line = f"{mark} {finding.invariant.code:<4} {finding.rows_checked:>9} rows  {finding.invariant.says}"
    rows = [f"      {sample}" for sample in finding.samples]
    return "\n".join([line, *rows])
