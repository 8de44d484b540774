"""One kind of process, started alone."""

import os

from django.core.management.base import BaseCommand

from oms.runtime import processes


class Command(BaseCommand):
    help = "Starts what the clock starts. Run exactly one."
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        """Become the process."""
        processes.become(processes.beat(os.environ))
