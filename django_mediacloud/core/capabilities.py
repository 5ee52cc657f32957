"""What a cloud can do, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .parameters import Parameters
from .spec import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationInfo:
    """An operation as a cloud offers it. ``results`` and ``files`` name its output values and files, with help."""

    name: str
    summary: str
    parameters: Parameters
    results: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What a Process can ask for: each output format with the parameters that make it."""
    kinds: frozenset[Kind] = frozenset({Kind.TASK})
    delivery: str = ""
    """A name in ``core.destinations``: what the operation makes goes there, not into the site's storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    operations: Mapping[str, OperationInfo]
    is_remote: bool
    """The work is done elsewhere: ``submit`` returns at once, and the state is learnt by webhooks and polls."""
    can_cancel: bool = False
    can_find_by_token: bool = False
    """The service can be asked whether it took a submission that bears our token."""
    can_resubmit: bool = False
    """Handing in the same work twice does no harm (nothing is billed, nothing is kept)."""

    @property
    def formats(self) -> dict[str, OperationInfo]:
        """The output formats that a Process can ask for, each with the operation that makes it."""
        return {
            name: operation
            for operation in self.operations.values()
            if Kind.PROCESS in operation.kinds
            for name in sorted(operation.formats)
        }
