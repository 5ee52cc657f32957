"""What is asked of a cloud (``JobSpec``), and what it reports (``Snapshot``)."""

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
    """It was uploaded with a job, and is removed with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a fetched file came from, and what its server said of it. A field is empty if unknown."""

    url: str = ""
    """After redirects, without the query."""
    content_type: str = ""
    charset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Sends a job's files to another platform instead of the site's storage. ``name`` is a key of
    ``core.destinations.DESTINATIONS``, which declares the ``parameters``."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A URL that receives a POST when a job ends in one of ``events``, in the format of an old service's callbacks. A
    job has at most one for each event and protocol.

    ``protocol`` names the cloud whose server renders the body (``stupeflix``). ``base_url`` is the address at which the
    client reached that server: the URLs of files in the body begin with it.
    """

    url: str
    events: tuple[State, ...]
    protocol: str
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One piece of work, as it is submitted.

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
    """Seconds after the end of the job at which its files are removed; None: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducedFile:
    """A finished file, with either a local ``path`` or a ``url`` to fetch it from.

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
    """What a cloud reports about one attempt at a job. Every field but ``state`` may be unknown (None or empty).

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
