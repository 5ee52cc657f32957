"""All that can be told about a file: what the site asks of every source that comes in."""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameters
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..probe import probe


def run(context: Context) -> Outcome:
    info = probe(context.input(), limits=context.limits)
    return Outcome(values=info.as_dict(), source_s=info.duration_s)


OPERATION = Operation(
    info=OperationInfo(
        name="media.info",
        summary="All facts about a file, whatever it is.",
        parameters=Parameters((source("The file."),)),
        results={
            "kind": "video, audio or image.",
            "format": "Container, as ffmpeg or Pillow names it.",
            "content_type": "Media type.",
            "size_bytes": "Size of the file.",
            "duration_s": "Length in seconds; null for a still picture.",
            "start_s": "Time stamp of the beginning, in seconds.",
            "bitrate_bps": "Of everything together, in bits per second.",
            "video": "The picture's stream; null if there is none.",
            "audio": "The sound's stream; null if there is none.",
        },
    ),
    run=run,
)
