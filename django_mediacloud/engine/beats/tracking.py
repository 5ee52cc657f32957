"""Rows of beats through the onsets of a piece, by dynamic programming."""

from __future__ import annotations

from typing import Any

from ..extras import optional
from .onsets import Onsets
from .spectrum import FRAME_RATE_HZ

np = optional("numpy")

SLOWEST_BPM, FASTEST_BPM = 40.0, 250.0
_STIFFNESS = 120.0
"""What a change of tempo costs: times the square of its logarithm. 10 % from one beat to the next cost about 1."""
_DRIFT = 0.3
"""What a beat costs at the edge of the tempi allowed."""
_SNAP_FRAMES = 3
_TRUST, _LEAST_TRUST = 1.0, 0.2
_FOLLOW_OCTAVES = 0.55
_END_FRAMES = 8
"""A sound that is cut off cracks as if another set in."""
_LEAST_KEPT = 0.6
_CENTRES_BPM = tuple(46 * 2 ** (step / 4) for step in range(10))
_CENTRE_OCTAVES = 0.21
_ALIKE_BEATS, _ALIKE_SHARE = 3, 0.95
"""Two rows are one if they differ by no more beats, and more than this share of them fall together."""
_SHIFTS = (0, 1 / 2, 1 / 3, 2 / 3)
"""Of a beat. The strongest onsets may lie off the beat."""


def track_beats(salience: Any, bpm: float, *, octaves: float) -> Any:
    """Frames at which beats fall, so that the ``salience`` there is greatest and the tempo steady.

    The tempo may wander up to ``octaves`` from ``bpm`` to either side. Empty if there is no room for two beats.
    """
    middle = 60 * FRAME_RATE_HZ / bpm
    shortest, longest = max(4, round(middle * 2**-octaves)), round(middle * 2**octaves)
    intervals = np.arange(shortest, longest + 1)
    frames = len(salience)
    if frames <= longest:
        return np.empty(0, np.int64)
    penalty = (_STIFFNESS * np.log(intervals[:, None] / intervals[None, :]) ** 2).astype(np.float32)
    drift = (_DRIFT * np.log2(intervals / middle) ** 2 / max(octaves, 0.1) ** 2).astype(np.float32)
    # reach[t]: the best score up to a beat at t which the next follows after each interval; came: the interval before.
    reach = np.zeros((longest + 1, len(intervals)), np.float32)
    came = np.zeros((frames, len(intervals)), np.uint8)
    ends = np.zeros((longest, len(intervals)), np.float32)
    slots = np.arange(len(intervals))
    for frame in range(frames):
        score = salience[frame] - drift + reach[(frame - intervals) % (longest + 1), slots]
        options = score[None, :] - penalty
        before = options.argmax(axis=1)
        came[frame] = before
        reach[frame % (longest + 1)] = options[slots, before]
        ends[frame % longest] = score
    return _walk_back(frames, ends, came, intervals)


def _walk_back(frames: int, ends: Any, came: Any, intervals: Any) -> Any:
    longest = len(ends)
    slot, last = np.unravel_index(int(ends.argmax()), ends.shape)
    frame = frames - 1 - (frames - 1 - int(slot)) % longest
    interval = int(last)
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame -= int(intervals[interval])
        if frame >= 0:
            interval = int(came[frame, interval])
    return np.array(beats[::-1], np.int64)


def readings(onsets: Onsets) -> list[Any]:
    """The ways to hear the beat: rows of frames, at tempi from 40 to 250 and at different places between onsets."""
    found = []
    for bpm in _CENTRES_BPM:
        beats = track_beats(onsets.salience, bpm, octaves=_CENTRE_OCTAVES)
        if len(beats) < 4:
            continue
        for shift in _SHIFTS:
            found.append(beats if not shift else _snapped(beats + shift * spacing(beats), onsets.salience))
    return [beats for beats in found if len(beats) >= 4]


def distinct(rows: list[Any]) -> list[Any]:
    """``rows`` without those that are all but the same as an earlier one."""
    kept: list[Any] = []
    for row in rows:
        if not any(_are_alike(row, other) for other in kept):
            kept.append(row)
    return kept


def _are_alike(row: Any, other: Any) -> bool:
    if abs(len(row) - len(other)) > _ALIKE_BEATS:
        return False
    after = np.clip(np.searchsorted(other, row), 1, len(other) - 1)
    distance = np.minimum(abs(row - other[after - 1]), abs(row - other[after]))
    return bool((distance <= _SNAP_FRAMES).mean() > _ALIKE_SHARE)


def spacing(beats: Any) -> Any:
    """Frames from each beat to the next; the last as the one before."""
    steps = np.diff(beats)
    return np.append(steps, steps[-1])


def _snapped(beats: Any, salience: Any) -> Any:
    """``beats`` moved to the strongest onset next to each."""
    offsets = np.arange(-_SNAP_FRAMES, _SNAP_FRAMES + 1)
    places = np.round(beats).astype(np.int64)[:, None] + offsets
    inside = (places >= 0) & (places < len(salience))
    strength = np.where(inside, salience[np.clip(places, 0, len(salience) - 1)] - 0.02 * np.abs(offsets), -np.inf)
    chosen = places[np.arange(len(places)), strength.argmax(axis=1)]
    return chosen[inside.any(axis=1)]


def sampled(values: Any, frames: Any, *, radius: int = 2) -> Any:
    """The greatest of ``values`` (frames x columns) within ``radius`` of each of ``frames``."""
    last = len(values) - 1
    middle = np.round(frames).astype(np.int64)
    return np.max([values[np.clip(middle + offset, 0, last)] for offset in range(-radius, radius + 1)], axis=0)


def follow(onsets: Onsets, beats: Any) -> Any:
    """``beats`` once more with freer tempo: the same beats where they were right, and where the tempo left the range
    of the first search, those that follow. Listens to what sets in on these beats rather than between them."""
    steps = spacing(beats)
    on_beat, off_beat = (sampled(onsets.accents, where).mean(axis=0) for where in (beats, beats + steps / 2))
    shares = np.clip(on_beat - off_beat, 0, None)
    own = onsets.accents @ (shares / max(float(shares.sum()), 1e-3))
    guide = np.zeros(len(own), np.float32)
    # Cut from the whole: "same" is as long as the longer of the two, and there may be but three beats.
    trust = np.clip(np.convolve(sampled(own[:, None], beats)[:, 0], np.ones(5) / 5)[2:-2], _LEAST_TRUST, 1)
    for offset in range(-2, 3):
        places = np.clip(beats + offset, 0, len(guide) - 1)
        guide[places] = np.maximum(guide[places], trust * (1 - abs(offset) / 3))
    listened = (own / max(float(own.std()), 1e-3) + onsets.salience / max(float(onsets.salience.std()), 1e-3)) / 4
    followed = track_beats(listened + _TRUST * guide, 60 * FRAME_RATE_HZ / np.median(steps), octaves=_FOLLOW_OCTAVES)
    if not len(followed):
        return beats
    near = np.searchsorted(followed, beats)
    before, after = followed[np.maximum(near - 1, 0)], followed[np.minimum(near, len(followed) - 1)]
    is_kept = np.minimum(abs(beats - before), abs(beats - after)) <= _SNAP_FRAMES
    return followed if is_kept.mean() >= _LEAST_KEPT else beats


def trimmed(beats: Any, onsets: Onsets) -> Any:
    """``beats`` from the first to the last that has an onset worth the name: none in the silence around a piece."""
    beats = beats[beats < len(onsets.salience) - _END_FRAMES]
    strength = sampled(onsets.salience[:, None], beats)[:, 0]
    strong = strength[strength > 0]
    heard = np.nonzero(strength > 0.5 * np.median(strong))[0] if len(strong) else strong
    return beats[heard[0] : heard[-1] + 1] if len(heard) else beats[:0]
