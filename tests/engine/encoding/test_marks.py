from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.marks import mark_corner, mark_size
from django_mediacloud.engine.encoding.notation import Length
from django_mediacloud.engine.encoding.options import Watermark

SIDE = st.integers(2, 4000)
LENGTH = st.none() | st.builds(Length, value=st.floats(-200, 5000), is_percent=st.booleans())


def px(value: float) -> Length:
    return Length(value=value)


@pytest.mark.parametrize(
    ("watermark", "size", "corner"),
    [
        (Watermark(), (100, 50), (0, 0)),
        (Watermark(bottom=px(5), right=px(5)), (100, 50), (535, 425)),
        (Watermark(top=px(0), left=px(0), bottom=px(5), right=px(5)), (100, 50), (535, 425)),
        (Watermark(top=px(7), bottom=px(5), left=px(9), right=px(5)), (100, 50), (9, 7)),
        (Watermark(width=Length(value=10, is_percent=True)), (64, 32), (0, 0)),
        (Watermark(height=px(100), right=px(0)), (200, 100), (440, 0)),
        (Watermark(width=px(30), height=px(30)), (30, 30), (0, 0)),
        (Watermark(width=px(2000)), (640, 320), (0, 0)),
        (Watermark(left=px(10_000)), (100, 50), (540, 0)),
    ],
)
def test_marks_on_a_frame_of_640_by_480(watermark: Watermark, size: tuple[int, int], corner: tuple[int, int]) -> None:
    assert mark_size((640, 480), (100, 50), watermark) == size
    assert mark_corner((640, 480), size, watermark) == corner


@given(frame=st.tuples(SIDE, SIDE), natural=st.tuples(SIDE, SIDE), lengths=st.lists(LENGTH, min_size=6, max_size=6))
def test_the_whole_mark_is_always_on_the_frame(
    frame: tuple[int, int], natural: tuple[int, int], lengths: list[Length | None]
) -> None:
    names = ("top", "bottom", "left", "right", "width", "height")
    watermark = Watermark(**dict(zip(names, lengths, strict=True)))
    size = mark_size(frame, natural, watermark)
    corner = mark_corner(frame, size, watermark)
    for side, at, whole in zip(size, corner, frame, strict=True):
        assert side >= 1
        assert 0 <= at <= whole - side
