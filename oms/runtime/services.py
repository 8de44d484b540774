"""What every embedded service needs: a free port, an account that may run it, a guarded process."""

import os
import pwd
import socket
import subprocess
import sys
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oms.runtime.errors import CannotStart

GUARD = Path(__file__).with_name("guard.py")


def free_port() -> int:
    """Find a TCP port on loopback that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Account:
    """How a server that refuses the superuser is run: as itself, as another account, in a namespace."""

    user: str = ""
    prefix: tuple[str, ...] = ()

    @property
    def popen(self) -> dict[str, Any]:
        if not self.user:
            return {}
        entry = pwd.getpwnam(self.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def can_run(self, binary: Path, folder: Path) -> bool:
        """Say whether the account reaches both the program and the folder it will work in."""
        probe = ["/bin/sh", "-c", 'cd "$1" && exec "$2" --version', "sh", str(folder), str(binary)]
        try:
            done = subprocess.run(
                [*self.prefix, *probe], capture_output=True, timeout=30, check=False, cwd="/", **self.popen
            )
        except (OSError, KeyError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


MYSELF = Account()
NAMESPACE = Account(prefix=("unshare", "--user", "--"))


def account_for(binary: Path, folder: Path) -> Account:
    """Choose who runs a server that will not run as root.

    Raises ``CannotStart`` when no way is open.
    """
    if os.geteuid() != 0:
        return MYSELF
    for account in (Account("postgres"), Account("nobody"), NAMESPACE):
        if account.can_run(binary, folder):
            return account
    raise CannotStart(
        f"Postgres will not run as root, and no unprivileged account can reach {binary} and {folder}. "
        "Run as an ordinary user, or place the checkout and OMS_DATA_DIR where other accounts may read, "
        "or set DATABASE_URL to a server of your own."
    )


@dataclass
class Guarded:
    """A process running under its guard; the lock file belongs to the process that started it."""

    name: str
    command: list[str]
    lock: Path
    # Without a log of its own it speaks through a pipe, to be followed.
    log: Path | None = None
    signal: str = "TERM"
    grace: float = 20
    user: str = ""
    restart: bool = False
    folder: str = ""
    environment: dict[str, str] | None = None
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        """Start the guard, which starts the command and stops it when we are gone."""
        options = ["--name", self.name, "--lock", str(self.lock), "--signal", self.signal]
        options += ["--grace", str(self.grace), "--user", self.user]
        options += ["--folder", self.folder] if self.folder else []
        options += ["--restart"] if self.restart else []
        with self.log.open("ab") if self.log else nullcontext(subprocess.PIPE) as output:
            self.process = subprocess.Popen(
                [sys.executable, "-I", str(GUARD), *options, "--", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self.environment,
            )

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def ask_to_stop(self) -> None:
        if self.process is not None and not self.ended():
            self.process.terminate()

    def stop(self) -> None:
        """Ask, then wait; the guard itself kills what does not listen."""
        self.ask_to_stop()
        if self.process is not None:
            self.process.wait()

    def tail(self) -> str:
        """The last lines of the process's own log, for a message that explains itself."""
        if self.log is None:
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
