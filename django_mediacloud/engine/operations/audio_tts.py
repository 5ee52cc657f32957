"""``audio.tts`` of Stupeflix (its documentation until August 2016): a text read aloud.

The service had voices of NeoSpeech and AT&T, which nobody may hand on. Each name of theirs gets a voice of eSpeak NG's
that speaks the same language as a woman or a man, as that one did, and no two the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameter, Parameters, Type
from ..encoding.sounds import encode_sound
from ..operation import Context, Operation, Outcome
from ..speech import plain_text, speak

VOICES: Mapping[str, str] = {
    "neospeech:julie": "en-us+f3",
    "neospeech:paul": "en-us+m3",
    "neospeech:kate": "en-us+f5",
    "neospeech:neobridget": "en-gb-x-rp+f2",
    "neospeech:neovioleta": "es-419+f2",
    "att:crystal": "en-us+f2",
    "att:mike": "en-us+Mike",
    "att:rosa": "es-419+f4",
    "att:alberto": "es-419+m3",
}
"""The service's names, and eSpeak NG's."""

_CODECS = {"mp3": ("mp3", ".mp3"), "ogg": ("vorbis", ".ogg")}
_READING = "reading.wav"
_READING_SHARE = 0.5


def _problems(values: Mapping[str, Any]) -> dict[str, list[str]]:
    return {} if plain_text(values["text"]).strip() else {"text": ["must have something to say"]}


_PARAMETERS = Parameters(
    (
        Parameter(name="text", type=Type.TEXT, help="What is to be read aloud.", is_required=True),
        Parameter(
            name="voice",
            type=Type.STRING,
            help="Voice, which also decides the language.",
            default="neospeech:julie",
            choices=tuple(VOICES),
        ),
        Parameter(name="codec", type=Type.STRING, help="Codec of the output.", default="mp3", choices=tuple(_CODECS)),
    ),
    _problems,
)


def _run(context: Context) -> Outcome:
    given = context.parameters
    codec, extname = _CODECS[given["codec"]]
    reading = context.workdir / _READING
    speak(given["text"], VOICES[given["voice"]], reading, lambda progress: context.report(_READING_SHARE * progress))
    rest = replace(
        context, report=lambda progress: context.report(100 * _READING_SHARE + (1 - _READING_SHARE) * progress)
    )
    outcome = encode_sound(rest, reading, extname=extname, codec=codec)
    reading.unlink()
    return outcome


OPERATION = Operation(
    info=OperationInfo(
        name="audio.tts",
        summary="Read a text aloud.",
        parameters=_PARAMETERS,
        results={"duration": "Length of the sound, s.", "content_type": "Media type of the sound."},
        files={"output": "The text, read aloud."},
    ),
    run=_run,
)
