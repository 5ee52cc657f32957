"""The sound of a file as blocks of samples, decoded as they are read: hours of it take no more memory than seconds.

Times are seconds from the file's beginning, whatever its first time stamp is: the sound of a film that sets in after
the picture does so here. Where a file is silent for want of data, its time goes on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..exceptions import IncompleteMedia, UnreadableMedia, UnsupportedMedia
from .extras import optional
from .lengths import RAW_SOUND, end_of
from .limits import Limits
from .probe import LEAST_RATE_HZ, MOST_RATE_HZ, best_audio, best_video, open_media

av = optional("av")
np = optional("numpy")

_BLOCK_SAMPLES = 131_072
"""In one block, of all channels together."""
_MOST_CHANNELS = 64
SAMPLE_SLACK = 1e-6
"""A time that stands on a sample must not fall before it by the last bit."""
_GAP_S = 0.1
"""Time stamps are rounded, so a smaller gap is none."""
_MAX_GAP_S = 3600.0
_LEAD_S = 1.0
"""Decoded before the time asked for: codecs build on what came before."""
_MISSING_S, _MISSING = 0.5, 0.02
"""Sound that ends this much, or this part of the whole, before its header's word has been cut off."""
_GUESSED_LENGTH = RAW_SOUND | {"mpeg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """``samples`` are float32, length x channels, full scale from -1 to 1. Files in floating point may go beyond, and
    may hold NaN. ``begin`` is where the first of them stands, in samples from the beginning of the file."""

    samples: Any
    begin: int
    rate_hz: int

    @property
    def end(self) -> int:
        return self.begin + len(self.samples)


def read_sound(
    path: Path,
    *,
    rate_hz: int | None = None,
    is_mono: bool = False,
    start_s: float = 0.0,
    end_s: float | None = None,
    limits: Limits | None = None,
) -> Iterator[Block]:
    """The sound from ``start_s`` to ``end_s``, block by block; nothing if it ends before ``start_s``.

    Without ``rate_hz`` the samples are those of the file. ``is_mono`` gives one channel, the mean of all.
    ``UnsupportedMedia`` if the file has no sound, ``UnreadableMedia`` if none of it can be decoded, ``IncompleteMedia``
    if it ends before a time that its header promises.
    """
    with open_media(path, limits=limits) as container:
        reader = _Reader(container, rate_hz, is_mono)
        for block in reader.read(start_s, end_s):
            first = max(0, _sample_at(start_s, block.rate_hz) - block.begin)
            behind = None if end_s is None else max(0, -_sample_at(-end_s, block.rate_hz) - block.begin)
            samples = block.samples[first:behind]
            if len(samples):
                yield Block(samples=samples, begin=block.begin + first, rate_hz=block.rate_hz)
            if behind is not None and block.begin + behind <= block.end:
                return


def read_mono(
    path: Path, rate_hz: int, *, start_s: float = 0.0, end_s: float | None = None, limits: Limits | None = None
) -> Iterator[Any]:
    """The mean of all channels from ``start_s`` on, at ``rate_hz``: float32 arrays that follow one another without a
    gap, silence included. Errors as of ``read_sound``."""
    position = _sample_at(start_s, rate_hz)
    for block in read_sound(path, rate_hz=rate_hz, is_mono=True, start_s=start_s, end_s=end_s, limits=limits):
        while position < block.begin:
            count = min(block.begin - position, _BLOCK_SAMPLES)
            yield np.zeros(count, np.float32)
            position += count
        yield block.samples[:, 0]
        position = block.end


def _sample_at(time_s: float, rate_hz: int) -> int:
    """The sample that sounds at ``time_s``."""
    return math.floor(time_s * rate_hz + SAMPLE_SLACK)


class _Reader:
    """Decodes one stream and keeps count of the time."""

    def __init__(self, container: Any, rate_hz: int | None, is_mono: bool) -> None:
        stream = best_audio(container)
        if stream is None:
            raise UnsupportedMedia("The file has no sound.")
        self._container = container
        self._stream = stream
        self._rate_hz = rate_hz
        self._is_mono = is_mono
        self._base = float(stream.time_base)
        self._origin_s = (container.start_time or 0) / av.time_base
        self._told_s = _told_duration_s(container, self._origin_s)
        self._has_picture = best_video(container) is not None
        self._clock_s: float | None = None
        """Where the next frame belongs; None before the first."""
        self._converter: _Converter | None = None

    def read(self, start_s: float, end_s: float | None) -> Iterator[Block]:
        for packet in self._container.demux(self._stream):
            if self._is_before(packet, start_s - _LEAD_S):
                continue
            try:
                frames = packet.decode()
            except (av.InvalidDataError, av.EOFError):
                continue
            for frame in frames:
                yield from self._take(frame)
        if self._converter is not None:
            yield from self._converter.flush()
        self._check_complete(end_s)

    def _is_before(self, packet: Any, time_s: float) -> bool:
        """The packet ends before ``time_s`` by its own word, and need not be decoded."""
        if self._converter is not None or packet.pts is None or not packet.duration:
            return False
        end_s = (packet.pts + packet.duration) * self._base - self._origin_s
        if end_s >= time_s:
            return False
        self._clock_s = end_s
        return True

    def _take(self, frame: Any) -> Iterator[Block]:
        _check_kind(frame)
        begin_s = self._begin(frame)
        converter = self._converter
        if converter is None or begin_s != self._clock_s or not converter.fits(frame):
            if converter is not None:
                yield from converter.flush()
            converter = self._converter = self._follow(converter, frame, begin_s)
        self._clock_s = begin_s + frame.samples / frame.sample_rate
        yield from converter.push(frame)

    def _follow(self, before: _Converter | None, frame: Any, begin_s: float) -> _Converter:
        """The converter for ``frame`` and its like. All of one file have the same rate."""
        if before is None:
            rate_hz = self._rate_hz or frame.sample_rate
            return _Converter(frame, rate_hz, self._is_mono, round(begin_s * rate_hz))
        begin = before.position if begin_s == self._clock_s else round(begin_s * before.rate_hz)
        return _Converter(frame, before.rate_hz, self._is_mono, begin)

    def _begin(self, frame: Any) -> float:
        """When ``frame`` begins: where the one before ended, unless its time stamp tells of a gap. Stamps that go back,
        or behind the end of the file, are not believed."""
        clock_s = self._clock_s or 0.0
        if frame.pts is None:
            return clock_s
        stamp_s = float(frame.pts * self._base - self._origin_s)
        if self._clock_s is None and not self._has_picture and stamp_s > 0:
            # Decoders that need a packet before they give sound (WMA) stamp it late, and here nothing else has a time.
            return clock_s
        step_s = stamp_s - clock_s
        is_credible = abs(step_s) <= _MAX_GAP_S and (self._told_s is None or stamp_s <= self._told_s)
        is_told = self._converter is None or step_s > _GAP_S
        return stamp_s if is_credible and is_told else clock_s

    def _check_complete(self, end_s: float | None) -> None:
        if self._clock_s is None:
            raise UnreadableMedia("No sound of the file can be decoded.")
        told_s = self._promised_s()
        if told_s is None or self._clock_s >= told_s - max(_MISSING_S, _MISSING * told_s):
            return
        if end_s is None or end_s > self._clock_s:
            raise IncompleteMedia(f"The sound ends after {self._clock_s:.1f} s of {told_s:.1f} s.")

    def _promised_s(self) -> float | None:
        """How long the sound is by the header's word. A film's sound may end before its picture."""
        if self._container.format.name.split(",")[0] in _GUESSED_LENGTH:
            return None
        told = [] if self._told_s is None or self._has_picture else [self._told_s]
        own_s = end_of(self._container, self._stream)
        # Matroska's tags may be left over from a longer film: alone they promise nothing.
        if own_s is not None and (told or self._stream.duration):
            told.append(own_s)
        return min(told, default=None)


class _Converter:
    """Turns frames of one kind into blocks of floating point at ``rate_hz``. ``position`` is where the next begins."""

    def __init__(self, frame: Any, rate_hz: int, is_mono: bool, begin: int) -> None:
        self.rate_hz = rate_hz
        self.position = begin
        self._kind = _kind_of(frame)
        channels = frame.layout.nb_channels
        self._size = max(1024, _BLOCK_SAMPLES // channels)
        self._pushed = 0
        self._graph = av.filter.Graph()
        chain = [self._graph.add_abuffer(template=frame, channels=channels, time_base=frame.time_base)]
        if is_mono and channels > 1:
            mean = "+".join(f"{1 / channels:.6f}*c{number}" for number in range(channels))
            chain.append(self._graph.add("pan", f"mono|c0={mean}"))
        # Packed: PyAV 18 reads beyond the planes of a frame that has eight or more of them.
        chain.append(self._graph.add("aformat", f"sample_fmts=flt:sample_rates={rate_hz}"))
        chain.append(self._graph.add("asetnsamples", f"n={self._size}:p=0"))
        chain.append(self._graph.add("abuffersink"))
        for link, following in pairwise(chain):
            link.link_to(following)
        self._graph.configure()
        self._source, self._sink = chain[0], chain[-1]

    def fits(self, frame: Any) -> bool:
        return _kind_of(frame) == self._kind

    def push(self, frame: Any) -> Iterator[Block]:
        self._source.push(frame)
        self._pushed += frame.samples
        if self._pushed >= self._size:
            self._pushed = 0
            yield from self._pull()

    def flush(self) -> Iterator[Block]:
        self._source.push(None)
        yield from self._pull()

    def _pull(self) -> Iterator[Block]:
        while True:
            try:
                frame = self._sink.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            block = Block(samples=_samples_of(frame), begin=self.position, rate_hz=self.rate_hz)
            self.position = block.end
            yield block


def _check_kind(frame: Any) -> None:
    if not LEAST_RATE_HZ <= frame.sample_rate <= MOST_RATE_HZ:  # a stream may change it midway
        raise UnsupportedMedia(f"The sound has {frame.sample_rate} samples a second, which no player plays.")
    if frame.layout.nb_channels > _MOST_CHANNELS:
        raise UnsupportedMedia(f"The sound has {frame.layout.nb_channels} channels, more than {_MOST_CHANNELS}.")


def _kind_of(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _samples_of(frame: Any) -> Any:
    return frame.to_ndarray().reshape(frame.samples, -1)


def _told_duration_s(container: Any, origin_s: float) -> float | None:
    """The header's word. Matroska files that start late count from zero, or from where they start."""
    if not container.duration:
        return None
    told_s = float(container.duration / av.time_base)
    counts_from_zero = container.format.name.startswith("matroska") and 0 < origin_s < told_s
    return told_s - origin_s if counts_from_zero else told_s
