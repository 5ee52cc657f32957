"""Runs one encode, from the source to verified files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...core.media import MediaInfo
from ...core.spec import ProducedFile
from ...exceptions import IncompleteMedia, MediaError, UnreadableMedia, UnsupportedMedia
from ..extras import optional
from ..ffmpeg import GUARD, FfmpegResult, file_url, run_ffmpeg
from ..lengths import end_of
from ..limits import Limits
from ..operation import Context
from ..packets import is_steady, read_index, usual_step
from ..probe import best_video, open_media, probe
from ..stills import load_upright, open_picture, save_picture
from .arguments import build_arguments, output_name
from .features import detect_features
from .framing import Pixels
from .marks import mark_corner, mark_size
from .options import EncodeOptions, Watermark
from .packaging import package_hls
from .plan import HDR_TRANSFERS, EncodePlan, Features, build_plan
from .verify import NOTHING_MADE, check_length, check_streams

pillow = optional("PIL.Image")

_MAKING = "making"
_MARK = "mark.png"
_MP4 = ("mp4", "mov")
_PAUSE_S = 0.2
"""What is shorter at the end of a film is not missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """``files`` lie in the context's folder, the main one first. ``made`` is the probe of the main one (HLS: of the
    first segment of its largest rendition). ``values`` are those that every encode returns."""

    source: MediaInfo
    made: MediaInfo
    plan: EncodePlan
    files: tuple[ProducedFile, ...]
    values: dict[str, Any]


def encode(
    context: Context, options: EncodeOptions, *, source: Path, watermark: Path | None = None, share: float = 1.0
) -> Encoded:
    """Make of ``source`` what ``options`` ask for. The files appear in the context's folder whole, or not at all.

    ``share`` is the part of the context's progress that this work takes. Raises ``MediaError``, ``EngineError`` or
    ``InvalidParameters``.
    """
    info = probe(source, limits=context.limits)
    is_hdr = info.video is not None and info.video.color_transfer in HDR_TRANSFERS
    features = detect_features() if is_hdr else Features()
    plan = build_plan(info, options, features=features, most_pixels=context.limits.pixels)
    plan = _fit_to_pauses(plan, info, source, context.limits)
    folder = context.workdir / _MAKING
    folder.mkdir()
    try:
        result = _run(context, plan, source, options.watermark, watermark, share)
        return _collect(context, plan, info, result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fit_to_pauses(plan: EncodePlan, info: MediaInfo, source: Path, limits: Limits) -> EncodePlan:
    """``plan`` without B-frames if the film pauses where it begins or ends.

    The muxer of MP4 adds up a track's length in the order of decoding, and the pause is lost: players end too early.
    Where there is sound up to the end, its length is the file's.
    """
    video, audio = plan.video, plan.audio
    if video is None or video.is_copied or video.fps or plan.container.muxer not in _MP4:
        return plan
    try:
        with open_media(source, limits=limits) as container:
            sound_s = end_of(container, container.streams[audio.index]) if audio is not None else None
            if sound_s is not None and info.duration_s is not None and sound_s >= info.duration_s - _PAUSE_S:
                return plan
            index = read_index(container, best_video(container))
    except (UnreadableMedia, UnsupportedMedia):
        return plan  # times out of order are put right by ffmpeg
    shown = index.shown()
    usual = usual_step(shown, index.last_ticks)
    if not len(shown) or is_steady(shown, end=int(shown[-1]) + (index.last_ticks or usual), usual=usual):
        return plan
    return replace(plan, video=replace(video, has_b_frames=False))


def _run(
    context: Context,
    plan: EncodePlan,
    source: Path,
    placing: Watermark | None,
    mark_path: Path | None,
    share: float,
) -> FfmpegResult:
    folder = context.workdir / _MAKING
    corner: Pixels | None = None
    if mark_path is not None and placing is not None and plan.video is not None:
        corner = _prepare_mark(mark_path, folder / _MARK, plan.video.framing.size, placing, context.limits)
    for rendition in plan.renditions:
        if rendition.name:
            (folder / rendition.name).mkdir()

    def run(number: int) -> FfmpegResult:
        def report(progress: float) -> None:
            context.report((progress + 100 * number) / plan.passes * share)

        arguments = build_arguments(
            plan,
            source_url=file_url(source),
            guard=GUARD,
            threads=context.limits.threads,
            most_pixels=context.limits.pixels,
            mark_url=file_url(folder / _MARK),
            mark=corner,
            pass_number=number + 1 if plan.passes == 2 else None,
        )
        return run_ffmpeg(arguments, limits=context.limits, duration_s=plan.source_s, report=report, cwd=folder)

    for number in range(plan.passes - 1):
        run(number)
    return run(plan.passes - 1)


def _prepare_mark(path: Path, target: Path, frame: Pixels, placing: Watermark, limits: Limits) -> Pixels:
    """The mark in its size on the frame as a PNG of our own: no decoder of ffmpeg ever sees what was sent."""
    try:
        with open_picture(path, limits=limits) as picture:
            upright = load_upright(picture)
            size = mark_size(frame, upright.size, placing)
            scaled = upright if size == upright.size else upright.resize(size, pillow.Resampling.LANCZOS)
            save_picture(scaled, target, "png")
    except MediaError as error:
        raise type(error)(f"The watermark: {error}", code=error.code, log=error.log) from error
    return mark_corner(frame, size, placing)


def _collect(context: Context, plan: EncodePlan, info: MediaInfo, result: FfmpegResult) -> Encoded:
    folder = context.workdir / _MAKING
    if plan.container.is_hls:
        packaged = package_hls(plan, folder, limits=context.limits)
        made, made_s, files = packaged.made, packaged.duration_s, packaged.files
    else:
        path = folder / output_name(plan)
        made = _probe_made(path, context.limits)
        made_s, files = made.duration_s or result.out_time_s or 0.0, (_single(plan, path, made),)
    check_length(plan, info, made_s=made_s, frame_count=result.frame_count, error_count=result.error_lines)
    check_streams(plan, made)
    moved = _move(files, folder, context.workdir)
    values = _values(plan, info, made, made_s, moved, result.error_lines)
    return Encoded(source=info, made=made, plan=plan, files=moved, values=values)


def _probe_made(path: Path, limits: Limits) -> MediaInfo:
    """The probe of an output. Where ffmpeg found nothing to encode it leaves a file without anything in it."""
    try:
        return probe(path, limits=limits)
    except (UnreadableMedia, FileNotFoundError) as error:
        raise IncompleteMedia(NOTHING_MADE) from error


def _single(plan: EncodePlan, path: Path, made: MediaInfo) -> ProducedFile:
    size = (made.video.width, made.video.height) if made.video is not None else (None, None)
    stream = made.video or made.audio
    return ProducedFile(
        name=path.name,
        content_type=content_type_of(plan, made),
        path=path,
        info={
            "width": size[0],
            "height": size[1],
            "duration_s": made.duration_s,
            "codec": stream.codec if stream is not None else "",
        },
    )


def content_type_of(plan: EncodePlan, made: MediaInfo) -> str:
    """The container's own, except that a film's container with nothing but sound in it is sound."""
    declared = plan.container.content_type
    if made.video is None and declared.startswith("video/") and declared.split("/")[1] in {"mp4", "webm", "ogg"}:
        return "audio/" + declared.split("/")[1]
    return declared


def _move(files: tuple[ProducedFile, ...], source: Path, target: Path) -> tuple[ProducedFile, ...]:
    moved = []
    for file in files:
        place = target / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        (source / file.name).rename(place)
        moved.append(
            ProducedFile(
                name=file.name, content_type=file.content_type, path=place, role=file.role, info=dict(file.info)
            )
        )
    return tuple(moved)


def _kbps(bitrate_bps: float | None) -> int | None:
    return round(bitrate_bps / 1000) if bitrate_bps else None


def _values(
    plan: EncodePlan,
    info: MediaInfo,
    made: MediaInfo,
    made_s: float,
    files: tuple[ProducedFile, ...],
    error_count: int,
) -> dict[str, Any]:
    video, audio = made.video, made.audio
    size_bytes = sum(file.path.stat().st_size for file in files if file.path is not None)
    audio_kbps = _kbps(audio.bitrate_bps) if audio else None
    if audio is not None and audio_kbps is None and plan.renditions:
        audio_kbps = plan.renditions[0].audio_bitrate_kbps
    video_kbps = _kbps(video.bitrate_bps) if video else None
    if video is not None and video_kbps is None and made.bitrate_bps:
        video_kbps = max(0, round(made.bitrate_bps / 1000) - (audio_kbps or 0))
    values: dict[str, Any] = {
        "width": video.width if video else None,
        "height": video.height if video else None,
        "duration": round(made_s, 3),
        "fps": video.frame_rate if video else None,
        "video_codec": video.codec if video else None,
        "video_bitrate": video_kbps,
        # MP4 has one code for MP2 and MP3, so what was made is surer than what a probe of it says.
        "audio_codec": plan.audio.codec.probe_name if plan.audio and audio else None,
        "audio_bitrate": audio_kbps,
        "audio_channels": audio.channels if audio else None,
        "audio_sample_rate": audio.sample_rate_hz if audio else None,
        "file_size": size_bytes,
        "mime_type": files[0].content_type,
        "copied": plan.copied,
        "concealed_errors": error_count,
    }
    if plan.video is not None and not plan.video.is_copied and info.video is not None:
        if info.video.color_transfer in HDR_TRANSFERS:
            values["is_tone_mapped"] = plan.video.is_tone_mapped
        values["has_alpha"] = plan.video.alpha == "kept"
    if plan.is_ladder:
        values["renditions"] = [dict(file.info) for file in files if file.role == "playlist"]
    return values
