"""What the Toy Jobs API 1.0 says and how: words, jobs and their statuses, parsed and rendered.

Source: its documentation ("Toy Jobs API 1.0", May 2009), by section. What programs that used it did otherwise is marked
so. Pure: no Django, no I/O. What cannot be read raises ``ValueError`` with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from ...core.parameters import Parameter, Type
from ...core.states import State
from ...core.strict_json import parse_json, render_json

KEY_HEADER = "X-Toy-Key"
"""Section "Keys". Every program seen sent it with every request."""

TASKS = ("hello", "image.thumb")
"""Section "What it does"."""

STATES: Mapping[str, State] = MappingProxyType(
    {"waiting": State.QUEUED, "working": State.RUNNING, "done": State.COLLECTING, "broken": State.FAILED}
)
"""Section "Statuses": our states by the service's words. A word that is not here changes nothing."""

_WORDS: Mapping[State, str] = MappingProxyType(
    {
        State.NEW: "waiting",
        State.QUEUED: "waiting",
        State.SUBMITTING: "waiting",
        State.SUCCEEDED: "done",
        State.FAILED: "broken",
        State.CANCELLED: "broken",
    }
)

_TELL = Parameter(name="tell", type=Type.URL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Section "Making a job": ``do`` this with what is ``given``, and ``tell`` that address how it ended."""

    do: str
    given: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """Section "Statuses". ``gives`` are values, ``files`` addresses by name, ``why`` it is broken."""

    id: str
    word: str
    percent: float | None = None
    gives: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    @property
    def state(self) -> State | None:
        """None for a word that nobody knows."""
        return STATES.get(self.word)


def status_word(state: State) -> str:
    return _WORDS.get(state, "working")


def render_order(order: Order) -> bytes:
    return render_json({"do": order.do, "given": order.given, **({"tell": order.tell} if order.tell else {})})


def parse_order(body: bytes) -> Order:
    read = _object(body)
    do, given, tell = read.get("do"), read.get("given") or {}, read.get("tell") or ""
    if not isinstance(do, str) or not do:
        raise ValueError("do is missing")
    if not isinstance(given, dict):
        raise ValueError("given is not an object")
    return Order(do=do, given=given, tell=_TELL.clean(tell) if tell else "")


def render_status(status: JobStatus) -> bytes:
    return render_json({name: value for name, value in asdict(status).items() if value not in (None, {}, "")})


def parse_status(body: bytes) -> JobStatus:
    """What is not as it should be is left out, but for the id and the word."""
    read = _object(body)
    id, word, percent, files, gives = (read.get(name) for name in ("id", "word", "percent", "files", "gives"))
    if not isinstance(id, str) or not id or not isinstance(word, str) or not word:
        raise ValueError("a status has no id or no word")
    return JobStatus(
        id=id,
        word=word,
        percent=_percent(percent),
        gives=gives if isinstance(gives, dict) else {},
        files={name: url for name, url in (files if isinstance(files, dict) else {}).items() if isinstance(url, str)},
        why=str(read.get("why") or ""),
    )


def _percent(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= 100 else None


def render_refusal(sentence: str) -> bytes:
    """Section "When it says no"."""
    return render_json({"no": sentence})


def parse_refusal(body: bytes) -> str:
    """Empty if it says nothing that can be read."""
    try:
        return str(_object(body).get("no") or "")
    except ValueError:
        return ""


def _object(body: bytes) -> dict[str, Any]:
    read = parse_json(body)
    if not isinstance(read, dict):
        raise ValueError("it is not a JSON object")
    return read
