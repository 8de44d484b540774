"""The same as ``./run``, for somebody who is in the environment already."""

from django.core.management.base import BaseCommand

from oms.runtime.processes import PYTHON, become


class Command(BaseCommand):
    help = "Starts database, broker, web, worker, beat and relay under one supervisor; Ctrl-C stops them."
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        """Become the supervisor."""
        become([PYTHON, "-m", "oms.runtime.up"])
