"""Nothing but strokes on the beat."""

from __future__ import annotations

import random

from ..score import Piece


def piece(chance: random.Random, seed: int) -> Piece:
    """A bar's first stroke is marked or not."""
    beats = chance.choice([2, 3, 4])
    bpm = 60 * 3 ** chance.random()
    bars = round(28 * bpm / 60 / beats)
    stroke = chance.choice("xwhr")
    drums = {stroke: "x" * beats} | ({"k": "X".ljust(beats, "-")} if chance.random() < 0.5 else {})
    return Piece(name=f"metronome {seed}", bpm=bpm, beats_per_bar=beats, chords="C " * bars, drums=drums, seed=seed)
