from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

import pytest

from . import development, unseen, validation
from .evaluation import evaluate, table
from .score import Piece


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pieces", "beats", "downbeats"),
    [
        pytest.param(development.PIECES, 0.96, 0.90, id="development"),
        # Just below what is wanted of beats: a scherzo is heard bar by bar, and a nocturne has nothing on most beats.
        pytest.param(validation.PIECES, 0.91, 0.88, id="validation"),
        # A montuno is tapped between the beats; five in a bar, a pickup and a walking bass put the bars elsewhere.
        pytest.param(unseen.PIECES, 0.91, 0.74, id="unseen"),
    ],
)
def test_beats_and_bars_of_music(pieces: Sequence[Piece], beats: float, downbeats: float) -> None:
    assert len(pieces) >= 16
    results = evaluate(pieces)
    assert mean(one.beats for one in results) >= beats, table(results)
    assert mean(one.downbeats for one in results) >= downbeats, table(results)
