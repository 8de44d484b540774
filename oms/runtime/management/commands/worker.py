"""One kind of process, started alone."""

import os

from django.core.management.base import BaseCommand

from oms.runtime import processes


class Command(BaseCommand):
    help = "Carries out tasks; OMS_WORKERS says how many at a time."
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        """Become the process."""
        processes.become(processes.worker(os.environ))
