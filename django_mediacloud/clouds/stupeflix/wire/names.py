"""The words of the service: statuses, tasks, their files, keys."""

from __future__ import annotations

import hashlib
import string
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from ....core.ids import as_base32, parse_id
from ....core.states import State

Version = Literal["v1", "v2"]

STATES: Mapping[str, State] = MappingProxyType(
    {"queued": State.QUEUED, "executing": State.RUNNING, "success": State.COLLECTING, "error": State.FAILED}
)
"""Our states by the service's words. A word that is not here changes nothing."""

FINAL_WORDS = frozenset({"success", "error"})

_WORDS: Mapping[State, str] = MappingProxyType(
    {
        State.NEW: "queued",
        State.QUEUED: "queued",
        State.SUBMITTING: "queued",
        State.RUNNING: "executing",
        State.COLLECTING: "executing",
        State.CANCELLING: "executing",
        State.SUCCEEDED: "success",
        State.FAILED: "error",
        State.CANCELLED: "error",
    }
)

FILE_OUTPUTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "audio.beats": (),
        "audio.convert": ("output",),
        "audio.info": (),
        "audio.waveform": ("output",),
        "html.scrape": (),
        "image.gif": ("output",),
        "image.info": (),
        "image.strip": ("output",),
        "image.thumb": ("output",),
        "video.convert": ("output",),
        "video.create": ("preview", "export", "thumbnail"),
        "video.info": (),
        "video.reverse": ("output",),
        "video.strip": ("output",),
        "video.thumb": ("output",),
        # The ``output`` of an upload is the address of a page on the platform: nothing to fetch, so a value.
        "video.upload.fb": (),
        "video.upload.vimeo": (),
        "video.upload.youtube": (),
        # Only in the example of POST /v2/create_stream.
        "hello": (),
        # Only in earlier revisions of the documentation.
        "audio.structure": ("output",),
        "audio.tts": ("output",),
        "image.face": (),
        "image.saliency": (),
        "image.smartcrop": (),
        "video.stabilize": ("out.json", "out.xml"),
        "video.upload.yt": (),
    }
)
"""Of each task the names in ``result`` that are URLs of produced files. Every other name is a value."""

TASKS = tuple(FILE_OUTPUTS)
"""Every task that any revision of the documentation names."""

BARE_RESULTS: Mapping[str, str] = MappingProxyType({"hello": "greeting"})
"""Tasks whose ``result`` is a bare string, and the name of the value of ours that it is."""

DEFAULT_STORES: Mapping[Version, str] = MappingProxyType({"v1": "volatile", "v2": "persistent"})
"""Where files go when a definition has no ``task_store``."""

_SUFFIX_CHARS = string.ascii_letters + string.digits


def status_word(state: State) -> str:
    """The service's word for one of our states. It has none for a cancelled task: that one ends on an error."""
    return _WORDS[state]


def render_key(id: uuid.UUID) -> str:
    """A task's key: 26 characters of ``A-Z2-7`` (from every example)."""
    return as_base32(id)


def parse_key(text: str) -> uuid.UUID:
    """``ValueError`` if ``text`` is no task's key, spelled exactly as ``render_key`` spells it."""
    id = parse_id(text)
    if as_base32(id) != text:
        raise ValueError(f"not a task's key: {text!r}")
    return id


def file_name(task_name: str, facts: str) -> str:
    """``dragon-image.thumb-IeWutW``: the name of a file in the store. The same ``facts`` give the same name."""
    digest = hashlib.sha256(facts.encode()).digest()
    suffix = "".join(_SUFFIX_CHARS[byte % len(_SUFFIX_CHARS)] for byte in digest[:6])
    return f"dragon-{task_name}-{suffix}"


def directory_of(key: str) -> str:
    """The directory in the store that holds the files of one task."""
    return f"{key}/"
