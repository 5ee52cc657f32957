from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.core.parameters import REQUIRED_MESSAGE, Parameter, Parameters, Type
from django_mediacloud.exceptions import InvalidParameters

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)

SIZE = Parameters(
    (
        Parameter(name="url", type=Type.URL, is_required=True),
        Parameter(name="width", type=Type.INTEGER, minimum=1, maximum=8192, unit="px"),
        Parameter(name="crop", type=Type.BOOLEAN, default=False),
        Parameter(name="format", type=Type.STRING, choices=("jpeg", "png"), default="jpeg"),
    )
)


@pytest.mark.parametrize(
    ("type", "given", "value"),
    [
        (Type.INTEGER, "320", 320),
        (Type.INTEGER, 320.0, 320),
        (Type.NUMBER, "1.5", 1.5),
        (Type.BOOLEAN, "True", True),
        (Type.BOOLEAN, "false", False),
        (Type.BOOLEAN, 0, False),
        (Type.COLOR, "#FFaa00", "#ffaa00"),
        (Type.URL, " http://a.example/b c ", "http://a.example/b c"),
        (Type.URLS, ["http://a.example/"], ["http://a.example/"]),
        (Type.OBJECTS, [{"a": 1}], [{"a": 1}]),
    ],
)
def test_text_of_forms_and_queries_is_understood(type, given, value):
    assert Parameter(name="p", type=type).clean(given) == value


@pytest.mark.parametrize(
    ("type", "given", "message"),
    [
        (Type.INTEGER, "3.5", "must be an integer"),
        (Type.INTEGER, True, "must be an integer"),
        (Type.INTEGER, 10**300, "must have at most 18 digits"),
        (Type.INTEGER, -1e18, "must have at most 18 digits"),
        (Type.NUMBER, "nan", "must be a number"),
        (Type.NUMBER, [], "must be a number"),
        (Type.BOOLEAN, "maybe", "must be true or false"),
        (Type.STRING, 7, "must be a string"),
        (Type.STRING, "a\x00b", "must not contain null characters"),
        (Type.COLOR, "red", "must be a color such as #ff8800"),
        (Type.URL, "ftp://a/b", "must be an http or https URL"),
        (Type.URL, "http://", "must be an http or https URL"),
        (Type.URL, "http://[::1", "must be an http or https URL"),
        (Type.URLS, "http://a.example/", "must be a list"),
        (Type.URLS, ["http://a.example/", 3], "item 1: must be a string"),
        (Type.OBJECT, [], "must be an object"),
    ],
)
def test_what_does_not_fit_is_said(type, given, message):
    with pytest.raises(ValueError, match="^" + message.replace("[", r"\[") + "$"):
        Parameter(name="p", type=type).clean(given)


@pytest.mark.parametrize(("limit", "told"), [(1_000_000_000, "1000000000"), (1_234_567, "1234567"), (0.25, "0.25")])
def test_a_limit_is_told_in_plain_figures(limit, told):
    with pytest.raises(ValueError, match=f"^must be at most {told}$"):
        Parameter(name="p", type=Type.NUMBER, maximum=limit).clean(1e12)
    with pytest.raises(ValueError, match=f"^must be at least {told}$"):
        Parameter(name="p", type=Type.NUMBER, minimum=limit).clean(-1)


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidParameters) as caught:
        SIZE.clean({"width": "0", "format": "bmp", "colour": 1})
    assert caught.value.errors == {
        "url": [REQUIRED_MESSAGE],
        "width": ["must be at least 1"],
        "format": ["must be one of: jpeg, png"],
        "colour": ["unknown parameter"],
    }


def test_a_stored_file_stands_for_a_required_url():
    cleaned = SIZE.clean({"width": ""}, bound=frozenset({"url"}))
    assert cleaned == {"width": None, "crop": False, "format": "jpeg"}


def test_the_schema_tells_what_is_accepted():
    schema = SIZE.json_schema()
    assert schema["required"] == ["url"]
    assert schema["properties"]["width"] == {"type": "integer", "description": " [px]", "minimum": 1, "maximum": 8192}
    json.dumps(schema)


@given(st.sampled_from(Type), JSON)
def test_any_json_is_taken_or_refused_by_a_sentence_and_what_was_taken_is_taken_again(type, value):
    parameter = Parameter(name="p", type=type)
    try:
        cleaned = parameter.clean(value)
    except ValueError as error:
        assert str(error)
        return
    assert parameter.clean(cleaned) == cleaned
    json.dumps(cleaned)


@given(st.dictionaries(st.sampled_from(["url", "width", "crop", "format", "other"]), JSON))
def test_any_request_is_cleaned_or_every_fault_has_a_known_name(given):
    try:
        cleaned = SIZE.clean(given)
    except InvalidParameters as error:
        assert error.errors
        assert all(messages for messages in error.errors.values())
        return
    assert list(cleaned) == ["url", "width", "crop", "format"]
