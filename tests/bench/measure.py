"""CPU seconds and peak memory of one way to do something, in a process of its own.

``python -m tests.bench.measure JSON`` does the work and prints what it took, children included:

- ``{"operation": NAME, "parameters": {...}, "input": PATH, "times": N}`` runs the engine's operation N times in the
  sandbox, as a worker would. With ``times`` 0 it only starts and stops the sandbox: that is subtracted.
  ``"inputs": {NAME: [PATH, ...]}`` stands in place of ``"input"`` where the file is not the parameter ``url``.
  ``"at_once": 2`` runs two at a time, as two worker processes would.
- ``{"commands": [[...], ...]}`` runs programs one after the other. ``"idle"``, commands too, is what starting them
  alone takes: that is subtracted.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """``peak_bytes`` is of the largest single process."""

    cpu_s: float
    wall_s: float
    peak_bytes: int


def measure(work: dict[str, Any]) -> Cost:
    command = [sys.executable, "-m", "tests.bench.measure", json.dumps(work)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=dict(os.environ))
    if done.returncode:
        raise SystemExit(f"{work} failed:\n{done.stderr[-4000:]}")
    return Cost(**json.loads(done.stdout))


def _main() -> None:
    work = json.loads(sys.argv[1])
    began = time.monotonic()
    if "commands" in work:
        with tempfile.TemporaryDirectory() as folder:
            for command in work["commands"]:
                subprocess.run(command, check=True, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True)
    else:
        _run_operation(**work)
    wall_s = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {"cpu_s": used.ru_utime + used.ru_stime, "wall_s": wall_s, "peak_bytes": used.ru_maxrss * 1024}
    json.dump(cost, sys.stdout)


def measure_idle(work: dict[str, Any]) -> Cost:
    """What it takes to get ready for ``work``."""
    if "operation" in work:
        return measure({**work, "times": 0})
    return measure({"commands": work["idle"]}) if "idle" in work else Cost(cpu_s=0, wall_s=0, peak_bytes=0)


def _run_operation(
    operation: str,
    parameters: dict[str, Any],
    times: int,
    input: str = "",
    inputs: Mapping[str, Sequence[str]] | None = None,
    at_once: int = 1,
) -> None:
    # Imported here, after the arguments are known: the other kind of work must not pay for it.
    from django_mediacloud.engine import sandbox
    from django_mediacloud.engine.registry import get_operation

    files = {name: [Path(path) for path in paths] for name, paths in (inputs or {"url": [input]}).items()}
    values = get_operation(operation).info.parameters.clean(parameters, bound=frozenset(files))
    idle_files = {"url": next(iter(files.values()))[:1]}
    name, given, sources = (operation, values, files) if times else ("media.info", {}, idle_files)

    def run(_number: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            sandbox.run_operation(name, parameters=given, inputs=sources, workdir=Path(folder))

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(run, range(max(1, times))))
    sandbox.shutdown()


if __name__ == "__main__":
    _main()
