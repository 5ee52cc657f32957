"""Encodings and stills of films, against ffmpeg."""

from __future__ import annotations

from pathlib import Path

from django_mediacloud.engine.encoding.arguments import build_arguments
from django_mediacloud.engine.encoding.features import detect_features
from django_mediacloud.engine.encoding.options import read_options
from django_mediacloud.engine.encoding.plan import build_plan
from django_mediacloud.engine.ffmpeg import GUARD, file_url
from django_mediacloud.engine.ffmpeg_program import find_ffmpeg
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.probe import probe
from django_mediacloud.engine.registry import get_operation

from .case import Case, Work, draw_clip

FILM: Work = {"extname": ".mp4", "video_codec": "h264", "audio_codec": "aac", "width": 640, "height": 360}
RUNGS = (
    {"name": "240p", "width": 426, "height": 240, "video_bitrate": 300, "audio_bitrate": 64},
    {"name": "360p", "width": 640, "height": 360, "video_bitrate": 700, "audio_bitrate": 96},
    {"name": "480p", "width": 854, "height": 480, "video_bitrate": 1200, "audio_bitrate": 128},
)


def _bare(parameters: Work, source: Path) -> list[str]:
    """The same arguments that the engine uses, for a bare ffmpeg."""
    limits = Limits()
    info = probe(source, limits=limits)
    values = get_operation("media.encode").info.parameters.clean(parameters, bound=frozenset({"url"}))
    options = read_options(values, has_watermark=False)
    plan = build_plan(info, options, features=detect_features(), most_pixels=limits.pixels)
    arguments = build_arguments(
        plan, source_url=file_url(source), guard=GUARD, threads=limits.threads, most_pixels=limits.pixels
    )
    return [find_ffmpeg(), "-nostdin", "-v", "error", "-y", *arguments]


def _encode(folder: Path) -> tuple[Work, Work]:
    source = draw_clip(folder, duration_s=90, size="1280x720")
    ours = {"operation": "media.encode", "parameters": FILM, "input": str(source), "times": 1}
    return ours, {"commands": [_bare(FILM, source)]}


def _thumb(folder: Path) -> tuple[Work, Work]:
    source = draw_clip(folder, duration_s=60, size="1920x1080")
    times = 5
    ours = {"operation": "video.thumb", "parameters": {"time": 31.4}, "input": str(source), "times": times}
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-y", "-threads", "1", "-ss", "31.4", "-i", str(source)]
    command += ["-frames:v", "1", "-threads", "1", "-filter_threads", "1", "-q:v", "3", "thumb.jpg"]
    return ours, {"commands": [command] * times}


def _strip(folder: Path) -> tuple[Work, Work]:
    source = draw_clip(folder, duration_s=600, size="640x360")
    parameters = {"count": 10, "width": 160, "height": 90}
    ours = {"operation": "video.strip", "parameters": parameters, "input": str(source), "times": 1}
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-y", "-i", str(source), "-vf"]
    command += ["fps=10/600,scale=160:90,tile=10x1", "-frames:v", "1", "strip.jpg"]
    return ours, {"commands": [command]}


def _ladder(folder: Path) -> tuple[Work, Work]:
    source = draw_clip(folder, duration_s=30, size="1920x1080")
    common = {"extname": ".m3u8", "video_codec": "h264", "audio_codec": "aac"}
    parameters = {**common, "variants": [dict(rung) for rung in RUNGS]}
    ours = {"operation": "media.encode", "parameters": parameters, "input": str(source), "times": 1}
    single = [
        _bare({**common, **{name: value for name, value in rung.items() if name != "name"}}, source) for rung in RUNGS
    ]
    return ours, {"commands": single}


CASES = (
    Case(
        name="encode, 720p to 360p H.264",
        what="media.encode against a bare ffmpeg with the same arguments",
        target=1.03,
        prepare=_encode,
    ),
    Case(
        name="one thumbnail of 1080p",
        what="video.thumb against ffmpeg -ss with one thread",
        target=1.1,
        prepare=_thumb,
    ),
    Case(
        name="strip of 10 from ten minutes",
        what="video.strip against a filter over the whole file",
        target=0.1,
        prepare=_strip,
    ),
    Case(
        name="HLS ladder of three",
        what="one decode for all rungs against three processes",
        target=0.75,
        prepare=_ladder,
    ),
)
