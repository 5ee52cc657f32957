"""``video.info`` of Stupeflix (its reference, "Tasks Reference")."""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameters
from ...exceptions import UnsupportedMedia
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..probe import probe_film


def _run(context: Context) -> Outcome:
    info = probe_film(context.input(), limits=context.limits)
    film = info.video
    if film is None:
        raise UnsupportedMedia("The file has no film.")
    values = {
        "content_type": info.content_type,
        "width": film.width,
        "height": film.height,
        "duration": info.duration_s,
        "frame_rate": film.frame_rate,
        "alpha": film.has_alpha,
        "rotation": float(film.rotation_deg),
        "audio_codec": info.audio.codec if info.audio is not None else None,
        "video_codec": film.codec,
    }
    return Outcome(values=values, source_s=info.duration_s)


OPERATION = Operation(
    info=OperationInfo(
        name="video.info",
        summary="Tell the facts about a film.",
        parameters=Parameters((source("The film."),)),
        results={
            "content_type": "Media type.",
            "width": "Width as stored, px.",
            "height": "Height as stored, px.",
            "duration": "Seconds.",
            "frame_rate": "Frames per second, the average if they vary.",
            "alpha": "Whether the film has transparency.",
            "rotation": "Counter-clockwise degrees that show the film as it was shot.",
            "audio_codec": "Codec of the sound, or null.",
            "video_codec": "Codec of the picture.",
        },
    ),
    run=_run,
)
