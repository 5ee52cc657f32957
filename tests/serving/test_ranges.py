from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.serving.ranges import ByteRange, Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-", (0, 10)),
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 5)),
        ("bytes=2-400", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-300", (0, 10)),
        ("Bytes = 2 - 4", (2, 5)),
    ],
)
def test_one_range(header, found):
    part = parse_range(header, 10)
    assert part == ByteRange(start=found[0], stop=found[1])
    assert part.content_range(10) == f"bytes {found[0]}-{found[1] - 1}/10"


@pytest.mark.parametrize(
    "header", ["", "bytes=", "bytes=-", "bytes=4-2", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "0-1"]
)
def test_what_is_no_range_is_the_whole_file(header):
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=11-20", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_beyond_the_end(header, size):
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


@given(st.text(alphabet="bytes=0123456789-, \t\n", max_size=40) | st.text(max_size=40), st.integers(0, 10**12))
def test_whatever_is_sent_the_range_lies_in_the_file(header, size):
    try:
        part = parse_range(header, size)
    except Unsatisfiable:
        return
    assert part is None or 0 <= part.start < part.stop <= size
