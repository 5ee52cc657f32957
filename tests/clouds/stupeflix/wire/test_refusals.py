from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.clouds.stupeflix import wire

from .. import examples
from .strategies import words


def test_the_refusal_of_the_documentation() -> None:
    with pytest.raises(wire.InvalidRequest) as refused:
        wire.parse_definitions({}.get("tasks"))

    assert wire.render_request_errors(refused.value.errors) == examples.REFUSED
    assert wire.parse_request_errors(examples.REFUSED) == list(refused.value.errors)


@given(errors=st.lists(st.tuples(words, words, words)))
def test_refusals_survive_the_wire(errors: list[tuple[str, str, str]]) -> None:
    assert wire.parse_request_errors(wire.render_request_errors(errors)) == errors


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_bare_message_survives_the_wire(version: wire.Version) -> None:
    assert wire.parse_request_errors(wire.render_message("no", version)) == [("", "", "no")]


@pytest.mark.parametrize("body", [None, [], "no", {}, {"errors": [5]}, {"error": {"a": 1}}])
def test_a_refusal_that_says_nothing_is_empty(body: Any) -> None:
    assert wire.parse_request_errors(body) == []
