from django.apps import AppConfig

# Importing the queue here makes every shared task find it, whichever process this is.
from oms.celery import app as celery_app

__all__ = ["RuntimeConfig", "celery_app"]


class RuntimeConfig(AppConfig):
    name = "oms.runtime"
    label = "runtime"
    verbose_name = "Running"
