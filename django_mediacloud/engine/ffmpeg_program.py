"""Finds an ffmpeg program that has what the engine needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache

from ..exceptions import EngineUnavailable
from .extras import optional

imageio_ffmpeg = optional("imageio_ffmpeg")

MINIMUM_VERSION = (5, 1)
NEEDED_ENCODERS = frozenset({"libx264", "aac", "libvpx-vp9", "libopus", "libmp3lame", "libvorbis"})


def minimal_environment() -> dict[str, str]:
    """What a child program gets of our environment: nothing that holds a secret."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}


def _ask(binary: str, *arguments: str) -> str:
    """What ``binary`` says. ``EngineUnavailable`` if it cannot be run."""
    try:
        answer = subprocess.run(
            [binary, "-hide_banner", *arguments] if arguments != ("-version",) else [binary, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=30,
            env=minimal_environment(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailable(f"ffmpeg cannot be run: {type(error).__name__}") from error
    return answer.stdout.decode("utf-8", "replace")


def parse_version(text: str) -> tuple[int, ...]:
    """``(5, 1, 9)`` from the first line of ``ffmpeg -version``. A build of the development branch counts as newest."""
    match = re.match(r"ffmpeg version (?:[Nn]-\d|git)", text)
    if match:
        return (999,)
    match = re.match(r"ffmpeg version n?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in match.group(1).split(".")) if match else ()


def _shortcoming(binary: str) -> str:
    """What ``binary`` lacks for our work, as words. Empty if it is good enough."""
    version = parse_version(_ask(binary, "-version"))
    if version < MINIMUM_VERSION:
        return f"version {'.'.join(map(str, version)) or 'unknown'} is older than 5.1"
    encoders = set(re.findall(r"^ [A-Z.]{6} (\S+)", _ask(binary, "-encoders"), re.MULTILINE))
    missing = NEEDED_ENCODERS - encoders
    return f"it lacks the encoders {', '.join(sorted(missing))}" if missing else ""


@cache
def find_ffmpeg() -> str:
    """Path of the ffmpeg to use: ``MEDIACLOUD_FFMPEG``, else the machine's own if it is good enough, else the wheel's.

    ``EngineUnavailable`` if there is none, or if the one that the variable names is not good enough.
    """
    chosen = os.environ.get("MEDIACLOUD_FFMPEG")
    if chosen:
        shortcoming = _shortcoming(chosen)
        if shortcoming:
            raise EngineUnavailable(f"The ffmpeg that MEDIACLOUD_FFMPEG names cannot be used: {shortcoming}.")
        return chosen
    own = shutil.which("ffmpeg")
    if own:
        try:
            if not _shortcoming(own):
                return own
        except EngineUnavailable:
            pass  # a broken program on PATH counts as none
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise EngineUnavailable("No usable ffmpeg was found on this machine.") from error


@cache
def ffmpeg_version() -> str:
    """The version as ffmpeg spells it, for example ``n7.1`` or ``5.1.9-0+deb12u1``."""
    match = re.match(r"ffmpeg version (\S+)", _ask(find_ffmpeg(), "-version"))
    return match.group(1) if match else "unknown"
