"""Encodes sound only, for the operations on audio."""

from __future__ import annotations

from pathlib import Path

from ..operation import Context, Outcome
from .codecs import CONTAINERS, NONE
from .encode import encode
from .options import EncodeOptions


def encode_sound(context: Context, source: Path, *, extname: str, codec: str) -> Outcome:
    """The sound of ``source`` by ``codec`` (or ``COPY``) in the usual container of ``extname``, with the values that
    the service's reference has for it: ``duration`` in seconds and ``content_type``. Errors as of ``encode``."""
    options = EncodeOptions(
        container=CONTAINERS[extname],
        video_codec=NONE,
        audio_codec=codec,
        # What is to be copied has been said, whatever its bitrate.
        can_copy=False,
    )
    encoded = encode(context, options, source=source)
    values = {"duration": encoded.values["duration"], "content_type": encoded.values["mime_type"]}
    return Outcome(values=values, files=encoded.files, source_s=encoded.plan.source_s)
