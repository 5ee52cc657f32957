"""Run an operation in a child process that has limits, reports its progress, and dies when told to."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..core.spec import Origin
from ..exceptions import EngineCrashed, EngineError, LimitExceeded
from .forkserver import PRELOADED, kill_group
from .limits import Limits
from .operation import Libraries, Outcome
from .registry import get_operation
from .wire import Reader, parse_error, parse_outcome, send

TICK_S = 0.25
SIZE_CHECK_S = 1.0
KILL_WAIT_S = 10.0

OnTick = Callable[[float | None], None]


def run_operation(
    name: str,
    *,
    parameters: Mapping[str, Any],
    inputs: Mapping[str, Sequence[Path]],
    workdir: Path,
    origins: Mapping[str, Sequence[Origin]] | None = None,
    limits: Limits | None = None,
    packages: tuple[str, ...] = (),
    on_tick: OnTick = lambda _progress: None,
) -> Outcome:
    """Run the operation ``name`` in a child process and return its outcome.

    ``parameters`` are the values returned by the operation's ``Parameters.clean``. ``inputs`` are local paths by
    parameter, ``origins`` where these files came from. ``workdir`` is an empty folder: the files of the outcome are in
    it, and the caller removes it. ``packages`` are dotted names of packages with more operations.

    ``on_tick`` is called at least every half second with the progress in percent (None before the first report). If it
    raises, the work is killed, and the exception goes on once all of its processes have ended.

    Raises what the operation raised; ``LimitExceeded``, whose code names the limit; ``EngineCrashed`` if the child died
    of anything else.
    """
    limits = limits or Limits()
    server = _servers[get_operation(name, packages).libraries(parameters)]
    request = {
        "operation": name,
        "parameters": dict(parameters),
        "inputs": {key: [str(path.absolute()) for path in paths] for key, paths in inputs.items()},
        "origins": {key: [asdict(origin) for origin in found] for key, found in (origins or {}).items()},
        "workdir": str(workdir.resolve()),
        "limits": limits.as_dict(),
        "packages": list(packages),
    }
    try:
        return _run_in_child(server, request, workdir, limits, on_tick)
    except _NeverBegan:
        return _run_in_child(server, request, workdir, limits, on_tick)


def _run_in_child(
    server: _ForkServer, request: Mapping[str, Any], workdir: Path, limits: Limits, on_tick: OnTick
) -> Outcome:
    child = server.take_child()
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send(child.channel, request)
        # This work has its child: if there can be no other, the next work will say so.
        with contextlib.suppress(EngineCrashed):
            server.prepare_child()
        return _Run(request["operation"], child, workdir, limits, on_tick).wait()
    finally:
        child.channel.close()


class _NeverBegan(EngineCrashed):
    """The child was killed while it waited for a request. No work has begun, so it is given to another child."""


def shutdown() -> None:
    """End this process's fork servers and everything that they run."""
    for server in _servers.values():
        server.stop()


class _Child:
    """A child that waits for its request: our end of the socket to it, and the server that has forked it."""

    def __init__(self, channel: socket.socket, server: subprocess.Popen[bytes]) -> None:
        self.channel = channel
        self.server = server
        self.reader = Reader(channel)
        self.pid: int | None = None

    def still_waits(self) -> bool:
        """Whether it is still alive and ready for a request."""
        with contextlib.suppress(ConnectionResetError):
            while select.select([self.channel], [], [], 0)[0]:
                messages = list(self.reader.read())
                if self.reader.is_over or any("exit" in message for message in messages):
                    return False
                # All that it says before it is asked is its pid.
                self.pid = messages[-1]["pid"] if messages else self.pid
            return self.server.poll() is None
        return False


class _Run:
    """Listens to one child until it has answered or is gone."""

    def __init__(self, name: str, child: _Child, workdir: Path, limits: Limits, on_tick: OnTick) -> None:
        self._name = name
        self._channel = child.channel
        self._server = child.server
        self._reader = child.reader
        self._workdir = workdir
        self._limits = limits
        self._on_tick = on_tick
        self._progress: float | None = None
        self._answer: dict[str, Any] = {}
        self._has_begun = False
        self._pid = child.pid
        self._exit: int | None = None
        self._began = self._sized_at = time.monotonic()

    def wait(self) -> Outcome:
        try:
            while not self._reader.is_over and not self._has_answered():
                if select.select([self._channel], [], [], TICK_S)[0]:
                    self._take()
                self._check_limits()
                self._check_server()
                if not self._answer:
                    self._on_tick(self._progress)
        except BaseException:
            self._kill()
            raise
        return self._result()

    def _has_answered(self) -> bool:
        """Whether the answer has come. If so, the child and what it started are killed.

        Waiting until they are reaped would add half again to the time that a small picture takes.
        """
        if not self._answer or (self._pid is None and self._exit is None):
            return False
        if self._exit is None and self._pid is not None:
            kill_group(self._pid)
        return True

    def _take(self) -> None:
        try:
            for message in self._reader.read():
                if "progress" in message:
                    self._progress = message["progress"]
                elif "pid" in message:
                    self._pid = message["pid"]
                elif "exit" in message:
                    self._exit = message["exit"]
                elif "has_begun" in message:
                    self._has_begun = True
                else:
                    self._answer |= message
        except ConnectionResetError:
            self._reader.is_over = True

    def _check_limits(self) -> None:
        now = time.monotonic()
        if now - self._began > self._limits.wall_s:
            raise LimitExceeded(
                f"The work took more than {self._limits.wall_s:g} s.", code="wall_time", operation=self._name
            )
        if now - self._sized_at > SIZE_CHECK_S:
            self._sized_at = now
            if _size_of(self._workdir) > self._limits.output_bytes:
                raise LimitExceeded(
                    f"The files grew beyond {self._limits.output_bytes} bytes.",
                    code="output_size",
                    operation=self._name,
                )

    def _check_server(self) -> None:
        """If the fork server is gone, no exit message will come: take what the child has sent, and end the work."""
        if self._server.poll() is not None and not self._reader.is_over:
            self._take_rest()
            if not self._answer:
                raise EngineCrashed("The engine's fork server ended.", operation=self._name, is_retryable=True)
            self._reader.is_over = True

    def _take_rest(self) -> None:
        while not self._reader.is_over and select.select([self._channel], [], [], 0)[0]:
            self._take()

    def _kill(self) -> None:
        """Kill the child and its process group; return when the child has been reaped.

        Shutting down our end of the socket makes the child kill its own group, but a library may keep it from noticing:
        so we kill the group first. The fork server closes the stream when it has reaped the child.
        """
        if self._pid is not None and self._exit is None:
            kill_group(self._pid)
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
            self._channel.settimeout(KILL_WAIT_S)
            while self._channel.recv(1 << 16):
                continue

    def _result(self) -> Outcome:
        if "outcome" in self._answer:
            outcome = parse_outcome(self._answer["outcome"], self._workdir)
            if sum(file.path.stat().st_size for file in outcome.files if file.path) > self._limits.output_bytes:
                raise LimitExceeded(
                    f"The files grew beyond {self._limits.output_bytes} bytes.",
                    code="output_size",
                    operation=self._name,
                )
            return outcome
        if "error" in self._answer:
            raise parse_error(self._answer["error"], self._name)
        if "fault" in self._answer:
            fault = self._answer["fault"]
            raise EngineCrashed(
                f"The operation {self._name} has a fault: {fault['name']}.", operation=self._name, log=fault["log"]
            )
        raise self._death()

    def _death(self) -> EngineError | LimitExceeded:
        if self._exit == -signal.SIGXCPU:
            return LimitExceeded(
                f"The work took more than {self._limits.cpu_s:g} s of processor time.",
                code="cpu_time",
                operation=self._name,
            )
        if self._exit == -signal.SIGXFSZ:
            return LimitExceeded(
                f"A file grew beyond {self._limits.output_bytes} bytes.", code="output_size", operation=self._name
            )
        cause = "without a word"
        if self._exit is not None:
            cause = f"by {signal.Signals(-self._exit).name}" if self._exit < 0 else f"with status {self._exit}"
        if not self._has_begun:
            return _NeverBegan(
                f"The process that was to run {self._name} ended {cause}.", operation=self._name, is_retryable=True
            )
        return EngineCrashed(f"The process that ran {self._name} ended {cause}.", operation=self._name)


def _size_of(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(Path(root) / name).st_size
    return total


class _ForkServer:
    """A fork server of this process, started with its first piece of work, and again if it died or we were forked.

    One child is always forked ahead: that takes as long as making a small picture, and so it is done meanwhile.
    """

    def __init__(self, libraries: Libraries) -> None:
        self._libraries = libraries
        self._lock = threading.Lock()
        self._owner = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._spare: _Child | None = None
        self._channels: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        os.register_at_fork(after_in_child=self._let_go)

    def _let_go(self) -> None:
        """Runs in every process that is forked from this one: drop what belongs to the parent. While a copy of its
        sockets is open, a running child does not notice that the parent has died."""
        self._lock = threading.Lock()
        for channel in (self._control, *self._channels):
            if channel is not None:
                channel.close()
        self._process, self._control, self._spare = None, None, None

    def take_child(self) -> _Child:
        """A child that waits for a request: the one that was forked ahead, or a new one."""
        with self._lock:
            spare, self._spare = self._spare, None
            if spare is not None:
                if spare.still_waits():
                    return spare
                spare.channel.close()
            return self._open_child()

    def prepare_child(self) -> None:
        """Fork a child ahead for the next request, unless one is waiting already."""
        with self._lock:
            if self._spare is None:
                self._spare = self._open_child()

    def _open_child(self) -> _Child:
        ours, theirs = socket.socketpair()
        with theirs:
            for _ in range(2):
                try:
                    control, server = self._running()
                    socket.send_fds(control, [b"x"], [theirs.fileno()])
                    self._channels.add(ours)
                    return _Child(ours, server)
                except (BrokenPipeError, ConnectionResetError):
                    self._forget()
        ours.close()
        raise EngineCrashed("The engine's fork server does not start.", is_retryable=True)

    def _running(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        if self._control is None or self._process is None or self._process.poll() is not None:
            self._forget()
            return self._start()
        return self._control, self._process

    def _start(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "django_mediacloud.engine.forkserver", str(theirs.fileno()), self._libraries],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
                # A Ctrl-C at the terminal is the worker's to answer.
                start_new_session=True,
            )
        self._control, self._process, self._owner = ours, process, os.getpid()
        return ours, process

    def _forget(self) -> None:
        if self._spare is not None:
            self._spare.channel.close()
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(KILL_WAIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process, self._control, self._spare = None, None, None

    def stop(self) -> None:
        with self._lock:
            if self._owner == os.getpid():
                self._forget()


def _environment() -> dict[str, str]:
    """The environment of the fork server: nothing of the site, neither settings nor secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "MEDIACLOUD_FFMPEG") if name in os.environ}
    return kept | {
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path),
        # The fork server must have no threads of numpy's, and a child works on one picture at a time.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


_servers = {libraries: _ForkServer(libraries) for libraries in PRELOADED}
atexit.register(shutdown)
