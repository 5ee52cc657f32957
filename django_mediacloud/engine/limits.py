"""The limits of one piece of work."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond any of these the work is killed, its files are removed, and the failure names the limit."""

    wall_s: float = 6 * 3600
    cpu_s: float = 12 * 3600
    """Of the child process, and of each ffmpeg that it starts."""
    memory_bytes: int = 4 * GIB
    """Address space of the child process, and of each ffmpeg. Below 2 GiB, encoders of HD video do not start."""
    output_bytes: int = 20 * GIB
    """Of one file, and of all files of the work together."""
    pixels: int = 100_000_000
    """Of one picture or frame of the input or of the output."""
    threads: int = min(os.cpu_count() or 1, 8)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
