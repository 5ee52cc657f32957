"""Writes the reversed film, picture and sound, to a new file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...core.media import MediaInfo
from ...exceptions import UnreadableMedia, UnsupportedMedia
from ..disk import telling_full_disk
from ..encoding.arguments import audio_arguments, video_arguments
from ..encoding.features import detect_features
from ..encoding.filters import TONE_MAP
from ..encoding.options import EncodeOptions
from ..encoding.plan import HDR_TRANSFERS, AudioPlan, EncodePlan, Features, VideoPlan, build_plan
from ..encoding.verify import check_length, check_streams
from ..extras import optional
from ..ffmpeg import PROTOCOLS, FfmpegResult, file_url, run_ffmpeg
from ..operation import Context
from ..packets import is_steady, usual_step
from ..probe import probe
from ..turns import Turn
from .frames import BackwardFrames
from .sound import decode_sound, pad_sound, reverse_samples
from .spans import mirror

av = optional("av")

_FOLDER = "making"
_SOUND_SHARE = 0.05
"""Of the progress."""
_OURS = ("-protocol_whitelist", PROTOCOLS)
"""The guard before an input that we have written ourselves: its format is told, not found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    """``path`` lies in the context's folder; ``facts`` is its probe."""

    path: Path
    facts: MediaInfo


def reverse_film(context: Context, source: Path, info: MediaInfo, options: EncodeOptions) -> Reversed:
    """Make of ``source``, whose probe is ``info``, a film that runs from its end to its beginning, as long as it.

    Where the sound lasts longer than the picture, the frame at that end of the film stays; where the picture lasts
    longer there is silence. Raises as ``encoding.encode`` does.
    """
    plan = _plan(info, options, context)
    with telling_full_disk(), ExitStack() as stack:
        folder = stack.enter_context(_folder(context.workdir))
        picture = BackwardFrames(source, _video(plan), _turn(info), folder=folder, limits=context.limits, stack=stack)
        film = _Film(context, plan, info, picture, folder)
        result = film.make(source)
        made = probe(film.path, limits=context.limits)
        # Not every container counts its frames, but the index has.
        plan = replace(plan, expected_frames=len(picture.index.shown()))
        check_length(
            plan, info, made_s=made.duration_s or 0.0, frame_count=film.frame_count, error_count=result.error_lines
        )
        check_streams(plan, made)
        path = film.path.rename(context.workdir / film.path.name)
    return Reversed(path=path, facts=made)


@contextmanager
def _folder(workdir: Path) -> Iterator[Path]:
    folder = workdir / _FOLDER
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _plan(info: MediaInfo, options: EncodeOptions, context: Context) -> EncodePlan:
    is_hdr = info.video is not None and info.video.color_transfer in HDR_TRANSFERS
    features = detect_features() if is_hdr else Features()
    options = replace(options, can_copy=False)
    return build_plan(info, options, features=features, most_pixels=context.limits.pixels)


def _video(plan: EncodePlan) -> VideoPlan:
    if plan.video is None:
        raise UnsupportedMedia("The file has no film.")
    return plan.video


def _turn(info: MediaInfo) -> Turn:
    if info.video is None:
        return Turn()
    return Turn(rotation_deg=info.video.rotation_deg % 360, is_mirrored=info.video.is_mirrored)


class _Film:
    """One film in the making."""

    def __init__(
        self, context: Context, plan: EncodePlan, info: MediaInfo, picture: BackwardFrames, folder: Path
    ) -> None:
        self._context = context
        self._plan = plan
        self._info = info
        self._picture = picture
        self._folder = folder
        self._sound = folder / "sound.pcm"
        self.path = folder / f"output{plan.container.extname}"
        self.frame_count = 0
        """Frames of the source that have been used."""
        shown = picture.index.shown()
        if not len(shown):
            raise UnreadableMedia("No picture of the film can be decoded.")
        last_ticks = picture.index.last_ticks
        self._usual = usual_step(shown, last_ticks)
        last_ticks = last_ticks or self._usual
        self._end = int(shown[-1]) + last_ticks - picture.start
        self._shown = shown

    def make(self, source: Path) -> FfmpegResult:
        picture_s = float(self._end * self._picture.time_base)
        sound = self._plan.audio
        length_s = picture_s
        if sound is not None:
            sound_s = decode_sound(
                source,
                self._sound,
                sound,
                limits=self._context.limits,
                duration_s=self._info.duration_s,
                report=lambda percent: self._context.report(percent * _SOUND_SHARE),
            )
            length_s = max(picture_s, sound_s)
            pad_sound(self._sound, sound, length_s)
            reverse_samples(self._sound, sound.channels)
            self._end = max(self._end, round(sound_s / self._picture.time_base))
        # What is missing is told before hours of work, not after them.
        check_length(self._plan, self._info, made_s=length_s, frame_count=len(self._shown), error_count=0)
        return run_ffmpeg(
            self._arguments(),
            limits=self._context.limits,
            duration_s=length_s,
            report=lambda percent: self._context.report(100 * _SOUND_SHARE + percent * (1 - _SOUND_SHARE)),
            cwd=self._folder,
            feed=self._feed,
        )

    def _arguments(self) -> list[str]:
        plan, threads = self._plan, self._context.limits.threads
        is_even = is_steady(self._shown, end=self._end + self._picture.start, usual=self._usual)
        video = replace(_video(plan), has_b_frames=is_even)
        rendition = plan.renditions[0]
        words = [*_OURS, "-f", "nut", "-i", "pipe:0"]
        if plan.audio is not None:
            words += [*_raw_sound(plan.audio), "-i", file_url(self._sound)]
        words += ["-filter_threads", str(threads), "-vf", ",".join(self._filters())]
        words += ["-map", "0:v:0", *video_arguments(video, rendition, "v:0", threads)]
        # Every frame at its own time, in the clock of the source.
        base = self._picture.time_base
        words += ["-fps_mode", "passthrough", "-enc_time_base:v:0", f"{base.numerator}:{base.denominator}"]
        if plan.audio is not None:
            words += ["-map", "1:a:0", *audio_arguments(plan.audio, rendition, "a:0")]
        words += ["-map_metadata", "-1", "-max_muxing_queue_size", "4096"]
        return [*words, "-f", plan.container.muxer, *plan.container.options, self.path.name]

    def _filters(self) -> list[str]:
        """The raw frames do not tell what their colours mean."""
        video, stream = _video(self._plan), self._info.video
        facts = {"range": "tv"}
        if video.is_rgb:
            facts |= dict.fromkeys(("colorspace", "color_primaries", "color_trc"), "bt709")
        elif stream is not None:
            facts |= {
                "colorspace": stream.color_space or video.assumed_matrix,
                "color_primaries": stream.color_primaries,
                "color_trc": stream.color_transfer,
            }
        said = ":".join(f"{name}={value}" for name, value in facts.items() if value and value != "gbr")
        return [f"setparams={said}", *(TONE_MAP if video.is_tone_mapped else ())]

    def _feed(self, descriptor: int) -> None:
        """Write the reversed picture as NUT, which keeps the time of each raw frame."""
        picture = self._picture
        width, height = _video(self._plan).framing.size
        with av.open(f"pipe:{descriptor}", "w", format="nut") as container:
            stream = container.add_stream("rawvideo", rate=1 / (self._usual * picture.time_base))
            stream.width, stream.height, stream.pix_fmt = width, height, picture.pixel_format
            stream.time_base = picture.time_base
            for stamp, data in mirror(self._frames(), end=self._end, usual=self._usual):
                packet = av.Packet(data)
                packet.stream, packet.time_base = stream, picture.time_base
                packet.pts = packet.dts = stamp
                packet.is_keyframe = True
                container.mux(packet)

    def _frames(self) -> Iterator[tuple[int, Any]]:
        for stamp, data in self._picture:
            self.frame_count += 1
            yield stamp - self._picture.start, data


def _raw_sound(plan: AudioPlan) -> list[str]:
    return [*_OURS, "-f", "s16le", "-ar", str(plan.sample_rate_hz), "-ac", str(plan.channels)]
