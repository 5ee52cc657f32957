from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.clouds.toyservice import wire
from django_mediacloud.core.states import State

words = st.text(min_size=1, max_size=10)
values = st.dictionaries(words, st.integers() | st.text(max_size=10) | st.booleans(), max_size=3)
orders = st.builds(wire.Order, do=words, given=values, tell=st.sampled_from(["", "https://example.com/told"]))
statuses = st.builds(
    wire.JobStatus,
    id=words,
    word=st.sampled_from([*wire.STATES, "dreaming"]),
    percent=st.none() | st.floats(0, 100),
    gives=values,
    files=st.dictionaries(words, words, max_size=2),
    why=st.text(max_size=10),
)


def test_the_example_of_the_documentation() -> None:
    """Section "Making a job"."""
    body = b'{"do":"hello","given":{"name":"John"},"tell":"http://example.com/told"}'

    order = wire.parse_order(body)
    assert order == wire.Order(do="hello", given={"name": "John"}, tell="http://example.com/told")
    assert wire.render_order(order) == body


@given(order=orders)
def test_an_order_survives_the_wire(order: wire.Order) -> None:
    assert wire.parse_order(wire.render_order(order)) == order


@given(status=statuses)
def test_a_status_survives_the_wire(status: wire.JobStatus) -> None:
    assert wire.parse_status(wire.render_status(status)) == status


def test_every_state_has_a_word_and_every_final_word_a_state() -> None:
    assert {wire.status_word(state) for state in State} == set(wire.STATES)
    assert wire.JobStatus(id="1", word="dreaming").state is None


@given(body=st.binary(max_size=60) | st.sampled_from([b"null", b"[]", b'{"id": 1, "word": "done"}', b'{"do": 1}']))
def test_rubbish_is_a_value_error(body: bytes) -> None:
    for parse in (wire.parse_order, wire.parse_status):
        with pytest.raises(ValueError, match=r"."):
            parse(body)
    assert wire.parse_refusal(body) == ""
