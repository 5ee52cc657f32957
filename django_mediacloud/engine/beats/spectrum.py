"""What the ear gets of a sound, in few numbers: loudness by band, and the notes of the scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..extras import optional

np = optional("numpy")

RATE_HZ = 22_050
HOP = 256
FRAME_RATE_HZ = RATE_HZ / HOP
"""Frames a second of ``Spectrum.bands``."""
CHROMA_EVERY = 4
"""One frame of ``Spectrum.chroma`` goes over so many of ``Spectrum.bands``."""
BANDS = 36
_WINDOW = 1024
_CHROMA_WINDOW = 4096
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 10_000.0
_BASS_HZ = (40.0, 260.0)
_TREBLE_HZ = (130.0, 2100.0)
_CHUNK_FRAMES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """``bands``: frames x ``BANDS``, float16, decibels from low to high. Frame ``n`` is around ``n * HOP`` samples.

    ``chroma``: frames x 24, float32, how strong each of the twelve notes is, first in the bass, then above it.
    """

    bands: Any
    chroma: Any
    samples: int

    @property
    def duration_s(self) -> float:
        return self.samples / RATE_HZ


class _Framer:
    """Cuts a stream of samples into windows, each around a multiple of ``hop``."""

    def __init__(self, window: int, hop: int) -> None:
        self._window, self._hop = window, hop
        self._rest = np.zeros(window // 2, np.float32)

    def push(self, samples: Any) -> Any:
        """Windows x samples: all that are complete now."""
        held = np.concatenate([self._rest, samples])
        count = max(0, (len(held) - self._window) // self._hop + 1)
        self._rest = held[count * self._hop :]
        if not count:
            return np.empty((0, self._window), np.float32)
        views = np.lib.stride_tricks.sliding_window_view(held, self._window)
        return views[:: self._hop][:count]


def spectrum_of(blocks: Iterable[Any]) -> Spectrum:
    """The spectrum of mono ``blocks`` of float32 at ``RATE_HZ``, read once. A few kilobytes a second are kept."""
    fine, coarse = _Framer(_WINDOW, HOP), _Framer(_CHROMA_WINDOW, HOP * CHROMA_EVERY)
    bands: list[Any] = []
    chroma: list[Any] = []
    samples = 0
    for block in blocks:
        samples += len(block)
        _analyse(np.nan_to_num(block, posinf=0.0, neginf=0.0), fine, coarse, bands, chroma)
    _analyse(np.zeros(_CHROMA_WINDOW // 2, np.float32), fine, coarse, bands, chroma)
    return Spectrum(
        bands=np.concatenate(bands or [np.empty((0, BANDS), np.float16)])[: samples // HOP + 1],
        chroma=np.concatenate(chroma or [np.empty((0, 24), np.float32)])[: samples // (HOP * CHROMA_EVERY) + 1],
        samples=samples,
    )


def _analyse(block: Any, fine: _Framer, coarse: _Framer, bands: list[Any], chroma: list[Any]) -> None:
    for windows in _chunks(fine.push(block)):
        power = _power(windows, _WINDOW)
        bands.append((10 * np.log10(power @ _band_filters() + 1e-10)).astype(np.float16))
    for windows in _chunks(coarse.push(block)):
        chroma.append(np.sqrt(_power(windows, _CHROMA_WINDOW)) @ _chroma_filters())


def _chunks(windows: Any) -> Iterable[Any]:
    for begin in range(0, len(windows), _CHUNK_FRAMES):
        yield windows[begin : begin + _CHUNK_FRAMES]


def _power(windows: Any, length: int) -> Any:
    return np.abs(np.fft.rfft(windows * np.hanning(length).astype(np.float32))).astype(np.float32) ** 2 / length


@cache
def _band_filters() -> Any:
    """Bins x ``BANDS``: triangles that overlap by half, evenly spaced as the ear hears pitch (mel)."""
    edges = 700 * (
        10 ** (np.linspace(*(2595 * np.log10(1 + np.array([_LOWEST_HZ, _HIGHEST_HZ]) / 700)), BANDS + 2) / 2595) - 1
    )
    bins_hz = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    # A band narrower than a bin takes the bins next to it.
    narrowest = RATE_HZ / _WINDOW
    rising = (bins_hz - low) / np.maximum(middle - low, narrowest)
    falling = (high - bins_hz) / np.maximum(high - middle, narrowest)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


@cache
def _chroma_filters() -> Any:
    """Bins x 24: each bin counts for the note that it is nearest to."""
    bins_hz = np.fft.rfftfreq(_CHROMA_WINDOW, 1 / RATE_HZ)
    filters = np.zeros((len(bins_hz), 24), np.float32)
    for first, (low_hz, high_hz) in ((0, _BASS_HZ), (12, _TREBLE_HZ)):
        for number in np.nonzero((bins_hz >= low_hz) & (bins_hz < high_hz))[0]:
            pitch = 12 * np.log2(bins_hz[number] / 440) + 69
            filters[number, first + round(pitch) % 12] = 1 - abs(pitch - round(pitch))
    return filters
