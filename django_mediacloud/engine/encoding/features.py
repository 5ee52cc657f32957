"""Detects optional features of the installed ffmpeg."""

from __future__ import annotations

import subprocess
from functools import cache

from ...exceptions import EngineUnavailable
from ..ffmpeg_program import find_ffmpeg
from .plan import Features

_TIMEOUT_S = 30


@cache
def detect_features(ffmpeg: str = "") -> Features:
    """Asked of the program once in a process. ``EngineUnavailable`` if it does not answer."""
    command = [ffmpeg or find_ffmpeg(), "-hide_banner", "-loglevel", "error", "-filters"]
    try:
        listing = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailable(f"ffmpeg does not list its filters: {type(error).__name__}") from error
    names = {words[1] for words in map(str.split, listing.splitlines()) if len(words) > 2}
    return Features(has_zscale={"zscale", "tonemap"} <= names)
