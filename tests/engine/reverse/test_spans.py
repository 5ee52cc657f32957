from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.packets import Index, usual_step
from django_mediacloud.engine.reverse.spans import Span, mirror, plan_spans


def index_of(packets: list[tuple[int, bool]], hidden: tuple[int, ...] = ()) -> Index:
    return Index(
        stamps=np.array([stamp for stamp, _ in packets], np.int64),
        is_key=np.array([is_key for _, is_key in packets], bool),
        is_hidden=np.array([number in hidden for number in range(len(packets))], bool),
        last_ticks=10,
    )


@st.composite
def films(draw: st.DrawFn) -> Index:
    """Groups of pictures of 1 to 12 frames, with B-frames behind the P-frame that they need, and open groups."""
    packets: list[tuple[int, bool]] = []
    stamp = draw(st.integers(-50, 50))
    for number in range(draw(st.integers(1, 8))):
        length = draw(st.integers(1, 12))
        stamps = [stamp := stamp + draw(st.integers(1, 40)) for _ in range(length)]
        leading = draw(st.integers(0, length - 1)) if number else 0
        key, rest = stamps[leading], stamps[leading + 1 :]
        packets += [(key, True), *((one, False) for one in stamps[:leading])]
        while rest:
            count = draw(st.integers(1, 3))
            *between, last = rest[:count]
            packets += [(last, False), *((one, False) for one in between)]
            rest = rest[count:]
    return index_of(packets)


@given(films(), st.integers(1, 20), st.integers(1, 20))
def test_spans_hold_every_frame_once_and_all_that_it_needs(index: Index, capacity: int, most: int) -> None:
    spans = plan_spans(index, capacity, most=most)
    shown = index.shown()
    found: list[int] = []
    for span in spans:
        frames = [one for one in shown if one >= span.begin and (span.end is None or one < span.end)]
        assert len(frames) == span.frame_count <= max(capacity, most)
        assert index.is_key[span.first]
        # Whatever is to be shown lies among the packets that are decoded.
        assert set(frames) <= set(index.stamps[span.first : span.last + 1])
        found += frames
    assert found == sorted(index.stamps) == list(shown)


def test_short_groups_go_together_and_long_ones_are_split() -> None:
    packets = [(stamp * 10, stamp in {0, 2, 4, 14}) for stamp in range(16)]
    spans = plan_spans(index_of(packets), 4)
    assert [(span.first, span.last, span.frame_count) for span in spans] == [
        (0, 3, 4),
        (4, 6, 3),
        (4, 9, 3),
        (4, 13, 4),
        (14, 15, 2),
    ]


def test_an_open_group_takes_the_next_key_frame_along() -> None:
    # In the order of decoding: I0 P2 b1 | I5 b3 b4 P6.
    packets = [(0, True), (2, False), (1, False), (5, True), (3, False), (4, False), (6, False)]
    first, second = plan_spans(index_of(packets), 5)
    assert first == Span(first=0, last=5, begin=0, end=5, frame_count=5)
    assert second == Span(first=3, last=6, begin=5, end=None, frame_count=2)


def test_what_an_edit_list_hides_is_decoded_but_not_counted() -> None:
    (span,) = plan_spans(index_of([(0, True), (1, False), (2, False)], hidden=(0, 1)), 10)
    assert (span.first, span.last, span.frame_count) == (0, 2, 1)


def test_frames_before_the_first_key_frame_are_lost() -> None:
    (span,) = plan_spans(index_of([(0, False), (1, False), (2, True), (3, False)]), 10)
    assert (span.first, span.frame_count) == (2, 2)
    assert plan_spans(index_of([(0, False)]), 10) == []
    assert plan_spans(index_of([]), 10) == []


def mirrored(stamps: list[int], end: int, usual: int) -> list[tuple[int, Any]]:
    return list(mirror([(stamp, stamp) for stamp in reversed(stamps)], end=end, usual=usual))


def test_each_frame_is_shown_as_long_as_before() -> None:
    assert mirrored([0, 10, 30, 40], end=50, usual=10) == [(0, 40), (10, 30), (20, 10), (40, 0)]


def test_the_picture_stays_where_the_sound_goes_on() -> None:
    assert mirrored([0, 10, 20], end=100, usual=10) == [(0, 20), (80, 10), (90, 0)]


def test_a_long_first_frame_comes_twice_so_that_its_end_is_told() -> None:
    assert mirrored([0, 50, 60], end=70, usual=10) == [(0, 60), (10, 50), (20, 0), (60, 0)]
    assert mirrored([0], end=70, usual=10) == [(0, 0), (60, 0)]
    assert mirrored([], end=70, usual=10) == []


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30, unique=True), st.integers(1, 100))
def test_mirrored_times_rise_and_end_where_the_film_ends(stamps: list[int], last: int) -> None:
    stamps.sort()
    end = stamps[-1] + last
    usual = usual_step(stamps, last)
    sent = mirrored(stamps, end, usual)
    times = [stamp for stamp, _ in sent]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert [frame for _, frame in sent][: len(stamps)] == stamps[::-1]
    assert end - stamps[0] - times[-1] <= max(usual * 3 // 2, 1)
