"""What an operation is, and what it gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.capabilities import OperationInfo
from ..core.spec import ProducedFile
from .limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that an operation may know while it runs. It runs in a process of its own, under ``limits``.

    ``inputs`` has, under the name of each parameter that takes files, the local paths in the order given.
    ``workdir`` is empty, its own, and removed afterwards: every file that is made goes there.
    ``report`` takes the progress, 0 to 100; call it as often as is handy, it is cheap.
    """

    parameters: Mapping[str, Any]
    inputs: Mapping[str, Sequence[Path]]
    workdir: Path
    limits: Limits = field(default_factory=Limits)
    report: Callable[[float], None] = lambda _progress: None

    def input(self, name: str = "url") -> Path:
        """The one file given for the parameter ``name``."""
        return self.inputs[name][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``values`` are JSON; ``files`` lie in the context's ``workdir``, each with a local path."""

    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[ProducedFile, ...] = ()
    source_s: float | None = None
    """Seconds of source media worked on: with the time that it took, the site's history for its estimates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``run`` returns an ``Outcome`` or raises a ``MediaError`` whose message an editor understands."""

    info: OperationInfo
    run: Callable[[Context], Outcome]

    @property
    def name(self) -> str:
        return self.info.name
