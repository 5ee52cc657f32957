"""What is asked of a cloud, and what it says about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from .failure import Failure
from .states import State


class Kind(StrEnum):
    ENCODING = "encoding"
    PROCESS = "process"
    TASK = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in one of the site's storages. ``filename`` is what its owner called it: for show, never a path."""

    storage: str
    path: str
    filename: str = ""
    size_bytes: int | None = None
    content_type: str = ""
    is_upload: bool = False
    """It came with a job and goes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a file that was brought here came from, and what its server said of it. Empty is what nobody knows."""

    url: str = ""
    """After redirects, without the query."""
    content_type: str = ""
    charset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A job's files go elsewhere than into the site's storage: ``name`` is in ``core.destinations``, with what that
    needs."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Somebody who is to be told when a job ends in one of ``events``, in the words of a protocol. A job has one
    at most for each event of a protocol.

    ``protocol`` names the cloud whose server has the words (``stupeflix``). ``base_url`` is where that server was
    spoken to, so that the news can name its files.
    """

    url: str
    events: tuple[State, ...]
    protocol: str
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One piece of work, as its submitter says it.

    ``parameters`` are the operation's own. A parameter that takes a file is either a URL among them, or stands in
    ``inputs`` as a ``StoredFile`` that the site already keeps.
    """

    operation: str
    # Tokens of other services may be among them.
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    inputs: Mapping[str, StoredFile] = field(default_factory=dict)
    kind: Kind = Kind.TASK
    cloud: str = "default"
    priority: int = 0
    """-100 to 100; higher runs first."""
    callback_url: str = ""
    hooks: tuple[Hook, ...] = ()
    destination: Delivery | None = None
    keep_s: float | None = None
    """The files are removed so long after the job has ended; None: they stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducedFile:
    """A finished file that the cloud offers: a local ``path``, or a ``url`` to fetch. Exactly one of them is set.

    ``name`` may hold ``/`` for files that refer to each other by relative path (a playlist and its segments).
    ``role`` says what it is to its job: ``output``, ``playlist``, ``segment``, ``thumbnail``, ``sprite``, ...
    """

    name: str
    content_type: str
    path: Path | None = None
    url: str = ""
    role: str = "output"
    info: Mapping[str, Any] = field(default_factory=dict)
    """Facts for lists: ``width``, ``height``, ``duration_s``, ``codec``."""

    def __post_init__(self) -> None:
        if (self.path is None) == (not self.url):
            raise ValueError("a produced file has either a path or a url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A piece of news about one attempt at a job. Every field but ``state`` may be unknown (None or empty).

    ``state`` is the cloud's view: RUNNING, COLLECTING (done, files ready), FAILED, CANCELLED, or QUEUED.
    """

    state: State
    remote_id: str = ""
    progress: float | None = None
    """0 to 100."""
    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[ProducedFile, ...] = ()
    failure: Failure | None = None
    work_s: float | None = None
    """Seconds of work, by the clock."""
    source_s: float | None = None
    """Seconds of source media that were worked on."""
    at: dt.datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
