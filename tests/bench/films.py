"""Films as a whole, against what ffmpeg does with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from django_mediacloud.engine.encoding.arguments import audio_arguments, video_arguments
from django_mediacloud.engine.encoding.plan import Features, build_plan
from django_mediacloud.engine.ffmpeg_program import find_ffmpeg
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operations.video_reverse import encode_options
from django_mediacloud.engine.probe import probe
from django_mediacloud.engine.registry import get_operation

from .case import Case, Work, draw_clip


def _reverse(folder: Path) -> tuple[Work, Work]:
    """Larger than its output, and as long as ffmpeg's filter can bear: it keeps all of it in memory."""
    source = draw_clip(folder, duration_s=20, size="1920x1080")
    parameters = {"width": 1280, "height": 720}
    ours = {"operation": "video.reverse", "parameters": parameters, "input": str(source), "times": 1}
    limits = Limits()
    info = probe(source, limits=limits)
    values = get_operation("video.reverse").info.parameters.clean(parameters, bound=frozenset({"url"}))
    options = replace(encode_options(values, info), can_copy=False)
    plan = build_plan(info, options, features=Features(), most_pixels=limits.pixels)
    assert plan.video is not None
    assert plan.audio is not None
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-y", "-threads", str(limits.threads), "-i", str(source)]
    command += ["-vf", "scale=1280:720,reverse", "-af", "areverse"]
    command += video_arguments(plan.video, plan.renditions[0], "v:0", limits.threads)
    command += audio_arguments(plan.audio, plan.renditions[0], "a:0")
    return ours, {"commands": [[*command, "-movflags", "+faststart", "reversed.mp4"]]}


CASES = (
    Case(
        name="a film backwards, 1080p to 720p",
        what="video.reverse against the filters reverse and areverse with the same encode",
        target=1.15,
        prepare=_reverse,
    ),
)
