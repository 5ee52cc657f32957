"""``video.convert`` of Stupeflix (its reference, "Tasks"): a film becomes H.264 with the sound asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameter, Parameters, Type
from ...core.spec import Kind, ProducedFile
from ..encoding.codecs import CONTAINERS
from ..encoding.encode import encode
from ..encoding.options import EncodeOptions, Rate
from ..operation import Context, Operation, Outcome
from ..parameters import crop, h264, size, source

_EXTNAMES = {"wmav1": ".wmv", "wmav2": ".wmv"}
"""Windows Media sound is not for MP4: players look for it in ASF."""

_PARAMETERS = Parameters(
    (
        source("The film."),
        *size(" of the box; the film's own if empty."),
        crop("Fill the box and crop what exceeds it; otherwise fit inside."),
        Parameter(
            name="audio_codec",
            type=Type.STRING,
            help="Codec of the sound.",
            default="aac",
            choices=("mp2", "mp3", "aac", "wmav1", "wmav2"),
        ),
        *h264("Highest bitrate of the picture.", 3000),
        Parameter(
            name="audio_bitrate",
            type=Type.INTEGER,
            help="Bitrate of the sound.",
            default=128,
            minimum=8,
            maximum=2_000,
            unit="kb/s",
        ),
        Parameter(
            name="sample_rate",
            type=Type.INTEGER,
            help="Sample rate of the sound.",
            default=44100,
            choices=(22050, 44100, 48000),
            unit="Hz",
        ),
    )
)


def _options(values: Mapping[str, Any]) -> EncodeOptions:
    return EncodeOptions(
        container=CONTAINERS[_EXTNAMES.get(values["audio_codec"], ".mp4")],
        width=values["width"],
        height=values["height"],
        is_upscaled=True,
        aspect_mode="fill" if values["crop"] else "constrain",
        video_codec=values["video_codec"],
        audio_codec=values["audio_codec"],
        rate=Rate(bitrate_kbps=values["video_bitrate"], crf=float(values["crf"])),
        keyframe_interval=values["gop"],
        audio_bitrate_kbps=values["audio_bitrate"],
        audio_sample_rate_hz=values["sample_rate"],
        # A copy would have neither the quality nor the key frames that were asked for.
        can_copy=False,
    )


def _run(context: Context) -> Outcome:
    encoded = encode(context, _options(context.parameters), source=context.input("url"))
    original = encoded.source.display_size or (None, None)
    made = encoded.made
    values = {
        "content_type": encoded.values["mime_type"],
        "width": encoded.values["width"],
        "height": encoded.values["height"],
        "original_width": original[0],
        "original_height": original[1],
        "duration": encoded.values["duration"],
        "frame_rate": encoded.values["fps"],
        "audio_codec": encoded.values["audio_codec"],
        "video_codec": encoded.values["video_codec"],
        "alpha": made.video is not None and made.video.has_alpha,
        "rotation": float(made.video.rotation_deg) if made.video is not None else 0.0,
    }
    files: tuple[ProducedFile, ...] = encoded.files
    return Outcome(values=values, files=files, source_s=encoded.plan.source_s)


OPERATION = Operation(
    info=OperationInfo(
        name="video.convert",
        summary="Convert a film to H.264.",
        parameters=_PARAMETERS,
        results={
            "content_type": "Content type of the film.",
            "width": "Width, px.",
            "height": "Height, px.",
            "original_width": "Width of the source as shown, px.",
            "original_height": "Height of the source as shown, px.",
            "duration": "Seconds.",
            "frame_rate": "Frames per second.",
            "audio_codec": "Codec of the sound, or null.",
            "video_codec": "Codec of the picture.",
            "alpha": "Whether the film has transparency.",
            "rotation": "Turn that is left to the player: 0.",
        },
        files={"output": "The converted film."},
        kinds=frozenset({Kind.TASK, Kind.PROCESS}),
    ),
    run=_run,
)
