"""From the sound of a piece to its beats."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..extras import optional
from .features import Heard, steadiness
from .interpretation import bars_of, best_reading
from .spectrum import CHROMA_EVERY, FRAME_RATE_HZ, RATE_HZ, Spectrum, spectrum_of
from .tracking import follow, readings, trimmed
from .weights import load_weights

np = optional("numpy")

LATENCY_S = 0.012
"""By how much an onset shows later in the spectrum than it is heard: measured on the pieces of the tests."""
_SECTION_S = 300.0
"""Longer sounds are heard in sections: several songs need not have one tempo, and memory stays small."""
_OVERLAP_S = 8.0
_FEWEST = 4
"""Fewer beats are none: nobody can tell the tempo from them."""
_LEAST_STEADINESS = 0.28
_READ_SHARE = 0.5
"""Of the work: reading the sound. Finding the beats in it takes about as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """Seconds from the beginning of the file, rising. Each of ``downbeats`` is one of ``beats``."""

    beats: tuple[float, ...]
    downbeats: tuple[float, ...]
    duration_s: float


def find_beats(
    blocks: Iterable[Any],
    *,
    expected_s: float | None = None,
    report: Callable[[float], None] = lambda _share: None,
) -> Beats:
    """The beats of mono ``blocks`` of float32 at ``RATE_HZ``. Silence, and what has no steady beat, has none.

    ``report`` gets 0 to 1, as far as ``expected_s`` tells how long the sound is.
    """
    spectrum = spectrum_of(_counted(blocks, expected_s, report))
    times: list[float] = []
    downbeats: list[float] = []
    sections = list(_sections(spectrum))
    for number, (begin, span_s, section) in enumerate(sections):
        frames, is_downbeat = _beats_of(section)
        for frame, is_first in zip(frames, is_downbeat, strict=True):
            time_s = round(max(0.0, (begin + float(frame)) / FRAME_RATE_HZ - LATENCY_S), 3)
            if span_s[0] <= time_s < span_s[1] and (not times or time_s - times[-1] > _least_gap_s(frames)):
                times.append(time_s)
                downbeats += [time_s] if is_first else []
        report(_READ_SHARE + (1 - _READ_SHARE) * (number + 1) / len(sections))
    return Beats(beats=tuple(times), downbeats=tuple(downbeats), duration_s=spectrum.duration_s)


def _least_gap_s(frames: Any) -> float:
    """Half a beat: where two sections meet, both have found the same one."""
    return float(np.median(np.diff(frames))) / 2 / FRAME_RATE_HZ


def _counted(blocks: Iterable[Any], expected_s: float | None, report: Callable[[float], None]) -> Iterator[Any]:
    samples = 0
    for block in blocks:
        yield block
        samples += len(block)
        if expected_s:
            report(_READ_SHARE * min(1.0, samples / RATE_HZ / expected_s))


def _sections(spectrum: Spectrum) -> Iterator[tuple[int, tuple[float, float], Spectrum]]:
    """Parts of ``spectrum`` of equal length: the first frame of each, the seconds that it answers for, and the part,
    which reaches beyond these on both sides."""
    count = max(1, math.ceil(spectrum.duration_s / _SECTION_S))
    length_s = spectrum.duration_s / count
    for number in range(count):
        begin_s = number * length_s
        end_s = begin_s + length_s if number < count - 1 else math.inf
        first = max(0, math.floor((begin_s - _OVERLAP_S) * FRAME_RATE_HZ / CHROMA_EVERY))
        behind = len(spectrum.chroma)
        if number < count - 1:
            behind = math.ceil((end_s + _OVERLAP_S) * FRAME_RATE_HZ / CHROMA_EVERY)
        part = Spectrum(
            bands=spectrum.bands[first * CHROMA_EVERY : behind * CHROMA_EVERY],
            chroma=spectrum.chroma[first:behind],
            samples=spectrum.samples,
        )
        yield first * CHROMA_EVERY, (begin_s, end_s), part


def _beats_of(spectrum: Spectrum) -> tuple[Any, Any]:
    """Frames of the beats of one section, and which of them begin bars."""
    none = np.empty(0, np.int64), np.empty(0, bool)
    heard = Heard.of(spectrum)
    rows = readings(heard.onsets) if heard is not None else []
    if heard is None or not rows:
        return none
    weights = load_weights()
    beats = trimmed(follow(heard.onsets, best_reading(heard, rows, weights)), heard.onsets)
    if len(beats) < _FEWEST or steadiness(heard, beats) < _LEAST_STEADINESS:
        return none
    return beats, bars_of(heard, beats, weights).is_downbeat
