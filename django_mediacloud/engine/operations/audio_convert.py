"""``audio.convert`` of Stupeflix (its reference, "Tasks Reference"): a sound, or that of a film, in another codec.

The reference names codecs, not files. MP3 and Vorbis have one usual kind each. AAC goes into M4A: unlike bare AAC it
tells its length and can be sought in, and every player that knows AAC takes it. Bitrates are the usual ones of
``encoding.codecs``.
"""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.media import MediaInfo
from ...core.parameters import Parameter, Parameters, Type
from ..encoding.codecs import AUDIO_CODECS, COPY
from ..encoding.sounds import encode_sound
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..probe import probe

_EXTNAMES = {"mp3": ".mp3", "vorbis": ".ogg", "aac": ".m4a"}

_PARAMETERS = Parameters(
    (
        source("The sound, or a film with sound."),
        Parameter(name="codec", type=Type.STRING, help="Codec of the output.", default="mp3", choices=tuple(_EXTNAMES)),
        Parameter(
            name="force",
            type=Type.BOOLEAN,
            help="Encode even a sound that has that codec already; else it is copied.",
            default=False,
        ),
    )
)


def _is_already(info: MediaInfo, codec: str) -> bool:
    """The file is sound in ``codec`` and nothing else."""
    return info.video is None and info.audio is not None and info.audio.codec == AUDIO_CODECS[codec].probe_name


def _run(context: Context) -> Outcome:
    codec, sound = context.parameters["codec"], context.input()
    is_copied = not context.parameters["force"] and _is_already(probe(sound, limits=context.limits), codec)
    return encode_sound(context, sound, extname=_EXTNAMES[codec], codec=COPY if is_copied else codec)


OPERATION = Operation(
    info=OperationInfo(
        name="audio.convert",
        summary="Convert a sound to MP3, Vorbis or AAC.",
        parameters=_PARAMETERS,
        results={"duration": "Length of the sound, s.", "content_type": "Media type of the output."},
        files={"output": "The converted sound."},
    ),
    run=_run,
)
