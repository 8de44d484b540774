"""Settings of the test run: the real ones, on a throw-away server and with cheap passwords."""

import atexit
import os
import shutil
import tempfile

from tests import server

if not os.environ.get("DATABASE_URL") or server.is_of_another_worker():
    os.environ.update(server.start())
# Never the data folder of a running shop.
if not os.environ.get("OMS_DATA_DIR"):
    os.environ["OMS_DATA_DIR"] = tempfile.mkdtemp(prefix="oms-test-")
    atexit.register(shutil.rmtree, os.environ["OMS_DATA_DIR"], ignore_errors=True)
os.environ.update(
    OMS_SECRET_KEY="tests-only-" + "x" * 50,
    OMS_MASTER_KEYS="dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    OMS_EMBEDDED="1",
    OMS_TWO_FACTOR="optional",
    EMAIL_URL="memorymail://",
    CELERY_BROKER_URL="memory://",
    OMS_LOG_LEVEL="WARNING",
)

from oms.settings import *  # noqa: F403
from oms.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]
ZEAL_RAISE = True
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = False
ALLOWED_HOSTS = ["*"]
# Static files straight from where they are written; nothing is collected for tests.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
