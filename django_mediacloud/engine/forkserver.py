"""The process that has the libraries loaded and forks a child for each piece of work.

Started as ``python -m django_mediacloud.engine.forkserver FD LIBRARIES`` by ``sandbox``: a program of its own, so that
a child has nothing of the site in its memory (no settings, no secrets, no database connections) and no threads of it.
Over FD come the ends of socket pairs, one for each piece of work. The child leads a process group, sets its limits,
works, and answers over its own socket. It dies when the other end closes, however that came about: a killed worker
leaves nothing.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import resource
import selectors
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.spec import Origin
from ..exceptions import EngineUnavailable, LimitExceeded, MediaCloudError
from .disk import FULL, disk_full
from .ffmpeg_program import find_ffmpeg
from .limits import Limits
from .operation import Context, Libraries
from .registry import get_operation, load_operations
from .stills import load_decoders
from .wire import Reader, render_error, render_outcome, send

_PICTURES = ("PIL.Image", "PIL.ImageOps", "PIL.ImageCms", "PIL.JpegImagePlugin", "PIL.PngImagePlugin")
PRELOADED: Mapping[Libraries, tuple[str, ...]] = {
    "pictures": _PICTURES,
    "media": (*_PICTURES, "av", "numpy", "lxml.etree", "ada_url", "charset_normalizer"),
}
GRACE_CPU_S = 5
"""Seconds between the soft limit on CPU time (SIGXCPU) and the hard one (SIGKILL)."""
PROGRESS_STEP = 0.1


def main(control_fd: int, libraries: Libraries) -> None:
    for name in PRELOADED[libraries]:
        # A site that serves only some operations may lack the others' libraries: those say so when they run.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    load_operations()
    # Each takes longer than many an operation: once, here, for all children.
    with contextlib.suppress(EngineUnavailable):
        load_decoders()
    if libraries == "media":
        with contextlib.suppress(EngineUnavailable):
            find_ffmpeg()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a child imports besides is not cached: its limit on file sizes would cut the cache off, for everybody.
    sys.dont_write_bytecode = True
    # A child's collector would look at all that was loaded here, and with that copy every page of it.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=control_fd) as control:
        _Server(control).serve()


class _Server:
    """The loop of the fork server. It has one thread and calls no library, so that forking stays safe."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}
        self._wakeup, wakeup_in = socket.socketpair()
        wakeup_in.setblocking(False)
        self._wakeup_in = wakeup_in
        signal.set_wakeup_fd(wakeup_in.fileno())
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wakeup:
                        self._wakeup.recv(4096)
                        self._reap()
                    elif not self._accept():
                        self._kill_all()
                        return

    def _accept(self) -> bool:
        data, fds, _, _ = socket.recv_fds(self._control, 1, 1)
        if not data or not fds:
            return False
        channel = socket.socket(fileno=fds[0])
        pid = os.fork()
        if pid == 0:
            self._become_child(channel)
        self._children[pid] = channel
        with contextlib.suppress(OSError):
            send(channel, {"pid": pid})
        return True

    def _become_child(self, channel: socket.socket) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            for other in (self._control, self._wakeup, self._wakeup_in, *self._children.values()):
                other.close()
            _work(channel)
            code = 0
        finally:
            os._exit(code)

    def _reap(self) -> None:
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            channel = self._children.pop(pid)
            # What the child started (ffmpeg) is of its group and goes with it.
            kill_group(pid)
            with contextlib.suppress(OSError), channel:
                send(channel, {"exit": os.waitstatus_to_exitcode(status)})

    def _kill_all(self) -> None:
        for pid in self._children:
            kill_group(pid)
            # It may have been forked a moment ago, and lead no group yet.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)


def kill_group(pid: int) -> None:
    """Kill the process group of ``pid``, if it still exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _work(channel: socket.socket) -> None:
    """In the child: read one request, run it, send the answer."""
    reader = Reader(channel)
    requests: list[dict[str, Any]] = []
    while not requests and not reader.is_over:
        requests.extend(reader.read())
    if not requests:
        return
    # From here on the work is this child's: had it died before, another could have taken it.
    send(channel, {"has_begun": True})
    threading.Thread(target=_die_with, args=(channel,), daemon=True).start()
    request = requests[0]
    limits = Limits(**request["limits"])
    try:
        _limit(limits)
        answer = {"outcome": render_outcome(_run(request, limits, channel))}
    except MediaCloudError as error:
        answer = {"error": render_error(error)}
    except MemoryError:
        answer = {"error": render_error(_out_of_memory(limits, ""))}
    except OSError as error:
        answer = {"error": render_error(_os_error(error, limits))}
    except Exception as error:  # noqa: BLE001
        # A fault of an operation is told with its trace: the parent raises it as EngineCrashed.
        log = traceback.format_exc()
        if "Cannot allocate memory" in log:
            answer = {"error": render_error(_out_of_memory(limits, log))}
        else:
            answer = {"fault": {"name": type(error).__name__, "log": log}}
    send(channel, answer)


def _out_of_memory(limits: Limits, log: str) -> LimitExceeded:
    return LimitExceeded(f"The work needs more than {limits.memory_bytes} bytes of memory.", code="memory", log=log)


def _os_error(error: OSError, limits: Limits) -> MediaCloudError:
    log = traceback.format_exc()
    if isinstance(error, FileExistsError | FileNotFoundError | PermissionError):
        return MediaCloudError(f"A file could not be used: {error.strerror}.", code="file_error", log=log)
    if error.errno in FULL:
        return disk_full(log)
    if error.errno == errno.EFBIG:
        return LimitExceeded(f"A file grew beyond {limits.output_bytes} bytes.", code="output_size", log=log)
    if error.errno == errno.ENOMEM:
        return _out_of_memory(limits, log)
    return MediaCloudError(f"The operating system refused: {error.strerror}.", code="os_error", log=log)


def _die_with(channel: socket.socket) -> None:
    """Kill this process group when the parent closes its end, or dies: after the request it sends nothing more."""
    with contextlib.suppress(OSError):
        channel.recv(1)
    os.killpg(0, signal.SIGKILL)


def _limit(limits: Limits) -> None:
    cpu_s = max(1, round(limits.cpu_s))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + GRACE_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output_bytes, limits.output_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # When the machine runs out of memory, this is to go first, not the site.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _run(request: Mapping[str, Any], limits: Limits, channel: socket.socket) -> Any:
    told = 0.0

    def report(progress: float) -> None:
        nonlocal told
        if progress - told >= PROGRESS_STEP or progress >= 100 > told:
            told = progress
            send(channel, {"progress": progress})

    operation = get_operation(request["operation"], tuple(request["packages"]))
    workdir = Path(request["workdir"])
    os.chdir(workdir)
    context = Context(
        parameters=request["parameters"],
        inputs={name: [Path(path) for path in paths] for name, paths in request["inputs"].items()},
        origins={name: [Origin(**origin) for origin in found] for name, found in request["origins"].items()},
        workdir=workdir,
        limits=limits,
        report=report,
    )
    return operation.run(context)


if __name__ == "__main__":
    main(int(sys.argv[1]), "pictures" if sys.argv[2] == "pictures" else "media")
