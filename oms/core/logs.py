"""Structured logs: one JSON object a line, or readable text at a terminal, with the request's id on each."""

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

REQUEST_ID = "request_id"


def _plain(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    """One readable line: the event, then what it carries."""
    moment = str(event.pop("timestamp", ""))[11:23]
    level = str(event.pop("level", "")).upper()
    text = event.pop("event", "")
    trace = event.pop("exception", "")
    event.pop("logger", None)
    rest = " ".join(f"{key}={value}" for key, value in event.items())
    line = f"{moment} {level:<7} {text} {rest}".rstrip()
    return f"{line}\n{trace}" if trace else line


# RequestLog writes the line of a request; Django's own would be a second one. The rest chatter.
QUIETER = {
    "django.request": "ERROR",
    "django.server": "ERROR",
    "axes": "WARNING",
    "pyBarcode": "WARNING",
    "celery.app.trace": "WARNING",
    "celery.worker.strategy": "WARNING",
}
BEFORE: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_settings(*, level: str) -> dict[str, Any]:
    """Configure structlog and answer Django's LOGGING; OMS_LOG_FORMAT is ``json`` or ``text``."""
    text = os.environ.get("OMS_LOG_FORMAT", "json") == "text"
    last = _plain if text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*BEFORE, last],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    line = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        "foreign_pre_chain": [*BEFORE, structlog.stdlib.ExtraAdder()],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {name: {"level": quieter} for name, quieter in QUIETER.items()},
    }
