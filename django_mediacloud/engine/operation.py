"""The interface of an operation: ``Context`` in, ``Outcome`` out."""

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
    """What an operation is given when it runs, in a child process under ``limits``.

    ``inputs`` maps each parameter that takes files to their local paths, in the order given; ``origins`` says where
    they came from, in the same order, for files that were fetched.
    ``workdir`` is an empty folder for every file that the operation writes; it is removed afterwards.
    ``report`` takes the progress, 0 to 100. It is cheap: call it as often as you like.
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
        """Where that file came from; an empty ``Origin`` if unknown."""
        found = self.origins.get(name, ())
        return found[0] if found else Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOn:
    """Says that the one file given for ``parameter`` is the output itself, to be delivered unchanged. It names no path:
    the worker takes its own, whatever a hostile file made of the child."""

    parameter: str
    name: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``values`` are JSON; ``files`` lie in the context's ``workdir``, each with a local path."""

    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[ProducedFile, ...] = ()
    source_s: float | None = None
    """Seconds of source media worked on. With the time that it took, the basis of later estimates."""
    passed_on: PassedOn | None = None
    """Only for operations that deliver their source to another platform."""


Libraries = Literal["media", "pictures"]
"""Which libraries a child has preloaded. A child with ``pictures`` (Pillow only) is forked in a third of the time, but
anything else that it needs it has to import first, which takes longer than most pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``run`` returns an ``Outcome`` or raises a ``MediaError`` whose message an editor understands.

    ``libraries`` tells, from the parameters, which libraries to preload.
    """

    info: OperationInfo
    run: Callable[[Context], Outcome]
    libraries: Callable[[Mapping[str, Any]], Libraries] = lambda _parameters: "media"

    @property
    def name(self) -> str:
        return self.info.name
