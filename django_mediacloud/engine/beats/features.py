"""What tells whether a row of beats is the right one, and where its bars begin: numbers for ``Weights`` to judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..extras import optional
from .metre import PLACES, NoteTotals, harmony_changes, unlikeness
from .onsets import Onsets, find_onsets, loudness_of_notes
from .spectrum import FRAME_RATE_HZ, Spectrum
from .tracking import sampled, spacing

np = optional("numpy")

CELLS = 12
"""Parts of a beat, in which halves, thirds and quarters fall on whole numbers."""
_PARTS = ((0,), (6,), (4, 8), (3, 9))
"""Cells: on the beat, half way, at thirds, at quarters."""
_SIXTHS = (2, 10)
_LAGS = (4, 6, 12, 18, 24, 36, 48, 72, 96)
"""In cells: a third of a beat, half a beat, one beat, ... eight beats."""
_REPEATS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Beats after which music comes back: of a syncopated pattern of two bars, no beat may be like the next."""
_STRONG = 0.6
"""Accents above it are heard as strokes."""
_TYPICAL_BPM = 115.0
_TYPICAL_BAR_S = 2.0
_TEMPI = (-1.4, 1.1, 11)
"""Octaves above the typical tempo: the first and the last place at which the tempo is measured, and how many."""
_TEMPO_WIDTH = 0.2
_TONE_BANDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is needed of a piece to judge beats in it."""

    onsets: Onsets
    notes: NoteTotals
    columns: Any
    """Frames x 6: the accents, and behind them the salience."""
    strokes: Any
    """How many peaks a frame each column has."""
    sound: Any
    """How hard sounds set in, and how loud each part of the spectrum is: drums or none, low or high."""

    @classmethod
    def of(cls, spectrum: Spectrum) -> Heard | None:
        """None if the sound is silent, or too short to tell."""
        onsets = find_onsets(spectrum)
        if onsets is None:
            return None
        columns = np.concatenate([onsets.accents, onsets.salience[:, None]], axis=1)
        is_peak = (columns[1:-1] > columns[:-2]) & (columns[1:-1] >= columns[2:]) & (columns[1:-1] > _STRONG)
        return cls(
            onsets=onsets,
            notes=NoteTotals.of(loudness_of_notes(spectrum)),
            columns=columns,
            strokes=is_peak.mean(axis=0),
            sound=np.concatenate([onsets.attack, _tone(spectrum)]),
        )


def _tone(spectrum: Spectrum) -> Any:
    """The mean loudness of each sixth of the bands, against the loudest moments: 0 to -3."""
    mean = spectrum.bands.mean(axis=0, dtype=np.float32).reshape(_TONE_BANDS, -1).mean(axis=1)
    return np.maximum(mean - float(np.percentile(spectrum.bands.max(axis=1), 99)), -60) / 20


def features_of(heard: Heard, beats: Any) -> tuple[Any, Any]:
    """One row of numbers for ``beats``, and one for each way to group them into bars, as ``PLACES`` has them."""
    steps = spacing(beats)
    grid = _grid(heard, beats)
    changes = harmony_changes(heard.notes, beats)
    row = np.concatenate(
        [
            _profile(grid),
            _contrasts(grid),
            _self_likeness(grid.reshape(-1, grid.shape[-1])),
            _pace(grid[:, 0, -1], steps),
            _harmony(heard, beats, changes),
            np.log2(heard.strokes * float(np.median(steps)) + 0.1),
            heard.sound,
        ]
    )
    return row, _bar_features(heard, beats, grid, changes)


def _grid(heard: Heard, beats: Any) -> Any:
    """Beats x ``CELLS`` x columns."""
    cells = beats[:, None] + spacing(beats)[:, None] * np.arange(CELLS) / CELLS
    return sampled(heard.columns, cells.ravel()).reshape(len(beats), CELLS, -1)


def _profile(grid: Any) -> Any:
    """What sets in on the beat, half way, at thirds, quarters and sixths, and how often it does so strongly."""
    mean, often = grid.mean(axis=0), (grid > _STRONG).mean(axis=0)
    means = [mean[list(part)].mean(axis=0) for part in (*_PARTS, _SIXTHS)]
    return np.concatenate([*means, often[[0, 6, 3, 9, 4, 8]].ravel()])


def _contrasts(grid: Any) -> Any:
    """How much every second beat, and every third, stands out: all but none do if the tempo is right."""
    on_beat, half_way = grid[:, 0], grid[:, CELLS // 2]
    pairs = [np.abs(one[::2].mean(axis=0) - one[1::2].mean(axis=0)) for one in (on_beat, half_way)]
    thirds = np.stack([on_beat[place::3].mean(axis=0) for place in range(3)])
    return np.concatenate([*pairs, thirds.max(axis=0) - thirds.mean(axis=0)])


def _self_likeness(cells: Any) -> Any:
    """The autocorrelation along the beats, which no change of tempo blurs."""
    centred = cells - cells.mean(axis=0)
    variance = (centred * centred).mean(axis=0) + 1e-3
    rows = [
        (centred[lag:] * centred[:-lag]).mean(axis=0) / variance if len(centred) > lag else np.zeros(cells.shape[1])
        for lag in _LAGS
    ]
    return np.concatenate(rows)


def _pace(strength: Any, steps: Any) -> Any:
    """The tempo, how uneven it is, and how many beats have no onset."""
    octaves = _octaves(steps)
    unevenness = np.abs(np.diff(np.log(steps))).mean()
    near = np.exp(-0.5 * ((octaves - np.linspace(*_TEMPI)) / _TEMPO_WIDTH) ** 2)
    return np.concatenate([[octaves, octaves**2, unevenness, (strength < 0).mean()], near])


def _octaves(steps: Any) -> float:
    """How much faster than typical."""
    return float(np.log2(60 * FRAME_RATE_HZ / np.median(steps) / _TYPICAL_BPM))


def _harmony(heard: Heard, beats: Any, changes: Any) -> Any:
    """How the harmony changes on the beat and half way."""
    half_way = harmony_changes(heard.notes, np.round(beats + spacing(beats) / 2))
    return np.concatenate([changes.mean(axis=0), half_way.mean(axis=0), (changes[:, :2] > 0.5).mean(axis=0)])


def _bar_features(heard: Heard, beats: Any, grid: Any, changes: Any) -> Any:
    """For each of ``PLACES``: what is special about the first, second, third and last beat of a bar, how like bars are
    to each other, how their notes change, and how long they are."""
    usual = grid.mean(axis=0)
    parts = np.concatenate(
        [grid[:, list(part)].mean(axis=1) - usual[list(part)].mean(axis=0) for part in _PARTS], axis=1
    )
    columns = np.concatenate([parts, changes - changes.mean(axis=0)], axis=1)
    step_s = float(np.median(spacing(beats))) / FRAME_RATE_HZ
    rows = []
    for length, place in PLACES:
        of_beat = [columns[(place + number) % length :: length].mean(axis=0) for number in range(length)]
        octaves = np.log2(length * step_s / _TYPICAL_BAR_S)
        rows.append(
            np.concatenate(
                [
                    *(of_beat[number] for number in (0, 1, 2 % length, length - 1)),
                    _likeness_of_bars(grid, length, place),
                    _notes_of_bars(heard.notes, beats, length, place),
                    [length == 2, length == 3, length == 4, octaves, octaves**2],
                ]
            )
        )
    return np.stack(rows)


def _likeness_of_bars(grid: Any, length: int, place: int) -> Any:
    """How unlike a bar is to the next, and to the one after that: 0 if all are the same."""
    count = (len(grid) - place) // length
    if count < 3:
        return np.zeros(2)
    bars = grid[place : place + count * length, ::3].reshape(count, -1)
    spread = bars.var() + 1e-3
    return np.array([((bars[reach:] - bars[:-reach]) ** 2).mean() / spread for reach in (1, 2)])


def _notes_of_bars(notes: NoteTotals, beats: Any, length: int, place: int) -> Any:
    """How unlike the notes of a bar are to those of the bar before, and those of its halves to each other: bass and
    treble."""
    edges = beats[place::length]
    if len(edges) < 4:
        return np.zeros(4)
    whole, middle = edges[:-1], (edges[:-1] + edges[1:]) / 2
    bars = notes.mean(whole, edges[1:])
    halves = notes.mean(whole, middle), notes.mean(middle, edges[1:])
    found = []
    for half in (slice(0, 12), slice(12, 24)):
        found += [
            unlikeness(bars[1:, half], bars[:-1, half]).mean(),
            unlikeness(halves[0][:, half], halves[1][:, half]).mean(),
        ]
    return np.array(found)


def steadiness(heard: Heard, beats: Any) -> float:
    """How much what sets in repeats after a beat, a bar or four: above 0.3 in music, below 0.27 in noise and babble."""
    cells = _grid(heard, beats).reshape(len(beats) * CELLS, -1)
    centred = cells - cells.mean(axis=0)
    variance = float((centred * centred).sum()) + 1e-3
    lags = [CELLS * count for count in _REPEATS if count < len(beats)]
    return max(float((centred[lag:] * centred[:-lag]).sum()) / variance for lag in lags)
