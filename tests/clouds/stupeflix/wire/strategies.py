"""What the wire's tests draw from."""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from django_mediacloud.clouds.stupeflix import wire

words = st.text(min_size=1, max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
moments = st.datetimes(timezones=st.just(dt.UTC))
results = st.text(max_size=20) | st.dictionaries(words, json_values, max_size=4)
keys = st.uuids().map(wire.render_key)
