"""The four kinds of process, each a command that also runs alone."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from oms.runtime.folder import CHECKOUT, DataFolder

PYTHON = sys.executable
MANAGE = str(CHECKOUT / "manage.py")
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def web(environment: Mapping[str, str]) -> list[str]:
    command = [PYTHON, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"]
    command += ["--host", environment.get("OMS_HOST", "127.0.0.1"), "--port", environment.get("PORT", "8000")]
    command += ["--workers", environment.get("OMS_WEB_WORKERS", "2"), "--respawn-failed-workers"]
    command += ["--blocking-threads", environment.get("OMS_WEB_THREADS", "8"), "--workers-kill-timeout", "5s"]
    return [*command, "--working-dir", str(CHECKOUT), "oms.wsgi:application"]


def worker(environment: Mapping[str, str]) -> list[str]:
    command = [PYTHON, "-m", "celery", "--quiet", "-A", "oms.celery", "worker", "--loglevel", "WARNING"]
    command += ["--concurrency", environment.get("OMS_WORKERS", "2"), "--pool", "prefork"]
    return [*command, "--without-gossip", "--without-mingle"]


def beat(environment: Mapping[str, str]) -> list[str]:
    # One beat only: two would send everything twice. The schedule stands in the database.
    return [
        PYTHON,
        "-m",
        "celery",
        "--quiet",
        "-A",
        "oms.celery",
        "beat",
        "--loglevel",
        "WARNING",
        "--pidfile=",
    ]


def relay(environment: Mapping[str, str]) -> list[str]:
    return [PYTHON, MANAGE, "relay"]


def fresh_metrics_folder() -> str:
    """Empty the folder in which web processes share their counters; a start begins at zero."""
    folder = Path(os.environ.get(METRICS_FOLDER) or DataFolder.from_environment().path / "metrics")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return str(folder)


def become(command: list[str], **environment: str) -> None:
    """Turn this process into the command, so that signals reach it and nothing stands in between."""
    os.chdir(CHECKOUT)
    os.execve(command[0], command, os.environ | environment)
