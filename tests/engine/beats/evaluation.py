"""How well beats and downbeats are found, piece by piece:

    python -m tests.engine.beats.evaluation

F-measure of mir_eval: a beat counts if it is within 70 ms of a true one. Nothing is trimmed, so that the first five
seconds count, too; half or double tempo is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

import mir_eval
import numpy as np

from django_mediacloud.engine.beats import find_beats

from . import development, examination, unseen, validation
from .score import Piece, record


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """F-measures, 0 to 1, and the tempo found."""

    name: str
    beats: float
    downbeats: float
    bpm: float


def f_measure(truth: Sequence[float] | np.ndarray, found: Sequence[float]) -> float:
    return float(mir_eval.beat.f_measure(np.asarray(truth), np.asarray(found), f_measure_threshold=0.07))


def evaluate(pieces: Iterable[Piece]) -> list[Result]:
    results = []
    for piece in pieces:
        recording = record(piece)
        found = find_beats([recording.samples])
        results.append(
            Result(
                name=piece.name,
                beats=f_measure(recording.beats, found.beats),
                downbeats=f_measure(recording.downbeats, found.downbeats),
                bpm=float(60 / np.median(np.diff(found.beats))) if len(found.beats) > 1 else 0.0,
            )
        )
    return results


def table(results: Sequence[Result]) -> str:
    lines = [f"{one.name:<58}{one.beats:6.2f}{one.downbeats:10.2f}{one.bpm:8.1f}" for one in results]
    beats, downbeats = mean(one.beats for one in results), mean(one.downbeats for one in results)
    lines.append(f"{'mean':<58}{beats:6.3f}{downbeats:10.3f}")
    return "\n".join(lines)


def main() -> None:
    sets = {
        "tuned on": development,
        "settings chosen with an eye on": validation,
        "unseen": unseen,
        "examination": examination,
    }
    for title, module in sets.items():
        print(f"{title:<58}{'beats':>6}{'downbeats':>10}{'bpm':>8}")
        print(table(evaluate(module.PIECES)), end="\n\n")


if __name__ == "__main__":
    main()
