"""The embedded engine as a cloud: the work is done before ``submit`` returns."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ...core.capabilities import Capabilities
from ...core.destinations import DESTINATIONS
from ...core.spec import ProducedFile, Snapshot
from ...core.states import State
from ...engine.ffmpeg_program import ffmpeg_version, find_ffmpeg
from ...engine.limits import Limits
from ...engine.operation import Outcome
from ...engine.registry import get_operation, load_operations
from ...engine.sandbox import run_operation
from ...exceptions import ConfigurationError, EngineCrashed
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
        origins = {name: [file.origin for file in files] for name, files in work.inputs.items()}
        output_dir = work.workdir / "output"
        output_dir.mkdir()
        began = time.monotonic()
        outcome = run_operation(
            work.operation,
            parameters=self._without_tokens(work),
            inputs=inputs,
            origins=origins,
            workdir=output_dir,
            limits=self.limits,
            packages=self._packages,
            on_tick=work.beat,
        )
        return Snapshot(
            state=State.COLLECTING,
            progress=100.0,
            values=outcome.values,
            files=self._files(work.operation, outcome, inputs),
            work_s=time.monotonic() - began,
            source_s=outcome.source_s,
        )

    def _without_tokens(self, work: Work) -> dict[str, Any]:
        """The parameters without those that only the delivery needs: the child reads what a stranger has made."""
        delivery = get_operation(work.operation, self._packages).info.delivery
        declared = DESTINATIONS[delivery].parameters if delivery else ()
        tokens = {item.name for item in declared if item.is_secret}
        return {name: value for name, value in work.parameters.items() if name not in tokens}

    def _files(self, name: str, outcome: Outcome, inputs: Mapping[str, Sequence[Path]]) -> tuple[ProducedFile, ...]:
        """What the operation made, or the input that it passes on: only a delivery may, which reads the file. A storage
        might move it."""
        passed_on = outcome.passed_on
        if passed_on is None:
            return outcome.files
        paths = inputs.get(passed_on.parameter, ())
        if len(paths) != 1 or not get_operation(name, self._packages).info.delivery:
            raise EngineCrashed("The child process of the engine passed on a file that is not to be.", operation=name)
        file = ProducedFile(name=passed_on.name, content_type=passed_on.content_type, path=paths[0])
        return (*outcome.files, file)

    def check(self) -> str:
        return f"{super().check()}, ffmpeg {ffmpeg_version()} at {find_ffmpeg()}"
