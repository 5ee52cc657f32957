"""``media.encode``: a film or a sound becomes what a profile says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameter, Parameters, Type
from ...core.spec import Kind
from ...exceptions import InvalidParameters
from ..encoding.codecs import CONTAINERS
from ..encoding.command import check_command, parse_command
from ..encoding.encode import encode
from ..encoding.options import read_options
from ..encoding.parameters import ENCODE_ITEMS, check_together
from ..encoding.pictures import MAX_PICTURES, Wanted, save_pictures, spread_times, take_pictures
from ..operation import Context, Operation, Outcome

_PARAMETERS = Parameters(
    (
        *ENCODE_ITEMS,
        Parameter(
            name="command",
            type=Type.TEXT,
            help="A command of the old service in place of codecs and rates; the other parameters fill its tokens.",
            check=check_command,
        ),
        Parameter(
            name="frame_count",
            type=Type.INTEGER,
            help="Number of screenshots of the result, evenly spaced.",
            default=0,
            minimum=0,
            maximum=MAX_PICTURES,
        ),
    ),
    check_together,
)
_SCREENSHOTS_SHARE = 0.05
# A command decides about these alone; everything else it names by token.
_KEPT_BESIDE_COMMAND = ("extname", "watermark_url")


def _from_command(values: Mapping[str, Any]) -> dict[str, Any]:
    said = parse_command(values["command"], values)
    given = {name: values[name] for name in _KEPT_BESIDE_COMMAND if values.get(name) is not None}
    try:
        return Parameters(ENCODE_ITEMS, check_together).clean({**given, **said}, bound=frozenset({"url"}))
    except InvalidParameters as error:
        raise InvalidParameters({"command": [str(error)]}) from None


def _run(context: Context) -> Outcome:
    values: Mapping[str, Any] = context.parameters
    if values.get("command"):
        values = _from_command(values)
    marks = context.inputs.get("watermark_url") or ()
    frame_count = context.parameters.get("frame_count") or 0
    share = 1 - _SCREENSHOTS_SHARE if frame_count else 1.0
    encoded = encode(
        context,
        read_options(values, has_watermark=bool(marks)),
        source=context.input("url"),
        watermark=marks[0] if marks else None,
        share=share,
    )
    files = encoded.files
    if frame_count and encoded.made.video is not None and not encoded.plan.container.is_hls and files[0].path:
        wanted = Wanted(stem="output", role="thumbnail")
        times = spread_times(encoded.made, frame_count)
        files += save_pictures(context, take_pictures(context, files[0].path, times, begin=100 * share), wanted)
    return Outcome(values=encoded.values, files=files, source_s=encoded.plan.source_s)


OPERATION = Operation(
    info=OperationInfo(
        name="media.encode",
        summary="Encode a film or a sound; streams that already fit are copied.",
        parameters=_PARAMETERS,
        results={
            "width": "Width of the picture, px; of the largest rendition.",
            "height": "Height of the picture, px.",
            "duration": "Seconds.",
            "fps": "Frames per second.",
            "video_codec": "Codec of the picture, or null.",
            "video_bitrate": "kb/s.",
            "audio_codec": "Codec of the sound, or null.",
            "audio_bitrate": "kb/s.",
            "audio_channels": "Channels.",
            "audio_sample_rate": "Hz.",
            "file_size": "Bytes of all files of the result.",
            "mime_type": "Content type of the main file.",
            "copied": 'Streams that already fitted and were copied: "video", "audio".',
            "concealed_errors": "Faults of the source that were concealed.",
            "is_tone_mapped": "Whether HDR was mapped to SDR; only for HDR sources.",
            "has_alpha": "Whether transparency was kept.",
            "renditions": "Rungs of the ladder, largest first.",
        },
        files={"output": "The encoded file, or the playlist to open."},
        formats={extname.lstrip("."): {"extname": extname} for extname in CONTAINERS},
        kinds=frozenset({Kind.ENCODING, Kind.PROCESS, Kind.TASK}),
    ),
    run=_run,
)
