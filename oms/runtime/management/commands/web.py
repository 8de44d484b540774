"""One kind of process, started alone."""

import os

from django.core.management.base import BaseCommand

from oms.runtime import processes


class Command(BaseCommand):
    help = "Serves the pages and the API; PORT, OMS_HOST, OMS_WEB_WORKERS and OMS_WEB_THREADS say how."
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        """Become the process."""
        processes.become(
            processes.web(os.environ), **{processes.METRICS_FOLDER: processes.fresh_metrics_folder()}
        )
