from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.notation import Length, parse_clock, parse_length, parse_moment, parse_moments


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:20:00", 1200), ("00:00:10", 10), ("1:30", 90), ("12.5", 12.5), ("7s", 7), (" 3 ", 3), ("0", 0)],
)
def test_clock_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_clock(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "1:2:3:4", "1e3", "nan", "10; rm"])
def test_what_is_no_clock_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be seconds"):
        parse_clock(text)


@given(st.text(max_size=20))
def test_any_text_is_a_time_of_zero_or_more_or_refused(text: str) -> None:
    try:
        seconds = parse_clock(text)
    except ValueError:
        return
    assert seconds >= 0


def test_lengths_are_pixels_or_percent_of_the_side() -> None:
    assert parse_length("10") == parse_length("10px") == Length(value=10)
    assert parse_length("5%").of(640) == 32
    with pytest.raises(ValueError, match="percent"):
        parse_length("5em")


def test_frame_offsets_of_the_old_service() -> None:
    moments = parse_moments("2s, 10s, 250f")
    assert [moment.seconds(25.0) for moment in moments] == [2, 10, 10]
    assert parse_moment("1000f").seconds(None) == 40
    with pytest.raises(ValueError, match="frames"):
        parse_moments("2s, never")
