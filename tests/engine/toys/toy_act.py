"""Does what its parameter ``act`` says."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django_mediacloud.core.capabilities import OperationInfo
from django_mediacloud.core.parameters import Parameter, Parameters, Type
from django_mediacloud.core.spec import ProducedFile
from django_mediacloud.engine.ffmpeg import run_ffmpeg
from django_mediacloud.engine.operation import Context, Operation, Outcome
from django_mediacloud.exceptions import UnsupportedMedia


def _outcome(path: Path) -> Outcome:
    values = {"pid": os.getpid(), "cpu_s": time.process_time()}
    return Outcome(values=values, files=(ProducedFile(name="a.bin", content_type="x/y", path=path),))


def succeed(context: Context) -> Outcome:
    for percent in (10, 50, 100):
        context.report(percent)
    path = context.workdir / "a.bin"
    path.write_bytes(b"made")
    return _outcome(path)


def escape(context: Context) -> Outcome:
    return _outcome(Path(sys.executable))


def link(context: Context) -> Outcome:
    path = context.workdir / "link"
    path.symlink_to(sys.executable)
    return _outcome(path)


def refuse(context: Context) -> Outcome:
    raise UnsupportedMedia("Not this kind.", code="odd_kind", advice="Take another.", log="details")


def fail(context: Context) -> Outcome:
    raise ZeroDivisionError("a fault")


def crash(context: Context) -> Outcome:
    ctypes.string_at(0)
    return Outcome()


def leave(context: Context) -> Outcome:
    os._exit(7)


def hang(context: Context) -> Outcome:
    while True:
        time.sleep(60)


def spin(context: Context) -> Outcome:
    while True:
        pass


def devour(context: Context) -> Outcome:
    kept = []
    while True:
        kept.append(bytearray(50_000_000))


def write_one(context: Context) -> Outcome:
    with (context.workdir / "large").open("wb") as file:
        while True:
            file.write(bytes(1_000_000))


def write_many(context: Context) -> Outcome:
    number = 0
    while True:
        number += 1
        (context.workdir / f"part{number}").write_bytes(bytes(500_000))
        time.sleep(0.05)


def fill_disk(context: Context) -> Outcome:
    Path("/dev/full").write_bytes(b"x")
    return Outcome()


def encode(context: Context) -> Outcome:
    """Encodes for an hour."""
    run_ffmpeg(
        ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x48:d=3600", "-c:v", "libx264", "out.mp4"],
        limits=context.limits,
        duration_s=60,
        report=context.report,
        cwd=context.workdir,
    )
    return Outcome()


def leave_running(context: Context) -> Outcome:
    return Outcome(values={"left": subprocess.Popen(["sleep", "600"]).pid})


def tell_environment(context: Context) -> Outcome:
    return Outcome(values={"environment": dict(os.environ), "modules": sorted(sys.modules), "folder": str(Path.cwd())})


def import_module(context: Context) -> Outcome:
    """Imports a module that Python would keep compiled beside its source."""
    (context.workdir / "freshly_written.py").write_text("VALUES = " + repr(list(range(1000))))
    sys.path.insert(0, str(context.workdir))
    import freshly_written  # type: ignore[import-not-found]

    return Outcome(values={"last": freshly_written.VALUES[-1], "cached": (context.workdir / "__pycache__").exists()})


_ACTS: dict[str, Callable[[Context], Outcome]] = {
    act.__name__: act
    for act in (
        succeed,
        escape,
        link,
        refuse,
        fail,
        crash,
        leave,
        hang,
        spin,
        devour,
        write_one,
        write_many,
        fill_disk,
        encode,
    )
} | {"tell_environment": tell_environment, "leave_running": leave_running, "import_module": import_module}

OPERATION = Operation(
    info=OperationInfo(
        name="toy.act",
        summary="Misbehave.",
        parameters=Parameters(
            (
                Parameter(name="act", type=Type.STRING, choices=tuple(_ACTS)),
                Parameter(name="libraries", type=Type.STRING, choices=("media", "pictures"), default="media"),
            )
        ),
    ),
    run=lambda context: _ACTS[context.parameters["act"]](context),
    libraries=lambda parameters: parameters["libraries"],
)
