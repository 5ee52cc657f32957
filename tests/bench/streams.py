"""A thousand streams open at once on one ASGI process: how late news is, and what it costs the server.

Run with ``python -m tests.bench --only streams``. On SQLite, and on PostgreSQL if there is a server
(``tests/database_servers.py``). Twice: each stream on a job of its own, and all on one job.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dj_database_url
import psutil
import psycopg

from tests.conftest import database_url
from tests.database_servers import POSTGRES, Unavailable, free_port

from .stream_clients import Client, Writer, ask, delays_s, open_clients

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "streams"
STREAMS = 1_000
IDLE_S = 10.0
ROUNDS = 3
CHANGES, CHANGES_PER_S = 500, 100.0
SHARED_CHANGES, SHARED_CHANGES_PER_S = 10, 2.0
"""In each round."""
ASKED = 100
DELAY_TARGETS_S = {"SQLite": 2.0, "PostgreSQL": 0.5}
IDLE_TARGET_PERCENT = 3.0
SLOWER_TARGET_MS = 10.0
POOLED = 8
"""The connections of the example site's pool: for all pages, and one for the hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def is_missed(self) -> bool:
        return self.target is not None and not self.value <= self.target


def measure_streams() -> bool:
    """Measure and print; False if a target was missed."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    is_good = True
    with tempfile.TemporaryDirectory(prefix="mediacloud-bench-") as folder:
        for name, url in _databases(Path(folder)):
            lines = asyncio.run(_measure(name, url, Path(folder)))
            is_good &= _print(name, lines)
    return is_good


def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'bench.sqlite3'}"
    try:
        with POSTGRES.running(may_install=False) as url, _made_on(url) as made:
            yield "PostgreSQL", made
    except Unavailable as reason:
        print(f"streams on PostgreSQL were not measured: {reason}")


@contextlib.contextmanager
def _made_on(url: str) -> Iterator[str]:
    """The URL of a new database on that server, dropped afterwards."""
    entry = dict(dj_database_url.parse(url))
    entry["NAME"] = f"mediacloud_bench_{os.getpid()}"
    with psycopg.connect(
        host=entry["HOST"],
        port=entry["PORT"] or None,
        user=entry["USER"],
        password=entry["PASSWORD"] or None,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(f"CREATE DATABASE {entry['NAME']}")
        try:
            yield database_url(entry)
        finally:
            connection.execute(f"DROP DATABASE {entry['NAME']} WITH (FORCE)")


async def _measure(name: str, url: str, folder: Path) -> list[Line]:
    environ = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.stream_site.settings",
        "DATABASE_URL": url,
        "DATABASE_POOL": "1",
        "MEDIACLOUD_HOME": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    migrate = [sys.executable, str(ROOT / "example_project" / "manage.py"), "migrate", "--noinput", "-v", "0"]
    subprocess.run(migrate, env=environ, check=True)
    async with _server(environ) as (server, port), _writer(environ) as writer:
        pks = await writer.heard()
        assert isinstance(pks, list)
        target_s = DELAY_TARGETS_S[name]
        return [
            *await _each_its_own(server, port, writer, pks, target_s),
            *await _all_on_one(server, port, writer, pks, target_s),
        ]


@contextlib.asynccontextmanager
async def _server(environ: dict[str, str]) -> AsyncIterator[tuple[psutil.Process, int]]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "example_project.asgi:application", "--port", str(port)]
    command += ["--lifespan", "off", "--log-level", "warning", "--timeout-graceful-shutdown", "2"]
    process = await asyncio.create_subprocess_exec(*command, env=environ, cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                await ask(port, "/healthz")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit("The server does not answer.") from None
                await asyncio.sleep(0.1)
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def _writer(environ: dict[str, str]) -> AsyncIterator[Writer]:
    command = [sys.executable, "-m", "tests.bench.stream_writer", str(STREAMS + 1)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environ, cwd=ROOT, stdin=pipe, stdout=pipe)
    try:
        yield Writer(process)
    finally:
        process.terminate()
        await process.wait()


async def _each_its_own(
    server: psutil.Process, port: int, writer: Writer, pks: Sequence[int], target_s: float
) -> list[Line]:
    alone_ms = await _answer_ms(port)
    rss = server.memory_info().rss
    began = time.monotonic()
    clients = await open_clients(port, pks[:STREAMS])
    opened_s = time.monotonic() - began
    reading = [asyncio.create_task(client.read()) for client in clients]
    cpu_s = _cpu_s(server)
    await asyncio.sleep(IDLE_S)
    idle_percent = (_cpu_s(server) - cpu_s) / IDLE_S * 100
    rss_kib = (server.memory_info().rss - rss) / 1024 / STREAMS
    connections, threads = _connections(server, port), server.num_threads()
    idle_ms = await _answer_ms(port)
    cpu_s = _cpu_s(server)
    began = time.monotonic()
    change = {"pks": pks[:STREAMS], "rate": CHANGES_PER_S, "changes": CHANGES}
    delays, busy_ms = await asyncio.gather(_rounds(writer, clients, change, target_s), _answer_ms(port))
    busy_percent = (_cpu_s(server) - cpu_s) / (time.monotonic() - began) * 100
    lines = [
        Line(what=f"{STREAMS} streams opened", value=opened_s, unit="s"),
        *_delay_lines(f"{CHANGES_PER_S:.0f} changes/s, each job its stream", delays, target_s),
        Line(what="server's CPU, idle", value=idle_percent, unit="%", target=IDLE_TARGET_PERCENT),
        Line(what="server's CPU, with the changes", value=busy_percent, unit="%"),
        Line(what="server's memory for a stream", value=rss_kib, unit="KiB"),
        Line(what="server's threads", value=threads, unit=""),
        *connections,
        Line(what="another page, no streams", value=alone_ms, unit="ms"),
        Line(what="another page, idle streams", value=idle_ms, unit="ms", target=alone_ms + SLOWER_TARGET_MS),
        Line(what="another page, with the changes", value=busy_ms, unit="ms", target=alone_ms + SLOWER_TARGET_MS),
    ]
    return [*lines, await _ended(writer, clients, reading, pks[:STREAMS])]


async def _all_on_one(
    server: psutil.Process, port: int, writer: Writer, pks: Sequence[int], target_s: float
) -> list[Line]:
    pk = pks[STREAMS]
    clients = await open_clients(port, [pk] * STREAMS)
    reading = [asyncio.create_task(client.read()) for client in clients]
    change = {"pks": [pk], "rate": SHARED_CHANGES_PER_S, "changes": SHARED_CHANGES}
    delays = await _rounds(writer, clients, change, target_s)
    lines = _delay_lines(f"{SHARED_CHANGES_PER_S:.0f} changes/s, all streams on one job", delays, target_s)
    return [*lines, await _ended(writer, clients, reading, [pk])]


async def _answer_ms(port: int) -> float:
    return statistics.median([await ask(port, "/healthz") for _ in range(ASKED)]) * 1000


def _cpu_s(server: psutil.Process) -> float:
    times = server.cpu_times()
    return times.user + times.system


def _connections(server: psutil.Process, port: int) -> list[Line]:
    """Its connections to a database server: all that it has not taken at its own port.

    Of SQLite there is nothing to count: it keeps the handles of closed connections while another one is open.
    """
    links = [link for link in server.net_connections("tcp") if link.status == psutil.CONN_ESTABLISHED]
    count = sum(link.laddr.port != port for link in links)
    return [Line(what="database connections", value=count, unit="", target=POOLED)] if count else []


async def _rounds(
    writer: Writer, clients: Sequence[Client], change: dict[str, Any], target_s: float
) -> list[list[float]]:
    """For each round the delays of all news, the shortest first."""
    rounds = []
    for _ in range(ROUNDS):
        commits = await writer.tell(**change)
        await asyncio.sleep(2 * target_s)
        rounds.append(sorted(delays_s(clients, commits)))
    return rounds


def _delay_lines(what: str, rounds: Sequence[Sequence[float]], target_s: float) -> list[Line]:
    """The median over the rounds: what disturbs the machine for a moment disturbs one of them."""
    median_s = statistics.median(delays[len(delays) // 2] for delays in rounds)
    latest_s = statistics.median(delays[-1] for delays in rounds)
    return [
        Line(what=f"{what}: median", value=median_s, unit="s"),
        Line(what=f"{what}: latest of {len(rounds[0])}", value=latest_s, unit="s", target=target_s),
    ]


async def _ended(
    writer: Writer, clients: Sequence[Client], reading: Sequence[asyncio.Task[None]], pks: Sequence[int]
) -> Line:
    """Streams that did not tell of the end of their job, or did not end."""
    await writer.tell(pks=list(pks), end=True)
    _done, late = await asyncio.wait(reading, timeout=20)
    for task in late:
        task.cancel()
    lost = len(late) + sum(client.state != "succeeded" for client in clients)
    return Line(what="streams without their end", value=lost, unit="", target=0)


def _print(name: str, lines: Sequence[Line]) -> bool:
    print(f"\nstreams on {name}: {STREAMS} open at once on one ASGI process")
    for line in lines:
        target = "" if line.target is None else f"<= {line.target:.2f}"
        print(f"{line.what:<58} {line.value:9.2f} {line.unit:<4} {target:<10}{'  MISSED' if line.is_missed else ''}")
    return not any(line.is_missed for line in lines)
