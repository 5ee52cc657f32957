from __future__ import annotations

import math
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.management.toml import write_table

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = TEXTS | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


@given(st.lists(TEXTS, min_size=1, max_size=3), st.dictionaries(TEXTS, VALUES, max_size=6))
def test_what_is_written_is_read_back(path: list[str], values: dict[str, Any]) -> None:
    found = tomllib.loads(write_table(tuple(path), values))
    for part in path:
        found = found[part]

    assert found == values
    # 1, 1.0 and True are equal to Python, but not to an operation.
    assert [type(value) for value in found.values()] == [type(value) for value in values.values()]


def test_it_is_pleasant_to_read() -> None:
    text = write_table(
        ("profiles", "h264.hi"), {"title": 'a "b" ü', "width": 640, "ladder": [{"height": 240}], "x": {}}
    )

    assert text == ('[profiles."h264.hi"]\ntitle = "a \\"b\\" ü"\nwidth = 640\nladder = [{ height = 240 }]\nx = {}\n')


@pytest.mark.parametrize("value", [None, math.nan, math.inf, object()])
def test_what_toml_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="TOML has no word for"):
        write_table(("a",), {"b": [value]})
