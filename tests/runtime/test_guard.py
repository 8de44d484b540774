import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oms.runtime.services import GUARD, free_port

HOLDS_LOCK = """
import fcntl, subprocess, sys, time
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
guard = subprocess.Popen(sys.argv[2:])
print(guard.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "lock"
    with path.open("w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        yield path


def guard(lock: Path, code: str, *options: str) -> list[str]:
    named = ["--name", "child", "--lock", str(lock), "--grace", "2", *options]
    return [sys.executable, "-I", str(GUARD), *named, "--", sys.executable, "-uc", code]


def started(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def until(condition, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]


def test_a_child_ends_with_its_guard(lock):
    with started(guard(lock, "import os,time; print(os.getpid()); time.sleep(60)")) as process:
        child = int(process.stdout.readline())

        process.send_signal(signal.SIGTERM)

        process.wait(5)
        assert not lives(child)


def test_a_child_that_dies_is_started_again(lock):
    with started(guard(lock, "import os; print(os.getpid()); os._exit(3)", "--restart")) as process:
        first, told, second = (process.stdout.readline().strip() for _ in range(3))
        process.terminate()

        assert first.isdigit()
        assert "ended with code 3" in told
        assert second.isdigit()


def test_a_child_that_keeps_dying_is_given_up(lock):
    with started(guard(lock, "raise SystemExit(3)", "--restart")) as process:
        assert process.wait(30) == 75


def test_a_child_that_will_not_stop_is_killed(lock):
    deaf = "import signal,time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(60)"
    with started(guard(lock, deaf)) as process:
        process.stdout.readline()

        process.terminate()

        assert process.wait(6) == -signal.SIGKILL % 256


def test_grandchildren_do_not_outlive_a_killed_child(lock):
    family = (
        "import os,subprocess,sys,time;"
        "kid = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(os.getpid(), kid.pid); time.sleep(60)"
    )
    with started(guard(lock, family)) as process:
        child, grandchild = map(int, process.stdout.readline().split())

        os.kill(child, signal.SIGKILL)

        process.wait(5)
        assert until(lambda: not lives(grandchild))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_nothing_outlives_a_supervisor_that_was_killed(tmp_path):
    lock = tmp_path / "lock"
    lock.touch()
    command = guard(lock, "import os,time; print(os.getpid()); time.sleep(60)")
    with started([sys.executable, "-c", HOLDS_LOCK, str(lock), *command]) as supervisor:
        pids = {int(supervisor.stdout.readline()) for _ in range(2)}

        supervisor.kill()

        assert until(lambda: not any(map(lives, pids)))


def test_a_free_port_is_free():
    assert free_port() != free_port()
