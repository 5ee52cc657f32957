"""Form fields generated from an operation's parameters, which also validate them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib.admin import widgets
from django.utils.html import escape

from ..core.capabilities import OperationInfo
from ..core.parameters import Parameter, Type

_LISTS = frozenset({Type.URLS, Type.STRINGS})
_JSON = frozenset({Type.OBJECT, Type.OBJECTS})


class AddressInput(forms.URLInput):
    """As wide as the admin's own, without its "Currently: ... Change: ...": what was refused is nothing current."""

    def __init__(self) -> None:
        super().__init__(attrs={"class": "vURLField"})


class ParameterField(forms.Field):
    """One parameter. The cleaned value is in the parameter's own type, or None where nothing was given."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        super().__init__(
            # A file may be uploaded instead: the form looks at both.
            required=parameter.is_required and not parameter.takes_file,
            label=parameter.name,
            help_text=help_of(parameter),
            initial=_shown(parameter, parameter.default),
            widget=_widget_of(parameter),
        )

    def to_python(self, value: Any) -> Any:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return self.parameter.clean(self._read(value))
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid") from error

    def _read(self, value: Any) -> Any:
        if self.parameter.type in _LISTS:
            return [line.strip() for line in str(value).splitlines() if line.strip()]
        if self.parameter.type in _JSON:
            try:
                return json.loads(value)
            except (json.JSONDecodeError, RecursionError):
                raise ValueError("must be valid JSON") from None
        return value


def help_of(parameter: Parameter) -> str:
    """Its help with its range and unit, as HTML."""
    parts = [parameter.help, range_of(parameter)]
    if parameter.type in _LISTS:
        parts.append("One in each line.")
    if parameter.type in _JSON:
        parts.append("JSON.")
    if parameter.takes_file and parameter.is_required:
        parts.append("Required, here or as an upload.")
    return escape(" ".join(part for part in parts if part))


def range_of(parameter: Parameter) -> str:
    """``From 1 to 20 px.``, or as much of it as is declared."""
    low = "" if parameter.minimum is None else f"{parameter.minimum:.15g}"
    high = "" if parameter.maximum is None else f"{parameter.maximum:.15g}"
    if low and high:
        words = f"From {low} to {high}"
    elif low or high:
        words = f"At least {low}" if low else f"At most {high}"
    else:
        words = "In" if parameter.unit else ""
    return f"{words} {parameter.unit}".strip() + "." if words else ""


def _shown(parameter: Parameter, value: Any) -> Any:
    """``value`` as its widget takes it."""
    if value is None:
        return None
    if parameter.type in _LISTS:
        return "\n".join(value)
    return json.dumps(value, indent=2, ensure_ascii=False) if parameter.type in _JSON else value


def _number(parameter: Parameter) -> forms.Widget:
    step = "1" if parameter.type == Type.INTEGER else "any"
    bounds = {"min": parameter.minimum, "max": parameter.maximum}
    given = {name: f"{bound:.15g}" for name, bound in bounds.items() if bound is not None}
    return forms.NumberInput(attrs={"step": step, "class": "vIntegerField", **given})


def _truth(parameter: Parameter) -> forms.Widget:
    if parameter.default is not None:
        return forms.CheckboxInput()
    return forms.Select(choices=[("", "automatic"), ("true", "yes"), ("false", "no")])


def _color(parameter: Parameter) -> forms.Widget:
    # A browser's own color field cannot be left empty.
    if parameter.default is None:
        return widgets.AdminTextInputWidget(attrs={"placeholder": "#rrggbb"})
    return forms.TextInput(attrs={"type": "color"})


def _area(rows: int, classes: str = "vLargeTextField") -> Callable[[Parameter], forms.Widget]:
    return lambda _parameter: widgets.AdminTextareaWidget(attrs={"rows": rows, "class": classes})


_WIDGETS: Mapping[Type, Callable[[Parameter], forms.Widget]] = {
    Type.STRING: lambda _parameter: widgets.AdminTextInputWidget(),
    Type.TEXT: _area(6),
    Type.INTEGER: _number,
    Type.NUMBER: _number,
    Type.BOOLEAN: _truth,
    Type.COLOR: _color,
    Type.URL: lambda _parameter: AddressInput(),
    Type.URLS: _area(4),
    Type.STRINGS: _area(4),
    Type.OBJECT: _area(6, "vLargeTextField mc-json"),
    Type.OBJECTS: _area(6, "vLargeTextField mc-json"),
}


def _widget_of(parameter: Parameter) -> forms.Widget:
    if parameter.is_secret:
        # Never sent back to the page, and never offered again by the browser.
        return forms.PasswordInput(attrs={"class": "vTextField", "autocomplete": "new-password"})
    if not parameter.choices:
        return _WIDGETS[parameter.type](parameter)
    choices = [(str(choice), str(choice)) for choice in parameter.choices]
    has_start = parameter.default is not None
    return forms.Select(choices=choices if has_start else [("", "automatic"), *choices])


def parameter_rows(operation: OperationInfo) -> list[dict[str, Any]]:
    """For ``includes/parameters.html``: what ``operation`` takes, but for the file itself."""
    return [
        {
            "name": item.name,
            "type": item.type,
            "is_required": item.is_required,
            "default": item.default,
            "words": " ".join(part for part in [item.help, _choice_words(item), range_of(item)] if part),
        }
        for item in operation.parameters
        if not item.takes_file
    ]


def _choice_words(parameter: Parameter) -> str:
    return "One of: " + ", ".join(str(choice) for choice in parameter.choices) + "." if parameter.choices else ""
