"""Keep one child process alive for as long as the supervisor lives.

The supervisor holds an exclusive lock on a file for its whole life. Each guard waits for a shared lock
on that file: the kernel grants it the moment the supervisor is gone, however it went, and the guard then
stops its child. The shared lock is kept until the child has ended, so the next supervisor cannot start
beside orphans of the last one. Standard library only: a guard starts in a few hundredths of a second.
"""

import argparse
import contextlib
import ctypes
import fcntl
import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
RESTARTS_PER_MINUTE = 5
GAVE_UP = 75


class Guard:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.stop_signal = signal.Signals[f"SIG{options.signal}"]
        self.stopping = threading.Event()
        self.child: subprocess.Popen[bytes] | None = None
        self.starts: list[float] = []

    def run(self) -> int:
        """Run the child until it ends or a stop is asked for; answer its exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        threading.Thread(target=self._await_orphanhood, daemon=True).start()
        while True:
            code = self._run_once()
            self._end_group()
            if self.stopping.is_set() or not self.options.restart:
                return code
            if not self._may_restart():
                self._say(f"ended with code {code} too often, giving up")
                return GAVE_UP
            self._say(f"ended with code {code}, starting it again")
            self.stopping.wait(1)

    def _run_once(self) -> int:
        self.starts.append(time.monotonic())
        self.child = self._spawn()
        while self.child.poll() is None:
            if self.stopping.wait(0.2):
                return self._stop()
        return self.child.returncode

    def _spawn(self) -> "subprocess.Popen[bytes]":
        account = pwd.getpwnam(self.options.user) if self.options.user else None
        return subprocess.Popen(
            self.options.command,
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=self._die_with_guard  # noqa: PLW1509 - calls libc alone, waits for no thread
            if sys.platform == "linux"
            else None,
            cwd=self.options.folder,
        )

    def _die_with_guard(self) -> None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, self.stop_signal, 0, 0, 0)

    def _stop(self) -> int:
        assert self.child is not None
        self.child.send_signal(self.stop_signal)
        try:
            return self.child.wait(self.options.grace)
        except subprocess.TimeoutExpired:
            self._say(f"did not stop within {self.options.grace} s, killed")
            self._end_group()
            return self.child.wait()

    def _end_group(self) -> None:
        """Leave none of the child's own children behind: they would keep its port."""
        assert self.child is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)

    def _may_restart(self) -> bool:
        recent = [start for start in self.starts if start > time.monotonic() - 60]
        return len(recent) <= RESTARTS_PER_MINUTE

    def _await_orphanhood(self) -> None:
        with Path(self.options.lock).open("rb") as lock:
            fcntl.lockf(lock, fcntl.LOCK_SH)
            self.stopping.set()
            # The lock must outlive the child, hence no release here: it goes with the process.
            threading.Event().wait()

    def _say(self, text: str) -> None:
        print(f"{self.options.name} {text}", flush=True)  # noqa: T201


def main() -> int:
    """Read the command line and guard the command after ``--``."""
    parser = argparse.ArgumentParser(prog="guard")
    parser.add_argument("--name", required=True)
    parser.add_argument("--lock", required=True)
    parser.add_argument("--signal", default="TERM")
    parser.add_argument("--grace", type=float, default=8)
    parser.add_argument("--user", default="")
    parser.add_argument("--folder", default=None)
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("command", nargs="+")
    return Guard(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
