from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.clouds.stupeflix import wire

from .. import examples
from .strategies import moments, words


def test_the_storage_answers_of_the_documentation() -> None:
    listing = wire.parse_listing(examples.LISTING)
    assert listing.files[0].size_bytes == 4293
    assert wire.render_listing(listing) == examples.LISTING
    deletion = wire.parse_deletion(examples.DELETION)
    assert deletion.freed_bytes == 1257
    assert wire.render_deletion(deletion) == examples.DELETION


@pytest.mark.parametrize(
    "given", [None, [], {}, {"files": [{}], "directories": [], "usage": 0, "deleted": [], "freed": "x"}]
)
def test_what_is_no_storage_answer_is_refused(given: Any) -> None:
    for parse in (wire.parse_listing, wire.parse_deletion):
        with pytest.raises(ValueError, match="cannot be read"):
            parse(given)


@given(
    selection=st.builds(
        wire.Selection,
        urls=st.none() | st.lists(words.filter(lambda text: "\x00" not in text), max_size=3).map(tuple),
        since=st.none() | moments,
        until=st.none() | moments,
        max_age_days=st.none() | st.integers(0, 1000).map(float),
        is_dry_run=st.booleans(),
    )
)
def test_a_selection_survives_the_wire(selection: wire.Selection) -> None:
    assert wire.parse_selection(wire.parse_json(wire.render_json(wire.render_selection(selection)))) == selection


def test_a_selection_that_cannot_be_read_deletes_nothing() -> None:
    with pytest.raises(wire.InvalidRequest) as refused:
        wire.parse_selection({"urls": "x", "from": "yesterday", "to": 5, "max_age": -1, "dry_run": "perhaps"})

    assert [error.name for error in refused.value.errors] == ["urls", "from", "to", "max_age", "dry_run"]


@pytest.mark.parametrize("name", ["urls", "from", "to", "max_age", "dry_run"])
def test_null_selects_nothing_and_so_not_everything(name: str) -> None:
    with pytest.raises(wire.InvalidRequest) as refused:
        wire.parse_selection({name: None})

    assert [(error.name, error.location) for error in refused.value.errors] == [(name, "body")]


@pytest.mark.parametrize(("given", "days"), [(7, 7), ({"days": 7}, 7), ({"days": "0"}, 0)])
def test_days(given: Any, days: int) -> None:
    assert wire.parse_days(given) == days


@pytest.mark.parametrize("given", [None, {}, -1, 1.5, True, "x", [7]])
def test_what_are_no_days_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        wire.parse_days(given)
