"""Reverses the sound of a film: decoded to a file of samples, which is reversed in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ...exceptions import LimitExceeded
from ..encoding.plan import AudioPlan
from ..extras import optional
from ..ffmpeg import GUARD, file_url, run_ffmpeg
from ..limits import Limits

np = optional("numpy")

SAMPLE_BYTES = 2
_SLACK_S = 60.0
BLOCK_FRAMES = 1 << 18
"""Sampling moments that are held in memory at a time."""


def decode_sound(
    source: Path,
    target: Path,
    plan: AudioPlan,
    *,
    limits: Limits,
    duration_s: float | None = None,
    report: Callable[[float], None] | None = None,
) -> float:
    """Write the sound of ``source`` into ``target`` as 16-bit samples from the film's beginning on, gaps filled with
    silence. Returns its seconds.

    ``LimitExceeded`` (``output_size``) if it is too long: for the limits, or by far for ``duration_s``, which is what
    the film's header tells. A gap in the time stamps could else become silence beyond all measure.
    """
    second_bytes = plan.channels * SAMPLE_BYTES * plan.sample_rate_hz
    if duration_s is not None:
        if duration_s * second_bytes > limits.output_bytes:
            raise LimitExceeded(
                f"The sound of {duration_s:.0f} s needs more than {limits.output_bytes} bytes on the disk.",
                code="output_size",
            )
        most_bytes = round(2 * (duration_s + _SLACK_S) * second_bytes)
        limits = replace(limits, output_bytes=min(limits.output_bytes, most_bytes))
    arguments = [*GUARD, "-threads", str(limits.threads), "-i", file_url(source), "-map", f"0:{plan.index}"]
    arguments += ["-af", "aresample=async=1:first_pts=0", "-ac", str(plan.channels), "-ar", str(plan.sample_rate_hz)]
    arguments += ["-map_metadata", "-1", "-f", "s16le", file_url(target)]
    run_ffmpeg(arguments, limits=limits, duration_s=duration_s, report=report, cwd=target.parent)
    return target.stat().st_size / second_bytes


def pad_sound(path: Path, plan: AudioPlan, length_s: float) -> None:
    """Silence at the end, up to ``length_s``."""
    size = round(length_s * plan.sample_rate_hz) * plan.channels * SAMPLE_BYTES
    if size > path.stat().st_size:
        with path.open("r+b") as file:
            file.truncate(size)


def reverse_samples(path: Path, channels: int, *, block_frames: int = BLOCK_FRAMES) -> None:
    """Turn the samples round within their file; the channels of one moment stay in their order."""
    unit = channels * SAMPLE_BYTES
    with path.open("r+b") as file:
        low, high = 0, path.stat().st_size // unit
        while high - low > 1:
            # At most half of what is left, so that the two blocks never overlap.
            count = min(block_frames, (high - low) // 2)
            head = _block(file, low, count, channels)
            tail = _block(file, high - count, count, channels)
            _write(file, low * unit, tail[::-1])
            _write(file, (high - count) * unit, head[::-1])
            low, high = low + count, high - count


def _block(file: IO[bytes], first: int, count: int, channels: int) -> Any:
    file.seek(first * channels * SAMPLE_BYTES)
    data = file.read(count * channels * SAMPLE_BYTES)
    return np.frombuffer(data, np.int16).reshape(count, channels)


def _write(file: IO[bytes], position: int, samples: Any) -> None:
    file.seek(position)
    file.write(samples.tobytes())
