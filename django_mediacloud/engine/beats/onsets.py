"""Where sounds set in, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..extras import optional
from .spectrum import CHROMA_EVERY, FRAME_RATE_HZ, Spectrum

np = optional("numpy")

KINDS = 5
_DEPTH_DB = 60.0
"""Below the loudest sound: what is softer counts as silence."""
_SILENCE_DB = -55.0
"""A file whose loudest moments are softer is silent."""
_LAG = 2
_BAND_GROUPS = (1, 4, 18)
"""Bands below 130 Hz, 370 Hz and 2200 Hz."""
_AROUND_S = 4.0
"""Onsets are measured against those around them, so that soft passages count as loud ones do."""
_SMOOTHING_FRAMES = 1.5
"""Players are not together to the frame."""
_SHARES = (0.6, 0.8, 1.0, 0.6, 0.8)
"""How much each kind of onset counts for the salience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onsets:
    """How strongly sounds set in at each frame, against the mean of the seconds around. Square roots, with mean 0.

    ``accents``: frames x ``KINDS``: below 130 Hz (drums), 370 Hz (bass), 2200 Hz, above that, and changes of notes.
    ``salience``: one value a frame, all kinds together. ``attack``: for each of the four groups of bands the logarithm
    of the decibels by which it rises from frame to frame, on the mean, then for each that of the hardest onsets.
    """

    accents: Any
    salience: Any
    attack: Any


def find_onsets(spectrum: Spectrum) -> Onsets | None:
    """The onsets of ``spectrum``. None if it is silent all through, or too short to tell."""
    if len(spectrum.bands) < 8 or len(spectrum.chroma) < 3:
        return None
    loudest_db = float(np.percentile(spectrum.bands.max(axis=1), 99))
    if loudest_db < _SILENCE_DB:
        return None
    strengths = np.zeros((len(spectrum.bands), KINDS), np.float32)
    _measure_rises(spectrum.bands, loudest_db - _DEPTH_DB, strengths)
    strengths[:, -1] = _note_changes(spectrum)
    levelled = np.stack([_smoothed(_levelled(column)) for column in strengths.T], axis=1)
    accents = np.sqrt(levelled)
    shares = np.array(_SHARES, np.float32)
    salience = np.sqrt(levelled @ shares / shares.sum())
    rises = strengths[:, :-1]
    attack = np.log(np.concatenate([rises.mean(axis=0) + 0.05, np.percentile(rises, 97, axis=0) + 0.1]))
    return Onsets(accents=accents - accents.mean(axis=0), salience=salience - salience.mean(), attack=attack)


def _measure_rises(bands: Any, floor_db: float, strengths: Any) -> None:
    """Fill the first columns of ``strengths``: by how much each group of bands grew louder within ``_LAG`` frames."""
    for begin in range(_LAG, len(bands), 4096):
        chunk = np.maximum(bands[begin - _LAG : begin + 4096].astype(np.float32), floor_db)
        rise = np.maximum(0, chunk[_LAG:] - _widened(chunk[:-_LAG]))
        for column, group in enumerate(np.split(rise, _BAND_GROUPS, axis=1)):
            strengths[begin : begin + 4096, column] = group.mean(axis=1)


def _widened(bands: Any) -> Any:
    """The loudest of each band and its neighbours: a voice that wavers from one to the next sets in nowhere."""
    wide = bands.copy()
    wide[:, 1:] = np.maximum(wide[:, 1:], bands[:, :-1])
    wide[:, :-1] = np.maximum(wide[:, :-1], bands[:, 1:])
    return wide


def _note_changes(spectrum: Spectrum) -> Any:
    """How much louder notes have become, at the rate of the bands: finds a legato change that no attack tells."""
    notes = loudness_of_notes(spectrum)
    rise = np.zeros(len(notes), np.float32)
    # Told where the rise ends: the window is long, and a note is heard in it half a window before it begins.
    rise[2:] = np.maximum(0, notes[2:] - notes[:-2]).mean(axis=1)
    return np.interp(np.arange(len(spectrum.bands)), np.arange(len(rise)) * CHROMA_EVERY, rise)


def loudness_of_notes(spectrum: Spectrum) -> Any:
    """The chroma as the ear weighs it: soft notes count, too."""
    return np.log1p(100 * spectrum.chroma / (spectrum.chroma.max() + 1e-9))


def _levelled(strength: Any) -> Any:
    mean = _moving_mean(strength, round(_AROUND_S * FRAME_RATE_HZ))
    return (strength / np.maximum(mean, 0.05 * max(float(strength.mean()), 1e-6))).astype(np.float32)


def _smoothed(strength: Any) -> Any:
    places = np.arange(-5, 6)
    kernel = np.exp(-0.5 * (places / _SMOOTHING_FRAMES) ** 2)
    return np.convolve(strength, kernel / kernel.sum(), "same").astype(np.float32)


def _moving_mean(values: Any, radius: int) -> Any:
    """The mean of each value and ``radius`` values to either side, fewer at the ends."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    places = np.arange(len(values))
    begin, end = np.maximum(places - radius, 0), np.minimum(places + radius + 1, len(values))
    return (total[end] - total[begin]) / (end - begin)
