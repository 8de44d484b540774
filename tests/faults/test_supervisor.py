"""The whole house on one machine, with things killed under it."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from celery import Celery

from oms.runtime.folder import CHECKOUT, DataFolder
from oms.runtime.services import free_port

UP = [sys.executable, "-m", "oms.runtime.up"]
PATIENCE_SECONDS = 180


class House:
    """One running instance, as a person at the terminal sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = DataFolder(folder)
        self.port = free_port()
        self.said = folder.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and answer the seconds until it was ready."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OMS_", "DATABASE", "CELERY"))
        }
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        environment = kept | {"OMS_DATA_DIR": str(self.folder.path), "PORT": str(self.port), "OMS_DEMO": "0"}
        began = time.monotonic()
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                UP, cwd=CHECKOUT, env=environment, stdout=said, stderr=said, start_new_session=True
            )
        until(lambda: "Ready after" in self.output or self.process.poll() is not None, PATIENCE_SECONDS)
        assert "Ready after" in self.output, self.output
        return time.monotonic() - began

    def stop(self, number: int = signal.SIGINT) -> float:
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
        return time.monotonic() - began

    @property
    def output(self) -> str:
        return self.said.read_text(errors="replace")

    @property
    def environment(self) -> dict[str, str]:
        return self.folder.read_environment()

    def guards(self) -> dict[str, int]:
        mark = f"--lock {self.folder.lock_file} "
        return {re.search(r"--name (\S+)", line)[1]: pid for pid, line in command_lines() if mark in line}

    def child(self, name: str) -> int:
        parent = self.guards()[name]
        return next((pid for pid, _ in command_lines() if parent_of(pid) == parent), 0)

    def left_behind(self) -> list[str]:
        return [line for _, line in command_lines() if str(self.folder.path) in line]

    def answers(self, path: str = "/readyz", state: str = '"ready"') -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return state in answer.read().decode()
        except (urllib.error.URLError, OSError):
            return False


def command_lines() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(entry.parent.name), entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def until(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    for parent in [folder, *folder.parents][:3]:
        # Postgres runs under an account of its own when we are root, and must be able to step in.
        parent.chmod(parent.stat().st_mode | 0o711)
    house = House(folder / "data")
    house.start()
    yield house
    house.stop()
    assert house.left_behind() == []


def test_it_greets_with_address_user_and_first_password(house):
    assert f"http://localhost:{house.port}" in house.output
    assert re.search(r"User: admin +First password: [a-z2-9]{5}(-[a-z2-9]{5}){3}", house.output)
    assert re.search(r"Postgres 1\d\.\d+ \((wheel|system|OMS_PG_BIN): ", house.output)


def test_it_becomes_ready_with_all_signs_of_life(house):
    assert until(house.answers, 60)


def test_the_doctor_in_another_terminal_finds_it_sound(house):
    assert until(house.answers, 60)
    environment = os.environ | {
        "OMS_DATA_DIR": str(house.folder.path),
        "DJANGO_SETTINGS_MODULE": "oms.settings",
    }
    for name in (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "CELERY_BROKER_URL",
        "OMS_SECRET_KEY",
        "OMS_MASTER_KEYS",
    ):
        environment.pop(name, None)

    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_second_start_on_the_same_folder_refuses(house):
    environment = os.environ | {"OMS_DATA_DIR": str(house.folder.path), "PORT": str(free_port())}
    done = subprocess.run(UP, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert f"in use by process {house.process.pid}" in done.stdout


@pytest.mark.parametrize("name", ["web", "worker", "beat", "relay", "broker", "postgres"])
def test_a_killed_process_comes_back(house, name):
    old = house.child(name)

    os.kill(old, signal.SIGKILL)

    assert until(lambda: name in house.guards() and house.child(name) not in {0, old}, 20)
    assert until(house.answers, 60), house.output[-2000:]


def test_tasks_go_on_after_the_database_dropped_every_connection(house):
    assert until(house.answers, 60)
    password = (house.folder.path / "postgres-password").read_text().strip()
    url = house.environment["DATABASE_URL"].rpartition("@")[2]
    queue = Celery(broker=house.environment["CELERY_BROKER_URL"])
    house.said.write_text("")

    with psycopg.connect(f"postgres://postgres:{password}@{url}", autocommit=True) as superuser:
        superuser.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'oms_app'")
        superuser.execute("update runtime_heartbeat set beat_at = '2020-01-01' where process = 'clock'")
        for _ in range(20):
            queue.send_task("oms.runtime.tasks.tick")
        heard = "select beat_at > '2021-01-01' from runtime_heartbeat where process = 'clock'"
        assert until(lambda: superuser.execute(heard).fetchone()[0], 30)

    assert "raised unexpected" not in house.output


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_recovers(house):
    house.process.kill()
    house.process.wait()

    house.start()

    assert len(house.guards()) == 6
    assert until(house.answers, 60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_within_seconds_and_starts_again_quickly(house, number):
    assert house.stop(number) < 15
    assert house.left_behind() == []

    assert house.start() < 60
