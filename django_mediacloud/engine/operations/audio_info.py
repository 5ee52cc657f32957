"""``audio.info`` of Stupeflix (its reference, "Tasks Reference")."""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameters
from ...exceptions import UnsupportedMedia
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..probe import probe


def _run(context: Context) -> Outcome:
    info = probe(context.input(), limits=context.limits)
    if info.audio is None:
        raise UnsupportedMedia("The file has no sound.")
    values = {
        "duration": None if info.duration_s is None else round(info.duration_s, 2),
        "content_type": info.content_type,
        "codec": info.audio.codec,
    }
    return Outcome(values=values, source_s=info.duration_s)


OPERATION = Operation(
    info=OperationInfo(
        name="audio.info",
        summary="Tell length and codec of a sound.",
        parameters=Parameters((source("The sound, or a film with sound."),)),
        results={
            "duration": "Seconds, to 1/100.",
            "content_type": "Media type of the file.",
            "codec": "Codec of the sound.",
        },
    ),
    run=_run,
)
