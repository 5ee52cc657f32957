"""A task's status and its result."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from ....core.states import State
from .names import BARE_RESULTS, FILE_OUTPUTS, FINAL_WORDS, STATES, Version
from .notation import parse_date, render_date

_OLD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "out": "output",
        "video": "export",
        "mimeType": "content_type",
        "framerate": "frame_rate",
        "acodec": "audio_codec",
        "vcodec": "video_codec",
    }
)
"""Names in results of the first /v1 documentation, and what they are called since."""

_KEY = re.compile(r"[!-~]{1,200}")
"""Nobody knows how every server spells its keys; what no URL and no column holds is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """What the service says of a task."""

    status: str
    """The service's own word; ``state`` says what it means."""
    key: str
    progress: Any = None
    """Any JSON; 0 to 100 where the task can tell."""
    events: Mapping[str, dt.datetime] = field(default_factory=dict)
    """``queued``, ``started``, ``completed``: those that are known, in UTC."""
    result: Mapping[str, Any] | str | None = None
    """Values and URLs of files, flat. While ``executing``: those that are there already."""
    error: Mapping[str, Any] | str | None = None
    """A sentence, or ``{"parameters": {name: [message, ...]}}``."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def state(self) -> State | None:
        """None for a word that nobody knows: it changes nothing."""
        return STATES.get(self.status)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_WORDS

    @property
    def parameter_errors(self) -> dict[str, list[str]]:
        """Messages by parameter, if that is what is wrong; else empty."""
        errors = self.error.get("parameters") if isinstance(self.error, Mapping) else None
        if not isinstance(errors, Mapping):
            return {}
        return {
            str(name): [str(message) for message in messages] if isinstance(messages, list) else [str(messages)]
            for name, messages in errors.items()
        }

    @property
    def message(self) -> str:
        """``error`` in one line; empty if there is none."""
        if self.parameter_errors:
            return "; ".join(f"{name}: {', '.join(messages)}" for name, messages in self.parameter_errors.items())
        return "" if self.error is None else str(self.error)


def parse_status(given: Any, version: Version = "v2") -> TaskStatus:
    """``ValueError`` if it has no status or no key. Everything else may be missing; dates that are none are left out.

    /v1 has errors under ``result``; its first documentation had ``{"files": ..., "values": ...}`` there, with other
    names (earlier documentation).
    """
    if not isinstance(given, Mapping):
        raise ValueError("a task's status is not an object")
    word, key = given.get("status"), given.get("key")
    if not isinstance(word, str) or not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError("a task's status has no status or no key")
    error, result = given.get("error"), given.get("result")
    if word == "error" and error is None:
        error, result = result, None
    if version == "v1":
        result = _modern(result)
    return TaskStatus(
        status=word,
        key=key,
        progress=given.get("progress"),
        events=_parse_events(given.get("events")),
        result=result if isinstance(result, Mapping | str) else None,
        error=error if error is None or isinstance(error, Mapping | str) else str(error),
        raw=given,
    )


def parse_statuses(given: Any, version: Version = "v2") -> list[TaskStatus]:
    """A list of statuses, in its order. ``ValueError`` if it is none."""
    if not isinstance(given, list):
        raise ValueError("the statuses are not a list")
    return [parse_status(item, version) for item in given]


def _parse_events(given: Any) -> dict[str, dt.datetime]:
    events = {}
    for name, text in given.items() if isinstance(given, Mapping) else ():
        try:
            events[str(name)] = parse_date(text)
        except ValueError:
            continue  # It stays in ``raw``, and a date that nobody can read is no reason to lose a result.
    return events


def _modern(result: Any) -> Any:
    if not isinstance(result, Mapping):
        return result
    parts = [result.get("values", {}), result.get("files", {})]
    if result.keys() <= {"values", "files"} and all(isinstance(part, Mapping) for part in parts):
        result = {**parts[0], **parts[1]}
    return {_OLD_NAMES.get(name, name): value for name, value in result.items()}


def render_status(
    *,
    status: str,
    key: str,
    progress: Any = None,
    queued: dt.datetime | None = None,
    started: dt.datetime | None = None,
    completed: dt.datetime | None = None,
    result: Mapping[str, Any] | str | None = None,
    error: Mapping[str, Any] | str | None = None,
    details: Mapping[str, Any] | None = None,
    version: Version = "v2",
) -> dict[str, Any]:
    """A status as the examples show it: no ``progress`` while queued, null once it is final.

    ``details`` is what a client gets that asks for details; which keys the service had there is not known. They stand
    beside the documented ones, and never in their place.
    """
    events = {"queued": queued, "started": started, "completed": completed}
    rendered: dict[str, Any] = {"status": status}
    if status != "queued":
        rendered["progress"] = None if status in FINAL_WORDS else progress
    rendered["events"] = {name: render_date(moment) for name, moment in events.items() if moment is not None}
    rendered["key"] = key
    if status == "error":
        rendered["result" if version == "v1" else "error"] = error
    elif result is not None:
        rendered["result"] = result
    return {**(details or {}), **rendered}


class Result(NamedTuple):
    values: dict[str, Any]
    files: dict[str, str]
    """URLs by the name of the output."""


def parse_result(task_name: str, result: Mapping[str, Any] | str | None) -> Result:
    """Values and files apart: the wire has them flattened together."""
    if result is None:
        return Result({}, {})
    if isinstance(result, str):
        return Result({BARE_RESULTS.get(task_name, "output"): result}, {})
    names = FILE_OUTPUTS.get(task_name, ())
    files = {name: url for name, url in result.items() if name in names and isinstance(url, str) and url}
    return Result({name: value for name, value in result.items() if name not in names}, files)


def render_result(task_name: str, values: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any] | str:
    """Values and URLs of files in one flat object; for the tasks of ``BARE_RESULTS`` their string."""
    if task_name in BARE_RESULTS:
        return str(values.get(BARE_RESULTS[task_name], ""))
    return {**values, **files}
