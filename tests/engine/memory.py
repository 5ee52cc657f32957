"""How much memory a piece of work takes, in this process or in another."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path


def peak_growth(act: Callable[[], object]) -> int:
    """Bytes by which the resident memory rose at most while ``act`` ran.

    Not ``getrusage``: its peak is of the whole life, and a child takes over its parent's.
    """
    # What earlier tests gave back, the C library still holds: taken from there, nothing would be seen to rise.
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status_bytes("VmRSS")
    act()
    return _status_bytes("VmHWM") - before


def peak_of(pid: int) -> int:
    """The most resident bytes that a process ever had; 0 if it has ended."""
    try:
        return _status_bytes("VmHWM", pid)
    except (OSError, LookupError):
        return 0


def _status_bytes(name: str, process: int | str = "self") -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"/proc/{process}/status has no {name}")
