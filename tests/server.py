"""A throw-away Postgres for one test run: made in a temporary folder, gone with the process."""

import atexit
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO

from oms.runtime.postgres import APPLICATION, OWNER, Passwords, Server

PREFIX = "oms-test-"
WORKER, STARTER = "PYTEST_XDIST_WORKER", "OMS_TEST_SERVER_OF"
# A run that is just starting has no lock yet.
YOUNG_SECONDS = 60
PASSWORDS = Passwords(owner="test-owner", application="test-application")


def start() -> dict[str, str]:
    """Start the server and answer the environment that points at it; it stops when we do."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    # The server may run under another account, which must be able to step in.
    folder.chmod(0o711)
    lock = (folder / "lock").open("wb")
    fcntl.lockf(lock, fcntl.LOCK_EX)
    server = Server(folder, lock=folder / "lock", throwaway=not os.environ.get("OMS_TEST_DURABLE"))
    server.start()
    server.make_roles(PASSWORDS)
    # Emptying append-only tables between tests needs their triggers silent for a moment.
    server.execute(f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}")
    # The lock is held as long as the file is open, that is until the exit handler has run.
    atexit.register(_stop, server, folder, lock, os.getpid())
    return {
        "DATABASE_URL": server.url(APPLICATION, PASSWORDS.application),
        "DATABASE_OWNER_URL": server.url(OWNER, PASSWORDS.owner),
        "OMS_DATA_DIR": str(folder),
        STARTER: _worker(),
    }


def is_of_another_worker() -> bool:
    """Whether the server in the environment was started by a test process beside or above this one."""
    return os.environ.get(STARTER, _worker()) != _worker()


def _worker() -> str:
    # A child of a worker inherits the worker's name and so its server.
    return os.environ.get(WORKER, "alone")


def _stop(server: Server, folder: Path, lock: IO[bytes], starter: int) -> None:
    if os.getpid() == starter:
        server.stop()
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove what runs that were killed have left; a run that lives holds its lock."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/lock"):
        try:
            if time.time() - lock.stat().st_mtime < YOUNG_SECONDS:
                continue
            with lock.open("r+b") as held:
                fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:
            continue
