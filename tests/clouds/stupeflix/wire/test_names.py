from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.clouds.stupeflix import wire
from django_mediacloud.core.states import State

from .. import examples


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_word_that_means_no_other_kind_of_state(state: State) -> None:
    word = wire.status_word(state)

    assert (word in wire.FINAL_WORDS) == (state in {State.SUCCEEDED, State.FAILED, State.CANCELLED})
    assert word in wire.STATES


def test_every_task_of_the_reference_is_known() -> None:
    assert [name for name in wire.TASKS if name in examples.REFERENCE] == examples.REFERENCE
    assert len(examples.REFERENCE) == 18


@given(id=st.uuids())
def test_a_key_is_an_id(id: uuid.UUID) -> None:
    key = wire.render_key(id)

    assert re.fullmatch("[A-Z2-7]{26}", key)
    assert wire.parse_key(key) == id


@pytest.mark.parametrize(
    "key", [*examples.KEYS, examples.SUCCESS["key"], examples.INVALID["key"], examples.PARTIAL["key"]]
)
def test_the_keys_of_the_documentation_are_ids(key: str) -> None:
    assert wire.render_key(wire.parse_key(key)) == key


@pytest.mark.parametrize(
    "text", ["", "K", examples.KEYS[0].lower(), str(uuid.UUID(int=1)), "A" * 25 + "B", "é" * 26, "A" * 25 + "="]
)
def test_another_spelling_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        wire.parse_key(text)


def test_names_in_the_store_are_those_of_the_examples() -> None:
    assert re.fullmatch(r"dragon-image\.thumb-[A-Za-z0-9]{6}", wire.file_name("image.thumb", "a"))
    assert len({wire.file_name("image.thumb", str(number)) for number in range(100)}) == 100
    assert wire.file_name("image.thumb", "a") == wire.file_name("image.thumb", "a")
    assert wire.directory_of("XDJC6DIS5UDSFBBOLXWMN27ORI") == examples.LISTING["directories"][0]
