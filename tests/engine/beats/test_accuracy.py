from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

import pytest

from . import development, examination, unseen, validation
from .evaluation import evaluate, table
from .score import Piece


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pieces", "beats", "downbeats"),
    [
        pytest.param(development.PIECES, 0.98, 0.93, id="development"),
        # A scherzo is heard bar by bar, and a nocturne has nothing on most beats.
        pytest.param(validation.PIECES, 0.92, 0.90, id="validation"),
        # A montuno is tapped between the beats; five in a bar, a pickup and a walking bass put the bars elsewhere.
        pytest.param(unseen.PIECES, 0.92, 0.75, id="unseen"),
        # A musette has two bars in three beats, an air half the tempo, and a jump to and fro is not followed.
        pytest.param(examination.PIECES, 0.92, 0.89, id="examination"),
    ],
)
def test_beats_and_bars_of_music(pieces: Sequence[Piece], beats: float, downbeats: float) -> None:
    assert len(pieces) >= 16
    results = evaluate(pieces)
    assert mean(one.beats for one in results) >= beats, table(results)
    assert mean(one.downbeats for one in results) >= downbeats, table(results)
