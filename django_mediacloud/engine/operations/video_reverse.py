"""``video.reverse`` of Stupeflix (its reference, "Tasks Reference"): a film that runs backwards, its sound too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.media import MediaInfo
from ...core.parameters import Parameters
from ...core.spec import Kind, ProducedFile
from ..encoding.codecs import CONTAINERS
from ..encoding.options import EncodeOptions, Rate
from ..operation import Context, Operation, Outcome
from ..parameters import crop, h264, size, source
from ..probe import probe_film
from ..reverse.film import reverse_film

_PARAMETERS = Parameters(
    (
        source("The film."),
        *size(" of the box; the film's own if empty."),
        crop("Fill the box and crop what exceeds it; otherwise fit inside."),
        *h264("Highest bitrate of the picture; the source's if empty."),
    )
)


def encode_options(values: Mapping[str, Any], info: MediaInfo) -> EncodeOptions:
    """How the reversed film of a source with the facts ``info`` is encoded."""
    return EncodeOptions(
        container=CONTAINERS[".mp4"],
        width=values["width"],
        height=values["height"],
        is_upscaled=True,
        aspect_mode="fill" if values["crop"] else "constrain",
        video_codec=values["video_codec"],
        audio_codec="aac",
        rate=Rate(bitrate_kbps=values["video_bitrate"] or _bitrate_kbps(info), crf=float(values["crf"])),
        keyframe_interval=values["gop"],
    )


def _bitrate_kbps(info: MediaInfo) -> int | None:
    """The source's. Not every container tells that of its streams; then the sound's share is taken off: at most half,
    for what a codec says of itself may be more than all that is there."""
    if info.video is not None and info.video.bitrate_bps:
        return max(1, round(info.video.bitrate_bps / 1000))
    if not info.bitrate_bps:
        return None
    sound_bps = info.audio.bitrate_bps or 0 if info.audio is not None else 0
    return max(1, round(max(info.bitrate_bps - sound_bps, info.bitrate_bps / 2) / 1000))


def _run(context: Context) -> Outcome:
    film = context.input()
    info = probe_film(film, limits=context.limits)
    made = reverse_film(context, film, info, encode_options(context.parameters, info))
    width, height = made.facts.display_size or (None, None)
    file = ProducedFile(
        name=made.path.name,
        content_type="video/mp4",
        path=made.path,
        info={"width": width, "height": height, "duration_s": made.facts.duration_s},
    )
    return Outcome(values={"duration": made.facts.duration_s}, files=(file,), source_s=info.duration_s)


OPERATION = Operation(
    info=OperationInfo(
        name="video.reverse",
        summary="Make a film that runs backwards.",
        parameters=_PARAMETERS,
        results={"duration": "Seconds."},
        files={"output": "The reversed film."},
        kinds=frozenset({Kind.TASK, Kind.PROCESS}),
    ),
    run=_run,
)
