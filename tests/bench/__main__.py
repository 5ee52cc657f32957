"""Measure, print the table, and end with 1 if a target was missed. ``--rounds N`` (3), ``--only NAME``."""

from __future__ import annotations

import argparse
import pkgutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from .case import Case
from .measure import Cost, measure, measure_idle
from .streams import NAME, measure_streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    case: Case
    ours: list[Cost]
    theirs: list[Cost]

    @property
    def ratio(self) -> float:
        """The median over the rounds of the ratio within a round: what disturbs one round disturbs both sides of it."""
        pairs = zip(self.seconds(self.ours), self.seconds(self.theirs), strict=True)
        return statistics.median(ours / max(theirs, 1e-6) for ours, theirs in pairs)

    def seconds(self, costs: list[Cost]) -> list[float]:
        """What the case goes by."""
        return [cost.wall_s if self.case.metric == "wall" else cost.cpu_s for cost in costs]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="mediacloud-bench-") as folder:
        for case in _cases():
            if arguments.only in case.name:
                results.append(_run(case, Path(folder), arguments.rounds))
    if results:
        _print(results, arguments.rounds)
    is_good = arguments.only not in NAME or measure_streams()
    return int(not is_good or any(result.ratio > result.case.target for result in results))


def _cases() -> Iterator[Case]:
    """Those of every module beside this one that has any."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != "__main__":
            yield from getattr(import_module(f".{module.name}", __package__), "CASES", ())


def _run(case: Case, folder: Path, rounds: int) -> Result:
    ours_work, theirs_work = case.prepare(folder)
    result = Result(case=case, ours=[], theirs=[])
    for number in range(rounds):
        ours_idle, theirs_idle = measure_idle(ours_work), measure_idle(theirs_work)
        # Each side goes first every other time.
        if number % 2:
            theirs = measure(theirs_work)
            ours = measure(ours_work)
        else:
            ours = measure(ours_work)
            theirs = measure(theirs_work)
        result.ours.append(_less(ours, ours_idle))
        result.theirs.append(_less(theirs, theirs_idle))
        print(f"{case.name}: round {number + 1} of {rounds}", file=sys.stderr)
    return result


def _less(cost: Cost, idle: Cost) -> Cost:
    return replace(cost, cpu_s=cost.cpu_s - idle.cpu_s, wall_s=cost.wall_s - idle.wall_s)


def _print(results: list[Result], rounds: int) -> None:
    print(f"CPU seconds of all processes (or by the clock), median of {rounds} rounds; peak memory of the largest, MB")
    print(f"{'case':<34} {'ours':>8} {'against':>8} {'ratio':>7} {'target':>8}  {'peak':>5} {'against':>7}")
    for result in results:
        ours, theirs = (statistics.median(result.seconds(costs)) for costs in (result.ours, result.theirs))
        peaks = [max(cost.peak_bytes for cost in side) / 1e6 for side in (result.ours, result.theirs)]
        verdict = "" if result.ratio <= result.case.target else "  MISSED"
        print(
            f"{result.case.name:<34} {ours:8.2f} {theirs:8.2f} {result.ratio:7.3f} "
            f"<={result.case.target:6.3f}  {peaks[0]:5.0f} {peaks[1]:7.0f}{verdict}"
        )
        print(f"  {result.case.what}{', wall' if result.case.metric == 'wall' else ''}")


if __name__ == "__main__":
    sys.exit(main())
