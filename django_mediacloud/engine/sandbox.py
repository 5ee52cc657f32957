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
from pathlib import Path
from typing import Any

from ..exceptions import EngineCrashed, EngineError, LimitExceeded
from .forkserver import kill_group
from .limits import Limits
from .operation import Outcome
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
    limits: Limits | None = None,
    packages: tuple[str, ...] = (),
    on_tick: OnTick = lambda _progress: None,
) -> Outcome:
    """The outcome of the operation ``name``; its files lie in ``workdir``, an empty folder that the caller removes.

    ``parameters`` are as the operation's own ``Parameters.clean`` gives them.

    ``on_tick`` is called at least every half second with the progress so far (percent, None before the first). Whatever
    it raises kills the work at once and is raised again when every process of it is gone. Raises what the operation
    raised; ``LimitExceeded`` with the limit as its code; ``EngineCrashed`` if the child died of something else.
    """
    limits = limits or Limits()
    channel, server = _server.open_child()
    try:
        request = {
            "operation": name,
            "parameters": dict(parameters),
            "inputs": {key: [str(path.absolute()) for path in paths] for key, paths in inputs.items()},
            "workdir": str(workdir.resolve()),
            "limits": limits.as_dict(),
            "packages": list(packages),
        }
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send(channel, request)
        return _Run(name, channel, server, workdir, limits, on_tick).wait()
    finally:
        channel.close()


def shutdown() -> None:
    """End this process's fork server and everything that it runs."""
    _server.stop()


class _Run:
    """Listens to one child until it is gone."""

    def __init__(
        self,
        name: str,
        channel: socket.socket,
        server: subprocess.Popen[bytes],
        workdir: Path,
        limits: Limits,
        on_tick: OnTick,
    ) -> None:
        self._name = name
        self._channel = channel
        self._server = server
        self._reader = Reader(channel)
        self._workdir = workdir
        self._limits = limits
        self._on_tick = on_tick
        self._progress: float | None = None
        self._answer: dict[str, Any] = {}
        self._pid: int | None = None
        self._exit: int | None = None
        self._began = self._sized_at = time.monotonic()

    def wait(self) -> Outcome:
        try:
            while not self._reader.is_over:
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

    def _take(self) -> None:
        try:
            for message in self._reader.read():
                if "progress" in message:
                    self._progress = message["progress"]
                elif "pid" in message:
                    self._pid = message["pid"]
                elif "exit" in message:
                    self._exit = message["exit"]
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
        """Nobody is left to tell how the child ends when the fork server is gone: the child goes too."""
        if self._server.poll() is not None and not self._reader.is_over:
            self._take_rest()
            if not self._answer:
                raise EngineCrashed("The engine's fork server ended.", operation=self._name, is_retryable=True)
            self._reader.is_over = True

    def _take_rest(self) -> None:
        while not self._reader.is_over and select.select([self._channel], [], [], 0)[0]:
            self._take()

    def _kill(self) -> None:
        """End the child and all that it started; return when they are gone.

        Shutting our end down makes the child kill its group; where a library keeps the child from noticing, we do. The
        end of the stream says that it has been reaped.
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
        return EngineCrashed(f"The process that ran {self._name} ended {cause}.", operation=self._name)


def _size_of(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(Path(root) / name).st_size
    return total


class _ForkServer:
    """This process's fork server, started with its first piece of work, and again if it died or we were forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._channels: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        os.register_at_fork(after_in_child=self._let_go)

    def _let_go(self) -> None:
        """In a process that was forked off this one: all of it is our parent's. Were its sockets left open here, the
        work would not notice the parent's death."""
        self._lock = threading.Lock()
        for channel in (self._control, *self._channels):
            if channel is not None:
                channel.close()
        self._process, self._control = None, None

    def open_child(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        """Our end of the socket to a child that waits for its request, and the server that has forked it."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for _ in range(2):
                try:
                    control, server = self._running()
                    socket.send_fds(control, [b"x"], [theirs.fileno()])
                    self._channels.add(ours)
                    return ours, server
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
                [sys.executable, "-m", "django_mediacloud.engine.forkserver", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
                # A Ctrl-C at the terminal is the worker's to answer.
                start_new_session=True,
            )
        self._control, self._process, self._owner = ours, process, os.getpid()
        return ours, process

    def _forget(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(KILL_WAIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process, self._control = None, None

    def stop(self) -> None:
        with self._lock:
            if self._owner == os.getpid():
                self._forget()


def _environment() -> dict[str, str]:
    """Nothing of the site's: no settings, no secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "MEDIACLOUD_FFMPEG") if name in os.environ}
    return kept | {
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path),
        # The fork server must have no threads of numpy's, and a child works on one picture at a time.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


_server = _ForkServer()
atexit.register(shutdown)
