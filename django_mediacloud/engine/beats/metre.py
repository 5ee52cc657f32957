"""Which beats begin bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..extras import optional
from .spectrum import CHROMA_EVERY
from .tracking import sampled, spacing

np = optional("numpy")

BEATS_PER_BAR = (2, 3, 4)
PLACES = tuple((length, place) for length in BEATS_PER_BAR for place in range(length))
"""The ways to group beats into bars: how many make a bar, and which is the first that begins one."""
_ODDS_SHARE = 0.05
"""How much a single beat counts against what the whole piece says."""
_CHANGE = -4.0
"""Of a bar that is cut short, or another metre from here on: a natural logarithm."""
NOTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """``is_downbeat`` says of each beat whether it begins a bar."""

    is_downbeat: Any
    beats_per_bar: int


@dataclass(frozen=True, slots=True)
class NoteTotals:
    """The chroma of a piece, added up from its beginning, so that the mean of any stretch costs nothing."""

    total: Any

    @classmethod
    def of(cls, notes: Any) -> NoteTotals:
        return cls(np.concatenate([np.zeros((1, NOTES)), np.cumsum(notes, axis=0, dtype=np.float64)]))

    def mean(self, begin: Any, end: Any) -> Any:
        """For each pair of frames (of ``Spectrum.bands``) the mean chroma between them."""
        last = len(self.total) - 1
        first, behind = (np.clip(np.round(one / CHROMA_EVERY).astype(np.int64), 0, last) for one in (begin, end))
        return (self.total[behind] - self.total[first]) / np.maximum(behind - first, 1)[:, None]


def harmony_changes(notes: NoteTotals, beats: Any) -> Any:
    """Beats x 4: how unlike the notes before and after each beat are, 0 to 2. Bass and treble over one beat, then both
    over two beats."""
    edges = np.append(beats, beats[-1] + spacing(beats)[-1])
    number, last = np.arange(len(beats)), len(beats)
    columns = []
    for reach in (1, 2):
        after = notes.mean(edges[number], edges[np.minimum(number + reach, last)])
        before = notes.mean(edges[np.maximum(number - reach, 0)], edges[number])
        columns += [unlikeness(after[:, half], before[:, half]) for half in (slice(0, 12), slice(12, NOTES))]
    return np.stack(columns, axis=1)


def unlikeness(one: Any, other: Any) -> Any:
    """1 less the correlation of each row of notes with the same row of ``other``: 0 to 2."""
    one, other = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    lengths = np.sqrt((one * one).sum(axis=1) * (other * other).sum(axis=1))
    return 1 - (one * other).sum(axis=1) / np.maximum(lengths, 1e-3)


def beat_features(accents: Any, changes: Any, beats: Any) -> Any:
    """Beats x features: what sets in at each beat, how the harmony changes there, how that differs from the beats next
    to it, and what sets in half a beat later. Measured against the piece's own mean and spread."""
    here = sampled(accents, beats)
    later = sampled(accents, beats + spacing(beats) / 2)[:, :2]
    around = (np.roll(here, -1, axis=0) + np.roll(here, 1, axis=0)) / 2
    columns = np.concatenate([here, changes, here - around, later], axis=1)
    return np.clip((columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 0.05), -3, 3)


def find_bars(likelihood: Any, overall: Any = 0.0) -> Bars:
    """The bars that fit best. ``likelihood`` is, of each beat, the logarithm of the odds that it begins a bar;
    ``overall`` that of each of ``PLACES`` for the whole piece."""
    # A state is a metre and how many beats ago a bar began.
    before = np.array([PLACES.index((length, (ago - 1) % length)) for length, ago in PLACES])
    is_first = np.array([ago == 0 for _, ago in PLACES])
    at_start = [PLACES.index((length, -ago % length)) for length, ago in PLACES]
    score = (np.zeros(len(PLACES)) + overall)[at_start]
    came = np.zeros((len(likelihood), len(PLACES)), np.int8)
    for beat, odds in enumerate(likelihood):
        if beat:
            best = int(score.argmax())
            stays = score[before]
            jumps = is_first & (score[best] + _CHANGE > stays)
            came[beat] = np.where(jumps, best, before)
            score = np.where(jumps, score[best] + _CHANGE, stays)
        score = score + np.where(is_first, _ODDS_SHARE * odds, 0.0)
    state = int(score.argmax())
    path = [state]
    for beat in range(len(likelihood) - 1, 0, -1):
        state = int(came[beat, state])
        path.append(state)
    walked = np.array(path[::-1])
    lengths = np.bincount(np.array([length for length, _ in PLACES])[walked])
    return Bars(is_downbeat=is_first[walked], beats_per_bar=int(lengths.argmax()))
