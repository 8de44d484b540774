"""The data folder: one lock, one file of secrets, and everything the embedded services keep."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from oms.runtime.errors import CannotStart

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ORPHANS_STOP_WITHIN = 45


class DataFolder:
    """Where one instance keeps its data; several stand beside each other, each with its own folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock_file = path / "lock"
        self.environment_file = path / "environment"
        self.logs = path / "logs"
        self._lock: IO[str] | None = None

    @classmethod
    def from_environment(cls) -> "DataFolder":
        return cls(Path(os.environ.get("OMS_DATA_DIR") or CHECKOUT / ".data").resolve())

    def prepare(self) -> None:
        """Make the folder, reachable for the account of the database server when we are root."""
        try:
            self.path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise CannotStart(f"{self.path} cannot be written ({error}); set OMS_DATA_DIR.") from error

    def lock(self) -> None:
        """Keep every other supervisor out for as long as this process lives.

        Raises ``CannotStart`` when one is running on this folder.
        """
        # Opened without truncation: the text of the holder must stay readable.
        self._lock = self.lock_file.open("a+")
        deadline = time.monotonic() + ORPHANS_STOP_WITHIN
        while not self._try_lock():
            holder = self._holder()
            if _alive(holder):
                raise CannotStart(
                    f"{self.path} is in use by process {holder}. Stop that one first, "
                    "or set OMS_DATA_DIR to another folder to run a second instance."
                )
            # The supervisor is gone; its children see that and are stopping.
            if time.monotonic() > deadline:
                raise CannotStart(f"Processes of an earlier start still use {self.path} and do not stop.")
            time.sleep(0.2)
        self._lock.seek(0)
        self._lock.truncate()
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()

    def release(self) -> None:
        """Let another supervisor in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def read_environment(self) -> dict[str, str]:
        """What the last start wrote for processes that are started alone."""
        if not self.environment_file.exists():
            return {}
        lines = self.environment_file.read_text().splitlines()
        pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        return {name.strip(): value.strip() for name, value in pairs}

    def write_environment(self, values: dict[str, str]) -> None:
        """Replace the file in one step; it holds secrets and only its owner may read it."""
        fresh = self.environment_file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        head = "# Written at each start; any manage.py command finds the running services here.\n"
        fresh.write_text(head + "".join(f"{name}={value}\n" for name, value in values.items()))
        fresh.replace(self.environment_file)

    def _try_lock(self) -> bool:
        assert self._lock is not None
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _holder(self) -> int:
        # Reading through a second descriptor and closing it would drop our locks; here we hold none yet.
        text = self.lock_file.read_text().strip()
        return int(text) if text.isdigit() else 0


def _alive(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
