from __future__ import annotations

import datetime as dt
import uuid
from argparse import ArgumentTypeError

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.core.ids import as_base32, as_hex32
from django_mediacloud.management import arguments


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [("90", 90), ("90s", 90), ("1.5m", 90), ("12h", 43_200), ("30d", 2_592_000), (" 2w ", 1_209_600), ("0", 0)],
)
def test_durations(text: str, expected_s: float) -> None:
    assert arguments.duration(text) == dt.timedelta(seconds=expected_s)
    assert arguments.seconds(text) == expected_s


@pytest.mark.parametrize("text", ["", "d", "-1d", "1y", "1d2h", "ten", "1e3", "999999999w", "nan", "١h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        arguments.duration(text)


def test_moments() -> None:
    ago = timezone.now() - arguments.moment("2h")
    assert abs(ago - dt.timedelta(hours=2)) < dt.timedelta(seconds=5)
    assert arguments.moment("2026-03-01") == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    assert arguments.moment("2026-03-01T10:00:00+02:00") == dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)
    assert arguments.moment("2026-03-01 10:00") == dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-02-30T10:00", "yesterday", "", "9999999d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        arguments.moment(text)


@given(st.uuids())
def test_an_id_may_be_spelled_in_three_ways(value: uuid.UUID) -> None:
    for text in (str(value), as_hex32(value), as_base32(value), as_base32(value).lower()):
        assert arguments.public_id(text) == value


@given(st.text(max_size=40))
def test_any_other_text_is_no_id(text: str) -> None:
    try:
        assert isinstance(arguments.public_id(text), uuid.UUID)
    except ArgumentTypeError as error:
        assert "is not an id" in str(error)


@pytest.mark.parametrize(("text", "pair"), [("a=b", ("a", "b")), ("a=", ("a", "")), ("a=b=c", ("a", "b=c"))])
def test_assignments(text: str, pair: tuple[str, str]) -> None:
    assert arguments.assignment(text) == pair


@pytest.mark.parametrize("text", ["a", "=b", " =b", ""])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        arguments.assignment(text)
