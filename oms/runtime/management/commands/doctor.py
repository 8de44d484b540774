"""Says what is wrong and how to mend it."""

import json
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from oms.runtime.findings import Finding, State, examine

MARKS = {State.OK: "ok     ", State.WARNING: "warning", State.WRONG: "WRONG  "}


class Command(BaseCommand):
    help = "Examines configuration, database, broker and processes; ends with 1 when something is wrong."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="For programs.")

    def handle(self, *args: object, **options: object) -> None:
        """Print every finding; the exit code tells whether one is wrong."""
        findings = examine(at=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps([finding.as_dict() for finding in findings], indent=2))
        else:
            for finding in findings:
                self._print(finding)
        if any(finding.state is State.WRONG for finding in findings):
            sys.exit(1)

    def _print(self, finding: Finding) -> None:
        self.stdout.write(f"{MARKS[finding.state]}  {finding.name}: {finding.text}")
        if finding.mend:
            self.stdout.write(f"         {finding.mend}")
