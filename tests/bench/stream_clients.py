"""Many open streams in one event loop, and when each line came."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_CHANGE = re.compile(rb'^\{"pk": (\d+), "n": (\d+), "state": "(\w+)"\}')
OPENED_AT_ONCE = 50
OPEN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The change number ``n`` of a job was committed at ``at``."""

    pk: int
    n: int
    at: float


@dataclass(slots=True, kw_only=True)
class Client:
    pk: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    lines: list[tuple[int, float]] = field(default_factory=list)
    """The number of the change that a line told of, and when it came."""
    state: str = ""

    async def read(self) -> None:
        while words := await self.reader.readline():
            if change := _CHANGE.match(words):
                self.lines.append((int(change[2]), time.monotonic()))
                self.state = change[3].decode()
            elif words == b"0\r\n":
                break
        self.writer.close()


async def open_clients(port: int, pks: Iterable[int]) -> list[Client]:
    """A stream for each of ``pks``, each of which has had its first line."""
    gate = asyncio.Semaphore(OPENED_AT_ONCE)

    async def open_one(pk: int) -> Client:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET /stream?job={pk} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            status = await reader.readline()
            if b" 200 " not in status:
                raise SystemExit(f"A stream was answered with {status!r}.")
            while not (await reader.readline()).startswith(b"["):
                pass
        return Client(pk=pk, reader=reader, writer=writer)

    async with asyncio.timeout(OPEN_S):
        return await asyncio.gather(*map(open_one, pks))


def delays_s(clients: Sequence[Client], commits: Sequence[Commit]) -> list[float]:
    """From each commit to its news at each client of that job; infinite where none came.

    News of a later change is news of all before it: that is what a reader gets who was told of two at once.
    """
    by_pk: dict[int, list[Commit]] = {}
    for commit in commits:
        by_pk.setdefault(commit.pk, []).append(commit)
    found = []
    for client in clients:
        lines = iter(client.lines)
        line = next(lines, None)
        for commit in by_pk.get(client.pk, ()):
            while line is not None and line[0] < commit.n:
                line = next(lines, None)
            found.append(float("inf") if line is None else line[1] - commit.at)
    return found


async def ask(port: int, path: str) -> float:
    """Seconds until a page has been answered with 200."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    if b" 200 " not in answer.partition(b"\r\n")[0]:
        raise SystemExit(f"{path} was answered with {answer[:200]!r}.")
    return time.monotonic() - began


class Writer:
    """The process that changes rows (``stream_writer``)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def heard(self) -> object:
        assert self._process.stdout is not None
        return json.loads(await self._process.stdout.readline())

    async def tell(self, **order: object) -> list[Commit]:
        """What was committed by the time that the order is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        commits = []
        while isinstance(words := await self.heard(), list):
            commits.append(Commit(pk=words[0], n=words[1], at=words[2]))
        return commits
