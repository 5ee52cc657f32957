from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.clouds.stupeflix import wire

from .. import examples

QUEUED = dt.datetime(2013, 4, 3, 15, 47, 27, 703674, tzinfo=dt.UTC)


def test_dates_are_written_as_in_the_examples() -> None:
    assert wire.render_date(QUEUED) == examples.CREATED[0]["events"]["queued"]
    assert wire.render_date(QUEUED.replace(microsecond=0)) == "2013-04-03T15:47:27.000000+00:00"
    paris = dt.timezone(dt.timedelta(hours=2))
    assert wire.render_date(QUEUED.astimezone(paris)) == examples.CREATED[0]["events"]["queued"]
    stored = examples.LISTING["files"][0]["last_modified"]
    assert wire.render_storage_date(wire.parse_date(stored)) == stored


@given(
    moment=st.datetimes(timezones=st.timezones(), min_value=dt.datetime(1900, 1, 1), max_value=dt.datetime(2200, 1, 1))
)
def test_a_date_survives_the_wire(moment: dt.datetime) -> None:
    assert wire.parse_date(wire.render_date(moment)) == moment.astimezone(dt.UTC)
    stored = wire.parse_date(wire.render_storage_date(moment))
    assert abs(stored - moment.astimezone(dt.UTC)) < dt.timedelta(milliseconds=1)


def test_a_date_without_a_zone_is_utc_when_read_and_refused_when_written() -> None:
    assert wire.parse_date("2013-04-03T15:47:27.703674") == QUEUED
    with pytest.raises(ValueError, match="zone"):
        wire.render_date(QUEUED.replace(tzinfo=None))


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2013-13-01", "0001-01-01T00:00:00+12:00", None, 5, "2013-04-03T25:00"]
)
def test_what_is_no_date_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601"):
        wire.parse_date(text)


@pytest.mark.parametrize(
    ("value", "truth"), [("true", True), ("false", False), (True, True), ("True", True), ("0", False)]
)
def test_truths_are_read_from_json_and_from_queries(value: Any, truth: bool) -> None:
    assert wire.parse_boolean(value) is truth
    assert wire.parse_boolean(wire.render_boolean(truth)) is truth
