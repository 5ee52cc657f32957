"""Which packets must be decoded for which frames. Pure: numbers in, numbers out.

Stamps are times in ticks of the stream's clock. Positions count packets in the order of the file, which is the order of
decoding; frames are shown in the order of their stamps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from ..extras import optional
from ..packets import Index

np = optional("numpy")

Picture = TypeVar("Picture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Frames shown from ``begin`` on and before ``end``, and the packets to decode for them: ``first`` (a key frame) to
    ``last``. ``end`` None: to the end of the film."""

    first: int
    last: int
    begin: int
    end: int | None
    frame_count: int


def plan_spans(index: Index, capacity: int, *, most: int | None = None) -> list[Span]:
    """The whole film in spans, in its order.

    Groups of pictures go together while they have at most ``capacity`` frames. A single group may have up to ``most``
    (``capacity`` if not given); a longer one is split, and each part of it decoded again from the key frame on.
    """
    shown = index.shown()
    spans: list[Span] = []
    for group in _groups(index, shown):
        if spans and _is_whole(spans[-1], group) and spans[-1].frame_count + group.frame_count <= capacity:
            spans[-1] = _joined(spans[-1], group)
        else:
            spans += _split(index, shown, group, max(1, most or capacity))
    return spans


def _groups(index: Index, shown: Any) -> Iterator[Span]:
    keys: list[int] = []
    for position in np.flatnonzero(index.is_key).tolist():
        # A key frame that is shown before its predecessor starts nothing that could be decoded by itself.
        if not keys or index.stamps[position] > index.stamps[keys[-1]]:
            keys.append(position)
    following: int | None
    for first, following in zip(keys, [*keys[1:], None], strict=False):
        begin = int(index.stamps[first])
        end = int(index.stamps[following]) if following is not None else None
        count = int(_count_before(shown, end) - np.searchsorted(shown, begin))
        if count:
            yield Span(first=first, last=_last_packet(index, following), begin=begin, end=end, frame_count=count)


def _count_before(shown: Any, end: int | None) -> Any:
    return len(shown) if end is None else np.searchsorted(shown, end)


def _last_packet(index: Index, following: int | None) -> int:
    """Frames shown before the next key frame may stand behind it in the file, and need it (open groups)."""
    if following is None:
        return len(index.stamps) - 1
    last = following
    while last + 1 < len(index.stamps) and index.stamps[last + 1] < index.stamps[following]:
        last += 1
    return last if last > following else following - 1


def _is_whole(before: Span, group: Span) -> bool:
    """``before`` is no part of a group that was split: joined to the next group it would be decoded in vain."""
    return before.first < group.first and before.end == group.begin


def _joined(before: Span, group: Span) -> Span:
    return Span(
        first=before.first,
        last=group.last,
        begin=before.begin,
        end=group.end,
        frame_count=before.frame_count + group.frame_count,
    )


def _split(index: Index, shown: Any, group: Span, most: int) -> list[Span]:
    parts = -(-group.frame_count // most)
    if parts == 1:
        return [group]
    offset = int(np.searchsorted(shown, group.begin))
    bounds = [offset + group.frame_count * number // parts for number in range(parts + 1)]
    stamps = index.stamps[group.first : group.last + 1]
    spans = []
    for number, (low, high) in enumerate(pairwise(bounds)):
        is_final = number == parts - 1
        end = group.end if is_final else int(shown[high])
        last = group.last if is_final else group.first + int(np.flatnonzero(stamps < end)[-1])
        begin = group.begin if number == 0 else int(shown[low])
        spans.append(Span(first=group.first, last=last, begin=begin, end=end, frame_count=high - low))
    return spans


def mirror(frames: Iterable[tuple[int, Picture]], *, end: int, usual: int) -> Iterator[tuple[int, Picture]]:
    """``frames`` (stamp and picture, the last first) with the stamps of the reversed film, which begins at 0.

    A frame shown from t on for d comes at ``end`` - (t + d). The first to come is shown from 0 on. The one that comes
    last comes twice where it stays longer than ``usual``: a container tells when a frame begins, not when it ends.
    """
    due, sent, last = 0, -1, None
    for stamp, picture in frames:
        if due > sent:
            yield due, picture
            sent, last = due, picture
        due = max(due, end - stamp)
    if last is not None and due - sent > usual * 3 // 2:
        yield due - usual, last
