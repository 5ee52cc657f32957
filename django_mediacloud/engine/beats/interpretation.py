"""Which of several ways to hear the beat is the right one: half or double tempo, on the beat or off it."""

from __future__ import annotations

from typing import Any

from ..extras import optional
from .features import Heard, features_of
from .metre import Bars, beat_features, find_bars, harmony_changes
from .tracking import distinct
from .weights import Weights

np = optional("numpy")


def best_reading(heard: Heard, rows: list[Any], weights: Weights) -> Any:
    """The row of beats among ``rows`` that is most likely right, however its bars are grouped."""
    rows = distinct(rows)
    features = [features_of(heard, beats) for beats in rows]
    scores = weights.scores(*(np.stack(one) for one in zip(*features, strict=True)))
    return rows[int(np.exp(scores - scores.max()).sum(axis=1).argmax())]


def bars_of(heard: Heard, beats: Any, weights: Weights) -> Bars:
    """The bars of ``beats``: what the piece as a whole says, and each beat where bars are cut short or long."""
    row, bars = features_of(heard, beats)
    changes = harmony_changes(heard.notes, beats)
    odds = weights.downbeat_odds(beat_features(heard.onsets.accents, changes, beats))
    return find_bars(odds, weights.scores(row[None], bars[None])[0])
