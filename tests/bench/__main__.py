"""Measure, print the table, and end with 1 if a target was missed. ``--rounds N`` (3), ``--only NAME``."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .cases import CASES, Case
from .measure import Cost, measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    case: Case
    ours: list[Cost]
    theirs: list[Cost]

    @property
    def ratio(self) -> float:
        """The median over the rounds of the ratio within a round: what disturbs one round disturbs both sides of it."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return statistics.median(ours.cpu_s / max(theirs.cpu_s, 1e-6) for ours, theirs in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="mediacloud-bench-") as folder:
        for case in CASES:
            if arguments.only in case.name:
                results.append(_run(case, Path(folder), arguments.rounds))
    _print(results, arguments.rounds)
    return int(any(result.ratio > result.case.target for result in results))


def _run(case: Case, folder: Path, rounds: int) -> Result:
    ours_work, theirs_work = case.prepare(folder)
    result = Result(case=case, ours=[], theirs=[])
    for number in range(rounds):
        idle = measure({**ours_work, "times": 0})
        # Each side goes first every other time.
        if number % 2:
            theirs = measure(theirs_work)
            ours = measure(ours_work)
        else:
            ours = measure(ours_work)
            theirs = measure(theirs_work)
        result.ours.append(Cost(cpu_s=ours.cpu_s - idle.cpu_s, wall_s=ours.wall_s, peak_bytes=ours.peak_bytes))
        result.theirs.append(theirs)
        print(f"{case.name}: round {number + 1} of {rounds}", file=sys.stderr)
    return result


def _print(results: list[Result], rounds: int) -> None:
    print(f"CPU seconds of all processes, median of {rounds} rounds; peak memory of the largest process, MB")
    print(f"{'case':<34} {'ours':>8} {'against':>8} {'ratio':>7} {'target':>8}  {'peak':>5} {'against':>7}")
    for result in results:
        ours = statistics.median(cost.cpu_s for cost in result.ours)
        theirs = statistics.median(cost.cpu_s for cost in result.theirs)
        peaks = [max(cost.peak_bytes for cost in side) / 1e6 for side in (result.ours, result.theirs)]
        verdict = "" if result.ratio <= result.case.target else "  MISSED"
        print(
            f"{result.case.name:<34} {ours:8.2f} {theirs:8.2f} {result.ratio:7.3f} "
            f"<={result.case.target:6.3f}  {peaks[0]:5.0f} {peaks[1]:7.0f}{verdict}"
        )
        print(f"  {result.case.what}")


if __name__ == "__main__":
    sys.exit(main())
