"""Everything on one machine under one supervisor: ``./run``, which is ``python -m oms.runtime.up``.

Services first, then schema and first user, then the processes; on the way out in reverse. Django is not
loaded here: the supervisor stays small, starts at once, and cannot be broken by what it supervises.
"""

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing

from oms.runtime import processes
from oms.runtime.broker import Broker
from oms.runtime.errors import CannotStart
from oms.runtime.folder import CHECKOUT, DataFolder
from oms.runtime.output import follow, say
from oms.runtime.postgres import APPLICATION, OWNER, Passwords, Server
from oms.runtime.services import Guarded

FIRST_PORT = 8000
PORTS_TRIED = 100
WEB_OPENS_WITHIN = 120
# A demo shop that takes longer is filled while the pages are open already.
DEMO_PATIENCE = 40
# Celery warns of root at each start; a demonstration in a container runs as root by design.
QUIET = {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore:You're running the worker"}
PROCESSES: dict[str, Callable[[dict[str, str]], list[str]]] = {
    "web": processes.web,
    "worker": processes.worker,
    "beat": processes.beat,
    "relay": processes.relay,
}


class Stopped(Exception):
    """Somebody asked us to stop."""


class Up:
    def __init__(self) -> None:
        self.folder = DataFolder.from_environment()
        self.stopping = threading.Event()
        self.services: list[Server | Broker] = []
        self.running: list[Guarded] = []
        self.environment: dict[str, str] = {}
        self.claim: socket.socket | None = None

    def run(self) -> int:
        """Start everything, stay until a signal or a process that cannot be kept alive, stop everything."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        code = 0
        try:
            self._start()
            code = self._stay()
        except Stopped:
            pass
        except CannotStart as error:
            say(str(error))
            code = 1
        finally:
            self._stop()
        return code

    def _start(self) -> None:
        began = time.monotonic()
        self.folder.prepare()
        self.folder.lock()
        known = self.folder.read_environment()
        self.environment = self._settings(known)
        self._start_services()
        self.folder.write_environment(self.environment)
        self._run_once("prepare")
        self._fill_demo_shop()
        # The pages first: what the others load would keep them waiting.
        self._launch_process("web")
        self._await_web()
        for name in PROCESSES:
            if name != "web":
                self._launch_process(name)
        self._greet(time.monotonic() - began)

    def _settings(self, known: dict[str, str]) -> dict[str, str]:
        port = self._choose_port()
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        made = {
            "OMS_SECRET_KEY": known.get("OMS_SECRET_KEY") or secrets.token_urlsafe(48),
            "OMS_MASTER_KEYS": known.get("OMS_MASTER_KEYS") or key,
            "OMS_EMBEDDED": "1",
            "OMS_DATA_DIR": str(self.folder.path),
            "OMS_PUBLIC_URL": f"http://localhost:{port}",
            "OMS_LOG_FORMAT": "text",
            "PORT": str(port),
        }
        # What the person at the terminal set wins over what we would choose.
        return made | {name: os.environ[name] for name in made if os.environ.get(name)} | {"PORT": str(port)}

    def _choose_port(self) -> int:
        host = os.environ.get("OMS_HOST", "127.0.0.1")
        if wanted := os.environ.get("PORT"):
            if not wanted.isdigit() or not self._claim_port(host, int(wanted)):
                raise CannotStart(f"PORT={wanted} cannot be used: something else listens there.")
            return int(wanted)
        for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
            if self._claim_port(host, port):
                return port
        raise CannotStart(f"No free port from {FIRST_PORT} on; set PORT.")

    def _claim_port(self, host: str, port: int) -> bool:
        """Hold the port for our own web processes, which share it, against a second instance."""
        try:
            with closing(socket.socket()) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
            self.claim = socket.socket()
            self.claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.claim.bind((host, port))
        except OSError:
            return False
        return True

    def _start_services(self) -> None:
        if url := os.environ.get("DATABASE_URL"):
            self.environment["DATABASE_URL"] = url
            self.environment["DATABASE_OWNER_URL"] = os.environ.get("DATABASE_OWNER_URL", "")
            say("Database: the one of DATABASE_URL")
        else:
            self._start_postgres()
        if url := os.environ.get("CELERY_BROKER_URL"):
            self.environment["CELERY_BROKER_URL"] = url
            say("Broker: the one of CELERY_BROKER_URL")
            return
        broker = Broker(
            self.folder.path / "broker", lock=self.folder.lock_file, log=self.folder.logs / "broker.log"
        )
        self.services.append(broker)
        broker.start()
        self.environment["CELERY_BROKER_URL"] = broker.url
        say(f"Broker: {broker.described} on port {broker.port}")

    def _start_postgres(self) -> None:
        server = Server(self.folder.path, lock=self.folder.lock_file, restart=True)
        server.log = self.folder.logs / "postgres.log"
        self.services.append(server)
        server.start()
        passwords = Passwords(owner=secrets.token_urlsafe(24), application=secrets.token_urlsafe(24))
        server.make_roles(passwords)
        self.environment["DATABASE_URL"] = server.url(APPLICATION, passwords.application)
        self.environment["DATABASE_OWNER_URL"] = server.url(OWNER, passwords.owner)
        say(f"Database: {server.described} on port {server.port}")

    def _launch_process(self, name: str) -> None:
        self._launch(name, PROCESSES[name](os.environ | self.environment))

    def _launch(self, name: str, command: list[str], *, restart: bool = True) -> Guarded:
        if self.stopping.is_set():
            raise Stopped
        environment = os.environ | self.environment | QUIET
        if name == "web":
            environment[processes.METRICS_FOLDER] = processes.fresh_metrics_folder()
        guarded = Guarded(
            name=name,
            command=command,
            lock=self.folder.lock_file,
            grace=8,
            restart=restart,
            folder=str(CHECKOUT),
            environment=environment,
        )
        guarded.start()
        assert guarded.process is not None
        assert guarded.process.stdout is not None
        follow(guarded.process.stdout, name)
        self.running.append(guarded)
        return guarded

    def _run_once(self, command: str, *arguments: str) -> None:
        """Run a management command to its end.

        Raises ``CannotStart`` when it fails, ``Stopped`` when we are asked to stop meanwhile.
        """
        step = self._launch(command, [processes.PYTHON, processes.MANAGE, command, *arguments], restart=False)
        if self._wait_for(step, patience=3600) != 0:
            raise CannotStart(f"{command} failed; its lines above say why.")
        self.running.remove(step)

    def _wait_for(self, step: Guarded, *, patience: float) -> int | None:
        """The exit code, or nothing when it still runs after that many seconds."""
        assert step.process is not None
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            try:
                return step.process.wait(0.1)
            except subprocess.TimeoutExpired:
                if self.stopping.is_set():
                    raise Stopped from None
        return None

    def _fill_demo_shop(self) -> None:
        wanted = self.folder.path / "demo-wanted"
        if not wanted.exists():
            return
        say("Filling the demo shop; set OMS_DEMO=0 before the first start to begin with an empty one.")
        command = [processes.PYTHON, processes.MANAGE, "seed_demo"]
        demo = self._launch("demo", command, restart=False)
        threading.Thread(target=self._mark_demo_done, args=(demo,), daemon=True).start()
        if self._wait_for(demo, patience=DEMO_PATIENCE) is None:
            say("The demo shop is still being filled; the pages open meanwhile.")

    def _mark_demo_done(self, demo: Guarded) -> None:
        assert demo.process is not None
        if demo.process.wait() == 0:
            (self.folder.path / "demo-wanted").unlink(missing_ok=True)
        elif not self.stopping.is_set():
            say("The demo shop could not be filled completely; the lines above say why.")
        if demo in self.running:
            self.running.remove(demo)

    def _await_web(self) -> None:
        address = f"http://127.0.0.1:{self.environment['PORT']}/healthz"
        deadline = time.monotonic() + WEB_OPENS_WITHIN
        while time.monotonic() < deadline:
            if self.stopping.is_set():
                raise Stopped
            self._check_running()
            try:
                with urllib.request.urlopen(address, timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise CannotStart(f"The web process does not answer at {address}.")

    def _check_running(self) -> None:
        for guarded in [*self.running]:
            if guarded.ended() and guarded.name in PROCESSES:
                raise CannotStart(f"{guarded.name} could not be kept running; its lines above say why.")

    def _greet(self, seconds: float) -> None:
        first = self.folder.path / "first-password"
        say("")
        say(f"Ready after {seconds:.0f} s: {self.environment['OMS_PUBLIC_URL']}")
        if first.exists():
            say(f"User: admin   First password: {first.read_text().strip()}   (change it)")
        say(f"Data: {self.folder.path}   Check-up: manage.py doctor   Stop: Ctrl-C")
        say("")

    def _stay(self) -> int:
        while not self.stopping.wait(0.5):
            self._check_running()
            for service in self.services:
                if service.guarded is not None and service.guarded.ended():
                    raise CannotStart(
                        f"{service.guarded.name} could not be kept running:\n{service.guarded.tail()}"
                    )
        return 0

    def _stop(self) -> None:
        self.stopping.set()
        if self.running or self.services:
            say("Stopping.")
        for guarded in self.running:
            guarded.ask_to_stop()
        for guarded in [*self.running]:
            guarded.stop()
        for service in reversed(self.services):
            service.stop()
        if self.services:
            say("Stopped.")


def main() -> int:
    """Be the supervisor until told otherwise."""
    os.chdir(CHECKOUT)
    return Up().run()


if __name__ == "__main__":
    sys.exit(main())
