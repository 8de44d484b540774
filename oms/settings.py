"""Settings, read from the environment; ``docs/operations.md`` lists every variable.

A process started by ``manage.py up`` gets its variables from the supervisor; one started alone
reads the same names from its own environment or from ``OMS_DATA_DIR/environment``.
"""

from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab

from oms.core.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
DATA_DIR = Path(env.str("OMS_DATA_DIR", default=str(BASE_DIR / ".data"))).resolve()
environ.Env.read_env(DATA_DIR / "environment", overwrite=False)

DEBUG = False
SECRET_KEY = env.str("OMS_SECRET_KEY", default="")
# Credentials at rest are sealed with this key; the first seals, all of them open.
MASTER_KEYS = env.list("OMS_MASTER_KEYS", default=[])
ALLOWED_HOSTS = env.list("OMS_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = env.str("OMS_PUBLIC_URL", default="http://localhost:8000").rstrip("/")
# Embedded services mean a demonstration on one machine; TLS and two-factor rules then relax.
EMBEDDED = env.bool("OMS_EMBEDDED", default=False)
BEHIND_TLS = env.bool("OMS_BEHIND_TLS", default=not EMBEDDED)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "oms.core",
    "oms.core.apps.HouseAdminConfig",
    "django.contrib.postgres",
    "axes",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "pgtrigger",
    "rest_framework",
    "oms.runtime",
    "oms.catalogue",
    "inventory",
    "oms.channels",
    "purchasing",
    "oms.orders",
    "oms.routing",
    "fulfilment",
    "oms.invoices",
    "oms.letters",
    "returns",
    "oms.alerts",
    "oms.reports",
    "oms.imports",
    "oms.replays",
    "oms.replanning",
    "oms.flows",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "oms.core.middleware.RequestLog",
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "oms.core.middleware.Programs",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "oms.core.middleware.ClosedByDefault",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "oms.urls"
WSGI_APPLICATION = "oms.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "oms.core.views.page_frame",
            ],
            "builtins": ["oms.core.templatetags.ui"],
        },
    }
]

DATABASES = {
    "default": env.db_url_config(env.str("DATABASE_URL"))
    if env.str("DATABASE_URL", default="")
    else {"ENGINE": "django.db.backends.postgresql", "NAME": "oms"}
}
DATABASES["default"] |= {
    "ENGINE": "oms.core.database",
    "CONN_MAX_AGE": env.int("OMS_CONN_MAX_AGE", default=60),
    "CONN_HEALTH_CHECKS": True,
}
DATABASES["default"].setdefault("OPTIONS", {})
# Migrations run as the owner of the tables; the application's own role may not write a total.
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "core:login"
LOGIN_REDIRECT_URL = "core:home"
LOGOUT_REDIRECT_URL = "core:login"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "core/locked_out.html"
AXES_IPWARE_PROXY_COUNT = env.int("OMS_PROXIES", default=0) or None
AXES_RESET_ON_SUCCESS = True
OTP_TOTP_ISSUER = "OMS"
# "required" makes managers, accountants, integrators and administrators enrol a second factor.
TWO_FACTOR = env.str("OMS_TWO_FACTOR", default="optional" if EMBEDDED else "required")

SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "oms.core.views.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Only for partner simulators on this machine: lets webhooks call private addresses.
WEBHOOK_ALLOW_PRIVATE = env.bool("OMS_WEBHOOK_ALLOW_PRIVATE", default=False)

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "oms" / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("OMS_STATIC_ROOT", default=str(DATA_DIR / "static")))
MEDIA_ROOT = Path(env.str("OMS_MEDIA_ROOT", default=str(DATA_DIR / "media")))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "oms.runtime.static.StaticFiles"},
}
if env.str("OMS_S3_BUCKET", default=""):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.str("OMS_S3_BUCKET"),
            "endpoint_url": env.str("OMS_S3_ENDPOINT", default=None),
            "default_acl": "private",
        },
    }

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("OMS_MAIL_FROM", default="orders@localhost")

# Who sells, as documents show it; prices and invoices count the days of this zone.
SELLER = {
    "name": env.str("OMS_SELLER_NAME", default="Tidewater"),
    "address": env.str("OMS_SELLER_ADDRESS", default="", multiline=True),
    "tax_number": env.str("OMS_SELLER_TAX_NUMBER", default=""),
    "time_zone": env.str("OMS_SELLER_TIME_ZONE", default="Australia/Perth"),
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_DB_REUSE_MAX = 200
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# What is set up comes before what is looked at, in the order of the work.
ADMIN_APPS_FIRST = ("inventory", "catalogue", "channels", "routing", "orders", "fulfilment", "letters")
# Above this value in a day a person's stock corrections need a second one; 0 switches it off.
ADJUSTMENT_LIMIT = env.str("OMS_ADJUSTMENT_LIMIT", default="5000")
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "serve backorders": {"task": "oms.flows.tasks.serve_backorders", "schedule": 300},
    "pick up imports": {"task": "oms.flows.tasks.run_imports", "schedule": 30, "options": {"expires": 30}},
    "pick up order jobs": {
        "task": "oms.flows.tasks.run_order_jobs",
        "schedule": 30,
        "options": {"expires": 30},
    },
    "pick up replays": {"task": "oms.flows.tasks.run_replays", "schedule": 30, "options": {"expires": 30}},
    "plan unreleased orders again": {
        "task": "oms.flows.tasks.replan",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "watch requests and promises": {"task": "oms.flows.tasks.watch_requests", "schedule": 300},
    "expire lots": {"task": "oms.flows.tasks.expire_lots", "schedule": 60, "options": {"expires": 60}},
    "watch invoices": {"task": "oms.flows.tasks.watch_invoices", "schedule": 3600},
    "watch transfers": {"task": "oms.flows.tasks.watch_transfers", "schedule": 900},
    "open counts": {"task": "oms.flows.tasks.open_counts", "schedule": crontab(minute=7)},
    "classify stock": {"task": "oms.flows.tasks.classify_stock", "schedule": crontab(hour=1, minute=40)},
    "close stock": {"task": "oms.flows.tasks.close_stock", "schedule": 300, "options": {"expires": 300}},
    "prove invariants": {"task": "oms.flows.tasks.prove_invariants", "schedule": crontab(hour=2, minute=10)},
    "verify the audit": {"task": "oms.flows.tasks.verify_audit", "schedule": crontab(hour=3, minute=10)},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300}
DJANGO_CELERY_BEAT_TZ_AWARE = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["oms.core.api.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["oms.core.api.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["oms.core.api.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "oms.core.api.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "oms.core.api.problem_document",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Order management API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "DEFAULT_GENERATOR_CLASS": "oms.core.api.schema.HouseSchema",
    "DESCRIPTION": "Orders, stock, routing and fulfilment. Money is a decimal string; errors follow RFC 9457.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

LOGGING = logging_settings(level=env.str("OMS_LOG_LEVEL", default="INFO"))

# Differences of a count worth more than this, in minor units, need the word of two approvers.
COUNT_APPROVAL_MINOR = env.int("OMS_COUNT_APPROVAL_MINOR", default=50_000)

# Limits: every queue, list and body has one, and each refusal names it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # bytes; a bulk call of 1,000 orders fits
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
LIMITS = {
    "lines_per_order": 500,
    "orders_per_bulk_call": 1_000,
    "page_size": 200,
    "outbox_batch": 100,
    "replans_per_order": 5,
    "import_bytes": 128 * 1024 * 1024,
    "import_inflated_bytes": 512 * 1024 * 1024,
    "import_members": 1_000,
    "import_rows": 1_000_000,
    "import_columns": 200,
    "requests_per_minute": env.int("OMS_REQUESTS_PER_MINUTE", default=60_000),
}
