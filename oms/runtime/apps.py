from importlib import import_module

from django.apps import AppConfig

# Importing the queue here makes every shared task find it, whichever process this is.
from oms.celery import app as celery_app
from oms.core.middleware import RequestLog

__all__ = ["RuntimeConfig", "celery_app"]


class RuntimeConfig(AppConfig):
    name = "oms.runtime"
    label = "runtime"
    verbose_name = "Running"

    def ready(self) -> None:
        """Count requests from now on."""
        # The figures need the models, which are there only once the apps are ready.
        metrics = import_module("oms.runtime.metrics")
        if metrics.observe_request not in RequestLog.observers:
            RequestLog.observers.append(metrics.observe_request)
