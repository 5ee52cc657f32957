"""The embedded engine as a cloud: the work is done before ``submit`` returns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from ...core.capabilities import Capabilities
from ...core.spec import Snapshot
from ...core.states import State
from ...engine.ffmpeg import ffmpeg_version, find_ffmpeg
from ...engine.limits import Limits
from ...engine.registry import load_operations
from ...engine.sandbox import run_operation
from ...exceptions import ConfigurationError
from ..base import Cloud, Work


class Adapter(Cloud):
    options: ClassVar[Mapping[str, Any]] = {
        # Fields of engine.limits.Limits that are to differ from their defaults.
        "limits": {},
        # Dotted names of packages with more operations, laid out as engine/operations is.
        "operations": (),
    }

    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        super().__init__(alias, options)
        try:
            self.limits = Limits(**self._options["limits"])
        except TypeError as error:
            raise ConfigurationError(f"Cloud {alias!r}, OPTIONS['limits']: {error}", cloud=alias) from error
        self._packages = tuple(self._options["operations"])

    @property
    def capabilities(self) -> Capabilities:
        operations = {name: operation.info for name, operation in load_operations(self._packages).items()}
        return Capabilities(operations=operations, is_remote=False, can_cancel=True, can_resubmit=True)

    def submit(self, work: Work) -> Snapshot:
        inputs = {name: [file.local_path() for file in files] for name, files in work.inputs.items()}
        output_dir = work.workdir / "output"
        output_dir.mkdir()
        began = time.monotonic()
        outcome = run_operation(
            work.operation,
            parameters=work.parameters,
            inputs=inputs,
            workdir=output_dir,
            limits=self.limits,
            packages=self._packages,
            on_tick=work.beat,
        )
        return Snapshot(
            state=State.COLLECTING,
            progress=100.0,
            values=outcome.values,
            files=outcome.files,
            work_s=time.monotonic() - began,
            source_s=outcome.source_s,
        )

    def check(self) -> str:
        return f"{super().check()}, ffmpeg {ffmpeg_version()} at {find_ffmpeg()}"
