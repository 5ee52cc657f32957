"""What every bench case is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from django_mediacloud.engine.ffmpeg import file_url, run_ffmpeg
from django_mediacloud.engine.limits import Limits

Work = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``prepare`` draws what is needed into a folder and gives the two kinds of work, ours and the other.

    The ratio, ours over theirs, is of processor time, or with ``metric`` "wall" of time by the clock.
    """

    name: str
    what: str
    target: float
    prepare: Callable[[Path], tuple[Work, Work]]
    metric: Literal["cpu", "wall"] = "cpu"


def draw_clip(folder: Path, *, duration_s: int, size: str, rate: int = 25, gop: int = 50) -> Path:
    """Moving bars with noise, and a tone; drawn once."""
    path = folder / f"clip-{duration_s}-{size}-{gop}.mp4"
    if not path.exists():
        source = f"testsrc2=size={size}:rate={rate}:duration={duration_s},noise=alls=8:allf=t"
        arguments = ["-f", "lavfi", "-i", source, "-f", "lavfi", "-i", f"sine=duration={duration_s}"]
        arguments += ["-c:v", "libx264", "-preset", "ultrafast", "-g", str(gop), "-pix_fmt", "yuv420p", "-c:a", "aac"]
        run_ffmpeg([*arguments, file_url(path)], limits=Limits(), cwd=folder)
    return path
