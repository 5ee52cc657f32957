"""Runs ffmpeg: with the options that guard its inputs, under limits, and with its failures as errors."""

from __future__ import annotations

import math
import os
import re
import resource
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from ..exceptions import (
    EngineCrashed,
    LimitExceeded,
    MediaCloudError,
    UnreadableMedia,
    UnsupportedMedia,
)
from .disk import disk_full
from .ffmpeg_program import find_ffmpeg, minimal_environment
from .limits import Limits

PROTOCOLS = "file,pipe"
# Demuxers of single files. What is missing is missing on purpose: hls, dash, concat, image2, sdp, rtsp, vobsub and
# their like open other files or hosts that the input names, and raw streams of pixels or samples fit any input.
FORMATS = ",".join(
    (
        "mov,matroska,webm,mpegts,mpeg,avi,asf,flv,mxf,gxf,dv,ivf,nut,rm",
        "mp3,wav,w64,flac,ogg,aac,ac3,eac3,dts,truehd,aiff,caf,au,amr,wv,tta,ape",
        "gif,apng,jpeg_pipe,png_pipe,webp_pipe,bmp_pipe,tiff_pipe",
    )
)
GUARD: tuple[str, ...] = ("-protocol_whitelist", PROTOCOLS, "-format_whitelist", FORMATS)
"""Goes before every ``-i``. The protocols alone stop no playlist from reading local files; the formats do."""

_LOG_HEAD_BYTES = 8_000
_LOG_TAIL_BYTES = 32_000
_LINE_BYTES = 2_000
_PIPE_BYTES = 1 << 20
"""Raw frames come by the megabyte: a pipe of the usual 64 kB would wake both sides for each piece."""
_MEMORY_WORDS = ("cannot allocate memory", "out of memory", "malloc of size")
_UNREADABLE_WORDS = (
    "invalid data found",
    "moov atom not found",
    "not on whitelist",
    "not in whitelist",
    "error opening input",
    "end of file",
    "could not find codec parameters",
)
_UNSUPPORTED_WORDS = (
    "matches no streams",
    "does not contain any stream",
    "no decoder",
    "decoder not found",
    "decoding requested, but no decoder",
    "not currently supported in container",
)


def file_url(path: Path) -> str:
    """``path`` as ffmpeg and PyAV take it, whatever the name holds: a leading ``-``, a ``:``, a line break."""
    return f"file:{Path(path).absolute()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FfmpegResult:
    """One run that ended well. ``log`` is the bounded text of its warnings; None where ffmpeg told no number.

    ``out_time_s`` is how far it said that it was: some frames short of the end, at times. The file itself is the truth.
    """

    frame_count: int | None
    out_time_s: float | None
    size_bytes: int | None
    log: str
    error_lines: int
    """Lines of the log at level error: damage that the decoders concealed."""


class _Log:
    """Keeps the head and the tail of a stream of any length, and counts the lines at level error."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.tail = bytearray()
        self.line = bytearray()
        self.error_lines = 0
        self.was_error = False

    def feed(self, data: bytes) -> None:
        room = _LOG_HEAD_BYTES - len(self.head)
        if room > 0:
            self.head += data[:room]
        self.tail += data[max(room, 0) :]
        if len(self.tail) > 2 * _LOG_TAIL_BYTES:
            del self.tail[:-_LOG_TAIL_BYTES]
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._count(bytes(self.line) + line[:_LINE_BYTES])
            self.line.clear()
        self.line = (self.line + rest)[:_LINE_BYTES]

    def _count(self, line: bytes) -> None:
        repeated = re.search(rb"Last message repeated (\d{1,9}) times", line)
        if repeated:
            self.error_lines += int(repeated.group(1)) if self.was_error else 0
            return
        self.was_error = b"[error]" in line[:300] or b"[fatal]" in line[:300]
        self.error_lines += self.was_error

    def text(self) -> str:
        tail = bytes(self.tail[-_LOG_TAIL_BYTES:])
        mark = b"\n[...]\n" if len(self.tail) > _LOG_TAIL_BYTES else b""
        return (bytes(self.head) + mark + tail).decode("utf-8", "replace").strip()


class _Progress:
    """Reads the ``key=value`` lines of ``-progress``."""

    def __init__(self, duration_s: float | None, report: Callable[[float], None] | None) -> None:
        self.values: dict[bytes, bytes] = {}
        self.line = b""
        self.duration_s = duration_s
        self.report = report

    def feed(self, data: bytes) -> None:
        *lines, self.line = (self.line + data)[-1_000_000:].split(b"\n")
        for line in lines:
            key, _, value = line[:_LINE_BYTES].partition(b"=")
            if key in (b"frame", b"out_time_us", b"total_size"):
                self.values[key] = value.strip()
            elif key == b"progress" and self.report is not None:
                self._tell(self.report)

    def _tell(self, report: Callable[[float], None]) -> None:
        time_us = self.number(b"out_time_us")
        if time_us is not None and self.duration_s:
            report(min(100.0, max(0.0, time_us / 10_000 / self.duration_s)))

    def number(self, key: bytes) -> int | None:
        value = self.values.get(key, b"")
        return int(value) if re.fullmatch(rb"-?\d{1,18}", value) else None


def _without_paths(text: str, words: Sequence[str]) -> str:
    """``text`` without the folders of this machine: editors read the log. ``words`` is where exact ones are found."""
    for word in words:
        path = word.removeprefix("file:")
        if path.startswith("/"):
            folder = f"{Path(path).parent}/"
            text = text.replace(f"file:{folder}", "").replace(folder, "")
    return re.sub(r"(?:file:)?(?<![\w/.])/(?:[^\s/:'\"]+/)+", "", text)


def _set_limits(pid: int, limits: Limits) -> None:
    """Set from outside, since code between fork and exec is not safe in a process with threads."""
    if not hasattr(resource, "prlimit"):
        return
    cpu_s = max(1, math.ceil(limits.cpu_s))
    for kind, value, grace in (
        (resource.RLIMIT_CPU, cpu_s, 5),
        (resource.RLIMIT_AS, limits.memory_bytes, 0),
        (resource.RLIMIT_FSIZE, limits.output_bytes, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, hard = resource.prlimit(pid, kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        most = value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)
        resource.prlimit(pid, kind, (bound, most))


def _pump(sinks: Mapping[IO[bytes], Callable[[bytes], None]], wall_s: float) -> bool:
    """Pass what each pipe delivers to its sink until all are closed. True if ``wall_s`` was over first."""
    deadline = time.monotonic() + wall_s
    with selectors.DefaultSelector() as selector:
        for pipe, sink in sinks.items():
            selector.register(pipe, selectors.EVENT_READ, sink)
        while selector.get_map():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return True
            for key, _ in selector.select(min(left_s, 60)):
                data = os.read(key.fd, 65_536)
                if data:
                    key.data(data)
                else:
                    selector.unregister(key.fileobj)
    return False


def _reap(process: subprocess.Popen[bytes]) -> float:
    """Wait for the end, set ``returncode``, close what was read, and give the seconds of CPU that were used."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    for pipe in (process.stdout, process.stderr):
        cast(IO[bytes], pipe).close()
    return usage.ru_utime + usage.ru_stime


def _error_of(returncode: int, log: str, cpu_s: float, limits: Limits, *, is_late: bool) -> MediaCloudError:
    if is_late:
        return LimitExceeded("The work took longer than allowed.", code="wall_time", log=log)
    words = log.lower()
    # ffmpeg catches SIGXCPU and ends "normally" with 255, so the clock has to tell.
    if cpu_s >= limits.cpu_s - 0.1 or returncode == -signal.SIGXCPU:
        return LimitExceeded("The work needed more processor time than allowed.", code="cpu_time", log=log)
    if returncode == -signal.SIGXFSZ or "file too large" in words:
        return LimitExceeded("The output grew larger than allowed.", code="output_size", log=log)
    if "no space left on device" in words:
        return disk_full(log)
    if any(word in words for word in _MEMORY_WORDS):
        return LimitExceeded("The work needed more memory than allowed.", code="memory", log=log)
    if returncode < 0:
        name = signal.Signals(-returncode).name
        return EngineCrashed(f"ffmpeg was ended by {name}.", log=log)
    if any(word in words for word in _UNSUPPORTED_WORDS):
        return UnsupportedMedia("The file holds nothing that this operation can work on.", log=log)
    if any(word in words for word in _UNREADABLE_WORDS):
        return UnreadableMedia("The file cannot be read as video, sound or a picture.", log=log)
    return EngineCrashed(f"ffmpeg ended with code {returncode}.", log=log)


class _Feeder:
    """Writes ffmpeg's standard input in a thread of its own, while ours reads what ffmpeg says."""

    def __init__(self, feed: Callable[[int], None], pipe: IO[bytes]) -> None:
        self.error: Exception | None = None
        self._feed = feed
        self._pipe = pipe
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._feed(self._pipe.fileno())
        except BrokenPipeError:
            pass  # ffmpeg is gone, and says itself why
        except Exception as error:  # noqa: BLE001
            self.error = error
        finally:
            self._pipe.close()

    def join(self) -> None:
        """To be called when ffmpeg is gone, so that the next thing written ends it."""
        self._thread.join()


def run_ffmpeg(
    arguments: Sequence[str],
    *,
    limits: Limits,
    duration_s: float | None = None,
    report: Callable[[float], None] | None = None,
    cwd: Path,
    feed: Callable[[int], None] | None = None,
) -> FfmpegResult:
    """Run ffmpeg with ``arguments`` (no shell; inputs and outputs as ``file_url``) and wait for its end.

    It stays in the caller's process group, so whoever kills the group kills it. ``report`` gets percents of
    ``duration_s``; if it raises, ffmpeg is killed. ``limits`` give its CPU time, memory, file size and wall time.
    ``feed`` gets the file descriptor of ffmpeg's standard input (``pipe:0``) and writes it, in a thread of its own;
    what it raises is raised again.
    Raises ``UnreadableMedia``, ``UnsupportedMedia``, ``LimitExceeded`` or ``EngineCrashed``, each with the log.
    """
    progress = _Progress(duration_s, report)
    log = _Log()
    process = _start(arguments, cwd, is_fed=feed is not None)
    stdout, stderr = cast(IO[bytes], process.stdout), cast(IO[bytes], process.stderr)
    is_late = has_ended = False
    feeder: _Feeder | None = None
    try:
        _set_limits(process.pid, limits)
        feeder = _Feeder(feed, cast(IO[bytes], process.stdin)) if feed else None
        is_late = _pump({stdout: progress.feed, stderr: log.feed}, limits.wall_s)
        has_ended = not is_late
    finally:
        if not has_ended:
            process.kill()
        cpu_s = _reap(process)
        if feeder is not None:
            feeder.join()
    if feeder is not None and feeder.error is not None:
        raise feeder.error
    text = _without_paths(log.text(), [f"{cwd}/-", *arguments])
    if is_late or process.returncode != 0:
        raise _error_of(process.returncode, text, cpu_s, limits, is_late=is_late)
    return _result(progress, log, text)


def _start(arguments: Sequence[str], cwd: Path, *, is_fed: bool) -> subprocess.Popen[bytes]:
    command = [
        find_ffmpeg(),
        *("-nostdin", "-hide_banner", "-v", "level+warning", "-y"),
        *("-progress", "pipe:1", "-stats_period", "0.5"),
        *arguments,
    ]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE if is_fed else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=minimal_environment(),
        bufsize=0,
        pipesize=_PIPE_BYTES if is_fed else -1,
    )


def _result(progress: _Progress, log: _Log, text: str) -> FfmpegResult:
    time_us = progress.number(b"out_time_us")
    return FfmpegResult(
        frame_count=progress.number(b"frame"),
        out_time_s=None if time_us is None else time_us / 1_000_000,
        size_bytes=progress.number(b"total_size"),
        log=text,
        error_lines=log.error_lines,
    )
