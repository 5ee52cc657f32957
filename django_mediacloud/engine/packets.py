"""Reads the time stamps of the frames of a film from its packets, without decoding.

Stamps are times in ticks of the stream's clock. Positions count packets in the order of the file, which is the order of
decoding; frames are shown in the order of their stamps.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..exceptions import UnreadableMedia, UnsupportedMedia
from .extras import optional

av = optional("av")
np = optional("numpy")

_MAX_PACKETS = 5_000_000
_NEAR = 6
"""Frames: more than an encoder holds back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Every packet of a film's picture, by position. A hidden one is decoded but not shown (edit lists)."""

    stamps: Any
    """``int64`` array."""
    is_key: Any
    """``bool`` array."""
    is_hidden: Any
    """``bool`` array."""
    last_ticks: int
    """Duration of the frame that is shown last, in ticks; 0 if unknown."""

    def shown(self) -> Any:
        """The stamps of all frames that can be decoded and are shown, ascending."""
        keys = np.flatnonzero(self.is_key)
        if not len(keys):
            return self.stamps[:0]
        visible = self.stamps[~self.is_hidden]
        return np.unique(visible[visible >= self.stamps[keys[0]]])


def read_index(container: Any, stream: Any) -> Index:
    """Read the file once, without decoding. ``UnreadableMedia`` if there is nothing, or nothing in order."""
    stamps, keys, hidden = array("q"), array("b"), array("b")
    last_ticks, last_stamp, dts_before = 0, None, None
    for packet in picture_packets(container, stream):
        stamp = stamp_of(packet)
        if stamp is None:
            raise UnreadableMedia("The film does not say when its frames are shown.")
        if len(stamps) >= _MAX_PACKETS:
            raise UnsupportedMedia("The film has too many frames.")
        if packet.dts is not None:
            if dts_before is not None and packet.dts < dts_before:
                raise UnreadableMedia("The film's time stamps jump back: convert it first.")
            dts_before = packet.dts
        stamps.append(stamp)
        keys.append(packet.is_keyframe)
        hidden.append(packet.is_discard)
        if last_stamp is None or stamp >= last_stamp:
            last_stamp, last_ticks = stamp, packet.duration or 0
    return Index(
        stamps=np.array(stamps, np.int64),
        is_key=np.array(keys, bool),
        is_hidden=np.array(hidden, bool),
        last_ticks=last_ticks,
    )


def picture_packets(container: Any, stream: Any) -> Iterator[Any]:
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except av.InvalidDataError:
        # What could be read so far counts; whether it is enough is decided by its length.
        return


def stamp_of(thing: Any) -> int | None:
    """Of a packet or frame. Some containers tell only the order of decoding, which is then that of showing."""
    stamp = thing.pts if thing.pts is not None else thing.dts
    return None if stamp is None else int(stamp)


def is_steady(stamps: Sequence[int], *, end: int, usual: int) -> bool:
    """Whether the frames near both ends of the film, which goes on to ``end``, are shown about as long as ``usual``."""
    near = [*np.diff(stamps[:_NEAR]), *np.diff([*stamps[-_NEAR:], end])]
    return all(usual / 1.5 <= step <= usual * 1.5 for step in near)


def usual_step(stamps: Sequence[int], last_ticks: int) -> int:
    """How long a frame of the film is shown: the median, at least 1 tick."""
    steps = [*np.diff(stamps), last_ticks] if len(stamps) < 2 or last_ticks else np.diff(stamps)
    return max(1, int(np.median(steps)))
