"""What an upload comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """``url`` is where people find the film. ``values`` is what the platform told besides, by the names of the task's
    output values: for Vimeo ``free_space`` (bytes before the upload, or None) and ``uploaded_file_size`` (bytes)."""

    url: str
    values: Mapping[str, Any] = field(default_factory=dict)
