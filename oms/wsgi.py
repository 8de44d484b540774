"""The web process."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")

application = get_wsgi_application()
# All pages are loaded before the first request; what is never garbage stays out of the collector's rounds, and a
# request, which makes some thousand objects, seldom sets one off.
resolve("/")
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
