from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.core.strict_json import parse_json, render_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=8,
)


@given(value=json_values)
def test_json_survives(value: Any) -> None:
    assert parse_json(render_json(value)) == value


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"NaN", b"[Infinity]", b"1e999", b"9" * 5000, b"[" * 200_000, b'{"a":1}{"a":2}']
)
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(body)


def test_infinity_is_not_written() -> None:
    with pytest.raises(ValueError, match="float"):
        render_json({"a": float("inf")})


def test_half_a_surrogate_pair_goes_back_as_it_came() -> None:
    sent = rb'{"\udfff":"\ud800"}'
    assert render_json(parse_json(sent), is_echo=True) == sent
    with pytest.raises(ValueError, match="surrogates"):
        render_json(parse_json(sent))
