"""What an operation is, and what it gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..core.capabilities import OperationInfo
from ..core.spec import Origin, ProducedFile
from .limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that an operation may know while it runs. It runs in a process of its own, under ``limits``.

    ``inputs`` has, under the name of each parameter that takes files, the local paths in the order given; ``origins``,
    in the same order, where they came from, for those that were fetched.
    ``workdir`` is empty, its own, and removed afterwards: every file that is made goes there.
    ``report`` takes the progress, 0 to 100; call it as often as is handy, it is cheap.
    """

    parameters: Mapping[str, Any]
    inputs: Mapping[str, Sequence[Path]]
    workdir: Path
    origins: Mapping[str, Sequence[Origin]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    report: Callable[[float], None] = lambda _progress: None

    def input(self, name: str = "url") -> Path:
        """The one file given for the parameter ``name``."""
        return self.inputs[name][0]

    def origin(self, name: str = "url") -> Origin:
        """Where that file came from; empty if nobody knows."""
        found = self.origins.get(name, ())
        return found[0] if found else Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOn:
    """The one file of an input ``parameter``, to be delivered as it is. A child process names no path of it."""

    parameter: str
    name: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``values`` are JSON; ``files`` lie in the context's ``workdir``, each with a local path."""

    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[ProducedFile, ...] = ()
    source_s: float | None = None
    """Seconds of source media worked on: with the time that it took, the site's history for its estimates."""
    passed_on: PassedOn | None = None
    """For operations that are a delivery only: what goes elsewhere is read there, never moved."""


Libraries = Literal["media", "pictures"]
"""What a child has loaded from the start. ``pictures`` is Pillow alone: such a child is forked in a third of the time,
and loads by itself what it needs besides, which takes it longer than most pictures do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``run`` returns an ``Outcome`` or raises a ``MediaError`` whose message an editor understands.

    ``libraries`` says for given parameters what the work will need.
    """

    info: OperationInfo
    run: Callable[[Context], Outcome]
    libraries: Callable[[Mapping[str, Any]], Libraries] = lambda _parameters: "media"

    @property
    def name(self) -> str:
        return self.info.name
