"""Single frames of a film, found by seeking and never by decoding the whole.

Times are seconds from the film's beginning, whatever its first time stamp is. The frame of a time is the one that a
player shows then: the last that begins at or before it; before the first frame, the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..exceptions import IncompleteMedia, UnreadableMedia, UnsupportedMedia
from .color import to_picture
from .extras import optional
from .limits import Limits
from .probe import ALPHA_DECODERS, best_video, frame_rate_of, has_hidden_alpha, open_decoder, open_media

av = optional("av")

_FIRST_STEP_BACK_S = 0.5
_DEFAULT_FRAME_S = 0.04
_BLIND_DECODE_S = 1.0
"""Without an index, decoding on for this long is cheaper than a seek that may land behind us."""
_MISSING_S = 0.5
"""A stream that ends this much before its header's word has been cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """``picture`` is upright, in square pixels, sRGB, mode RGB or RGBA (``PIL.Image.Image``)."""

    picture: Any
    time_s: float
    """When the frame begins."""
    is_past_end: bool = False
    """The time asked for lies behind the end of the last frame, which this is. (The sound may go on.)"""


def frame_at(path: Path, time_s: float, *, limits: Limits | None = None) -> Frame:
    """The frame at ``time_s``. Past the end it is the last one, and says so."""
    return next(frames_at(path, [time_s], limits=limits))


def frames_at(path: Path, times: Iterable[float], *, limits: Limits | None = None) -> Iterator[Frame]:
    """A frame for each of ``times``, in their order; rising times cost least.

    ``UnsupportedMedia`` if the file has no film, ``UnreadableMedia`` if none of it can be decoded, ``IncompleteMedia``
    if it ends before a time that its header promises.
    """
    limits = limits or Limits()
    with ExitStack() as stack:
        reader = _Reader(path, limits, stack)
        for time_s in times:
            decoded, is_last = reader.find(max(0.0, time_s))
            yield Frame(
                picture=to_picture(decoded.frame, reader.aspect, limits),
                time_s=decoded.begin_s,
                is_past_end=is_last and time_s > decoded.end_s + reader.frame_s,
            )


@dataclass(slots=True)
class _Decoded:
    frame: Any
    begin_s: float
    end_s: float


class _Reader:
    """Keeps the place in the film between two times, so that near ones are decoded once."""

    _stream: Any
    _decoder: Any

    def __init__(self, path: Path, limits: Limits, stack: ExitStack) -> None:
        self._path = path
        self._limits = limits
        self._stack = stack
        self._container: Any = None
        self._open()
        self.aspect = self._stream.sample_aspect_ratio
        rate = frame_rate_of(self._stream)
        self.frame_s = float(1 / rate) if rate else _DEFAULT_FRAME_S

    def _open(self) -> None:
        """Open, or go back to the very beginning: where seeking lands late, it does so even for the first frame."""
        if self._container is not None:
            self._container.close()
        self._container = self._stack.enter_context(open_media(self._path, limits=self._limits))
        self._stream = best_video(self._container)
        if self._stream is None:
            raise UnsupportedMedia("The file has no film.")
        self._base = float(self._stream.time_base)
        self._start_s = (self._container.start_time or 0) / av.time_base
        self._decoder = self._make_decoder()
        self._restart()
        self._is_at_start = True

    def _make_decoder(self) -> Any:
        name = self._stream.codec_context.codec.canonical_name
        if not has_hidden_alpha(self._stream) or name not in ALPHA_DECODERS:
            return self._stream.codec_context
        decoder = open_decoder(ALPHA_DECODERS[name], limits=self._limits)
        decoder.thread_count = 1
        return decoder

    def _restart(self) -> None:
        self._frames = self._decode()
        self._held: _Decoded | None = None
        self._ahead: _Decoded | None = None

    def _decode(self) -> Iterator[_Decoded]:
        """All frames from here on, in the order in which they are shown. Damaged packets are left out."""
        before: _Decoded | None = None
        for packet in self._container.demux(self._stream):
            try:
                frames = self._decoder.decode(packet if packet.size else None)
            except (av.InvalidDataError, av.EOFError):
                continue
            for frame in frames:
                before = self._timed(frame, before)
                yield before

    def _timed(self, frame: Any, before: _Decoded | None) -> _Decoded:
        if frame.pts is not None:
            begin_s = frame.pts * self._base - self._start_s
        else:
            begin_s = before.end_s if before else 0.0
        return _Decoded(frame, begin_s, begin_s + (frame.duration * self._base if frame.duration else self.frame_s))

    def find(self, time_s: float) -> tuple[_Decoded, bool]:
        """The frame shown at ``time_s``, and whether the film has no later one."""
        # Time stamps are rounded to the container's clock: a time that was computed must not miss its own frame.
        time_s += min(0.001, self.frame_s / 4)
        if not self._can_go_on(time_s):
            self._seek(time_s)
        found = self._advance(time_s)
        if found is None or (found.begin_s > time_s and not self._is_at_start):
            found = self._search_back(time_s)
        if found is None:
            raise UnreadableMedia("No picture of the film can be decoded.")
        self._held = found
        is_last = self._ahead is None
        if is_last:
            self._check_complete(time_s, found)
        return found, is_last

    def _can_go_on(self, time_s: float) -> bool:
        """Whether decoding on from here is right, and cheaper than a seek."""
        here_s = self._held.begin_s if self._held else 0.0
        if (self._held is None and not self._is_at_start) or here_s > time_s:
            return False
        if time_s - here_s <= _BLIND_DECODE_S:
            return True
        entries = self._stream.index_entries
        if not len(entries):
            return False
        found = entries.search_timestamp(self._stamp(time_s))
        return found >= 0 and (entries[found].timestamp * self._base - self._start_s) <= here_s

    def _stamp(self, time_s: float) -> int:
        return round((time_s + self._start_s) / self._base)

    def _seek(self, time_s: float) -> bool:
        try:
            self._container.seek(self._stamp(time_s), stream=self._stream)
        except av.FFmpegError:
            # Some files cannot be sought in. They can be read from the beginning.
            self._open()
            return False
        if self._decoder is not self._stream.codec_context:
            self._decoder.flush_buffers()
        self._restart()
        self._is_at_start = False
        return True

    def _advance(self, time_s: float) -> _Decoded | None:
        """Decode until the frame after ``time_s`` is known. None if there is no frame from here on."""
        held = self._held
        following = self._ahead
        while True:
            if following is None:
                following = next(self._frames, None)
            if following is None or (following.begin_s > time_s and held is not None):
                self._ahead = following
                return held
            held, following = following, None

    def _search_back(self, time_s: float) -> _Decoded | None:
        """A seek landed behind the time, as in MPEG-TS it does, or behind the last frame: try earlier ones."""
        step_s = _FIRST_STEP_BACK_S
        while step_s < time_s:
            if not self._seek(time_s - step_s):
                break
            found = self._advance(time_s)
            if found is not None and found.begin_s <= time_s:
                return found
            step_s *= 2
        self._open()
        return self._advance(time_s)

    def _check_complete(self, time_s: float, last: _Decoded) -> None:
        told = self._stream.duration
        if told is None:
            return
        first = self._stream.start_time or 0
        told_end_s = (first + told) * self._base - self._start_s
        if told_end_s - last.end_s > max(_MISSING_S, 2 * self.frame_s) and time_s > last.end_s + self.frame_s:
            raise IncompleteMedia(f"The file ends after {last.end_s:.1f} s of {told_end_s:.1f} s.")
