"""Finds the duration of a file: from its header, its streams, or packet by packet."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from .extras import optional

av = optional("av")

RAW_SOUND = frozenset({"mp3", "aac", "ac3", "eac3", "dts", "truehd", "amr"})
"""Without a header: recognised in almost anything, and their length is only guessed from the bit rate."""
_MAX_DEMUXED_PACKETS = 5_000_000
_MAX_DEMUX_S = 20.0
_LATE = 500_000
"""Microseconds."""
_SLACK_S = 0.1
_CLOCK = re.compile(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)")
"""Matroska's tag."""


def duration_of(container: Any, format_name: str, streams: Sequence[Any]) -> float | None:
    """Seconds that ``streams`` take, those that a player plays. None if nothing tells."""
    told_s: float | None = container.duration / av.time_base if container.duration else None
    # Matroska files that start late: some count from the first picture, some from zero.
    is_doubtful = format_name in RAW_SOUND or (format_name == "matroska" and (container.start_time or 0) > _LATE)
    if told_s is not None and not is_doubtful:
        return min(told_s, _own_s(container, streams, told_s))
    measured_s = _measure(container, streams)
    # A header of an MP3 that leaves out the encoder's padding is right; a guess from the bit rate is far off.
    if measured_s is None or (told_s is not None and abs(measured_s - told_s) <= max(_SLACK_S, 0.01 * measured_s)):
        return told_s
    return measured_s


def _own_s(container: Any, streams: Sequence[Any], told_s: float) -> float:
    """How long ``streams`` are where others, which nobody plays, may be what makes the file ``told_s`` long: subtitles
    that stand beyond the end, a commentary."""
    if len(container.streams) <= len(streams):
        return told_s
    ends = [end_of(container, stream) for stream in streams]
    known = [end_s for end_s in ends if end_s is not None]
    own_s = max(known) if len(known) == len(ends) else _measure(container, streams)
    return told_s if own_s is None or own_s <= 0 or told_s - own_s <= _SLACK_S else own_s


def end_of(container: Any, stream: Any) -> float | None:
    """When ``stream`` ends, in seconds from the file's beginning, by its own word. None if it does not tell."""
    origin_s = (container.start_time or 0) / av.time_base
    if stream.duration:
        return float((stream.start_time or 0) + stream.duration) * float(stream.time_base) - origin_s
    match = _CLOCK.fullmatch(stream.metadata.get("DURATION", "").strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds) - origin_s


def _measure(container: Any, streams: Sequence[Any]) -> float | None:
    """Seconds from the first to the end of the last packet, read without decoding. None if that takes too long."""
    first: float | None = None
    last = 0.0
    deadline = time.monotonic() + _MAX_DEMUX_S
    container.seek(container.start_time or 0)
    try:
        for number, packet in enumerate(container.demux(streams)):
            if number > _MAX_DEMUXED_PACKETS or (number % 1000 == 0 and time.monotonic() > deadline):
                return None
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None:
                continue
            begin_s = float(stamp * packet.time_base)
            first = begin_s if first is None else min(first, begin_s)
            last = max(last, begin_s + float((packet.duration or 0) * packet.time_base))
    except av.InvalidDataError:
        # What can be read so far counts.
        pass
    return 0.0 if first is None else max(0.0, last - first)
