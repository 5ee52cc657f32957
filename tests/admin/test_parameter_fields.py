from __future__ import annotations

import pytest
from django import forms

from django_mediacloud.admin.parameter_fields import ParameterField
from django_mediacloud.core.parameters import Parameter, Type


def field(type_, **more):
    return ParameterField(Parameter(name="p", type=type_, **more))


@pytest.mark.parametrize(
    ("made", "given", "value"),
    [
        (field(Type.STRING), " a ", " a "),
        (field(Type.STRING), "  ", None),
        (field(Type.INTEGER), "12", 12),
        (field(Type.NUMBER), "1.5", 1.5),
        (field(Type.INTEGER, choices=(1, 2)), "2", 2),
        (field(Type.BOOLEAN, default=True), False, False),
        (field(Type.BOOLEAN), "", None),
        (field(Type.BOOLEAN), "false", False),
        (field(Type.COLOR), "#ABCDEF", "#abcdef"),
        (field(Type.STRINGS), "a\r\n\r\n b \r\n", ["a", "b"]),
        (field(Type.URLS), "http://a.example/\nhttp://b.example/", ["http://a.example/", "http://b.example/"]),
        (field(Type.OBJECT), '{"a": 1}', {"a": 1}),
        (field(Type.OBJECTS), '[{"a": 1}]', [{"a": 1}]),
    ],
)
def test_text_becomes_the_parameters_own_type(made, given, value):
    assert made.clean(given) == value


@pytest.mark.parametrize(
    ("made", "given", "words"),
    [
        (field(Type.INTEGER, minimum=2), "1", "must be at least 2"),
        (field(Type.NUMBER), "nan", "must be a number"),
        (field(Type.OBJECT), "{", "must be valid JSON"),
        (field(Type.OBJECT), "[" * 100_000, "must be valid JSON"),
        (field(Type.OBJECT), "[]", "must be an object"),
        (field(Type.URLS), "http://a.example/\nnonsense", "item 1: must be an http or https URL"),
        (field(Type.STRING, is_required=True), "", "This field is required."),
    ],
)
def test_what_does_not_fit_is_said_in_the_parameters_own_words(made, given, words):
    with pytest.raises(forms.ValidationError, match=words):
        made.clean(given)


def test_help_has_unit_and_range_and_no_markup_of_its_own():
    assert field(Type.INTEGER, help="Width <b>", unit="px", minimum=1).help_text == "Width &lt;b&gt; At least 1 px."
    assert field(Type.NUMBER, unit="s").help_text == "In s."
    assert field(Type.URL, is_required=True).help_text == "Required, here or as an upload."
    assert field(Type.NUMBER, minimum=0, maximum=1.5).help_text == "From 0 to 1.5."
    assert field(Type.NUMBER, minimum=0, maximum=1e9, unit="s").help_text == "From 0 to 1000000000 s."
    assert field(Type.INTEGER, maximum=10_000_000).widget.attrs["max"] == "10000000"


def test_a_default_is_where_the_form_starts():
    assert field(Type.STRINGS, default=["a", "b"]).initial == "a\nb"
    assert field(Type.OBJECT, default={"a": 1}).initial == '{\n  "a": 1\n}'
    assert isinstance(field(Type.BOOLEAN, default=False).widget, forms.CheckboxInput)
    assert ("", "automatic") in field(Type.STRING, choices=("a",)).widget.choices
    assert ("", "automatic") not in field(Type.STRING, choices=("a",), default="a").widget.choices


def test_a_secret_is_not_shown_on_the_page():
    shown = field(Type.STRING, is_secret=True).widget.render("p", "s3cret")
    assert 'type="password"' in shown
    assert "s3cret" not in shown


def test_an_address_that_was_refused_is_not_called_the_current_one():
    shown = field(Type.URL).widget.render("p", "http://a.example/film.mp4")
    assert 'value="http://a.example/film.mp4"' in shown
    assert "Currently" not in shown
