"""Run an operation as the sandbox does, but here, and look into what it made with other eyes than its own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np

from django_mediacloud.core.spec import Origin
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Context, Outcome
from django_mediacloud.engine.registry import get_operation

LIMITS = Limits(threads=2)
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
"""Arguments for drawing a source."""


class Work:
    """Each call of ``run`` has a folder of its own under ``root``; ``progress`` is what the last one reported."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.progress: list[float] = []
        self.folders: list[Path] = []

    def run(
        self, name: str, source: Path, *, limits: Limits = LIMITS, watermark: Path | None = None, **given: Any
    ) -> Outcome:
        inputs: Mapping[str, Sequence[Path]] = {"url": [source]}
        if watermark is not None:
            inputs = {**inputs, "watermark_url": [watermark]}
        return self.run_on(name, inputs, limits=limits, **given)

    def run_on(
        self,
        name: str,
        inputs: Mapping[str, Sequence[Path]],
        *,
        origins: Mapping[str, Sequence[Origin]] | None = None,
        limits: Limits = LIMITS,
        **given: Any,
    ) -> Outcome:
        operation = get_operation(name)
        folder = self.root / f"work-{len(self.folders)}"
        folder.mkdir()
        self.folders.append(folder)
        self.progress = []
        parameters = operation.info.parameters.clean(given, bound=frozenset(inputs))
        context = Context(
            parameters=parameters,
            inputs=inputs,
            origins=origins or {},
            workdir=folder,
            limits=limits,
            report=self.progress.append,
        )
        return operation.run(context)

    def left(self) -> list[str]:
        """What lies in the last folder."""
        return sorted(path.name for path in self.folders[-1].iterdir())


def main_file(outcome: Outcome) -> Path:
    path = outcome.files[0].path
    assert path is not None
    return path


def frame(path: Path, time_s: float = 0.0, *, pixel_format: str = "rgb24", decoder: str = "") -> np.ndarray:
    """One frame as it is stored, without any turning: height x width x channels."""
    chosen = ["-c:v", decoder] if decoder else []
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        width, height = context.width, context.height
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-noautorotate", *chosen]
    command += ["-i", str(path), "-ss", str(time_s), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", pixel_format, "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(data, np.uint8).reshape(height, width, -1)


def luma(path: Path, time_s: float = 0.0) -> np.ndarray:
    """The stored luma of one frame, without any conversion."""
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            if picture.time is None or picture.time >= time_s - 1e-6:
                return picture.to_ndarray()[: picture.height]
    raise AssertionError("no frame at that time")


def frame_times(path: Path, *, keyframes_only: bool = False) -> list[float]:
    """Seconds from the first frame on."""
    with av.open(str(path)) as container:
        times = [
            float(packet.pts * packet.time_base)
            for packet in container.demux(video=0)
            if packet.pts is not None and (packet.is_keyframe or not keyframes_only)
        ]
    first = min(times)
    return sorted(round(time_s - first, 3) for time_s in times)


def streams(path: Path) -> list[tuple[str, str]]:
    """Kind and codec of every stream."""
    with av.open(str(path)) as container:
        return [
            (stream.type, stream.codec_context.name if stream.codec_context else "") for stream in container.streams
        ]
