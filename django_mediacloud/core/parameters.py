"""Parameters, declared once: validation, the JSON schema of the API and the admin form are all drawn from here.

Values come as JSON, as form fields or as query strings, so a number or boolean may arrive as text ("320", "True").
What a parameter accepts is what it can turn into its own type without guessing; everything else is a message under
the parameter's name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from ..exceptions import InvalidParameters

REQUIRED_MESSAGE = "this field is required"
"""The one message text known of the Stupeflix service (its documentation, "Tasks statuses format")."""

MAX_TEXT_CHARS = 100_000
MAX_LIST_ITEMS = 1_000
MAX_DEPTH = 20
MAX_DIGITS = 18
"""Of an integer: what every database holds."""


class Type(StrEnum):
    STRING = "string"
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    COLOR = "color"
    URL = "url"
    """A file: fetched before the operation runs, which then finds it among its inputs."""
    URLS = "urls"
    STRINGS = "strings"
    OBJECT = "object"
    OBJECTS = "objects"


FILE_TYPES = frozenset({Type.URL, Type.URLS})

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


class _Refused(Exception):
    """Carries the message for one parameter."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Refused("must be a string")
    if "\x00" in value:
        raise _Refused("must not contain null characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise _Refused("must be valid Unicode")
    if len(value) > MAX_TEXT_CHARS:
        raise _Refused(f"must have at most {MAX_TEXT_CHARS} characters")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise _Refused("must be an integer")
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(rf"\s*[+-]?[0-9]{{1,{MAX_DIGITS}}}\s*", value):
        return int(value)
    raise _Refused("must be an integer")


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise _Refused("must be a number")
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _Refused("must be a number")
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        word = str(value).strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    raise _Refused("must be true or false")


def _color(value: Any) -> str:
    text = _text(value)
    if not _COLOR.fullmatch(text):
        raise _Refused("must be a color such as #ff8800")
    return text.lower()


def _url(value: Any) -> str:
    text = _text(value).strip()
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname)
    except ValueError:
        has_host = False
    if not has_host or parts.scheme.lower() not in {"http", "https"}:
        raise _Refused("must be an http or https URL")
    return text


def _list_of(item: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def coerce(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise _Refused("must be a list")
        if len(value) > MAX_LIST_ITEMS:
            raise _Refused(f"must have at most {MAX_LIST_ITEMS} items")
        items = []
        for number, entry in enumerate(value):
            try:
                items.append(item(entry))
            except _Refused as refused:
                raise _Refused(f"item {number}: {refused}") from None
        return items

    return coerce


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _Refused("must be an object")
    return {_text(key): _plain(item) for key, item in value.items()}


def _plain(value: Any, depth: int = 0) -> Any:
    """JSON that every database takes."""
    if depth > MAX_DEPTH:
        raise _Refused(f"must be nested at most {MAX_DEPTH} deep")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise _Refused("must not contain infinite numbers")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise _Refused("must be JSON")


_COERCE: Mapping[Type, Callable[[Any], Any]] = {
    Type.STRING: _text,
    Type.TEXT: _text,
    Type.INTEGER: _integer,
    Type.NUMBER: _number,
    Type.BOOLEAN: _boolean,
    Type.COLOR: _color,
    Type.URL: _url,
    Type.URLS: _list_of(_url),
    Type.STRINGS: _list_of(_text),
    Type.OBJECT: _object,
    Type.OBJECTS: _list_of(_object),
}

_SCHEMA: Mapping[Type, Mapping[str, Any]] = {
    Type.STRING: {"type": "string"},
    Type.TEXT: {"type": "string"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.COLOR: {"type": "string", "pattern": f"^{_COLOR.pattern}$"},
    Type.URL: {"type": "string", "format": "uri"},
    Type.URLS: {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": MAX_LIST_ITEMS},
    Type.STRINGS: {"type": "array", "items": {"type": "string"}, "maxItems": MAX_LIST_ITEMS},
    Type.OBJECT: {"type": "object"},
    Type.OBJECTS: {"type": "array", "items": {"type": "object"}, "maxItems": MAX_LIST_ITEMS},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an operation. ``minimum`` and ``maximum`` are inclusive; ``unit`` is for people (px, s, kb/s).

    ``check`` is for what the fields above cannot say: it takes the value in its own type and returns the value to use,
    or raises ValueError with the message.
    """

    name: str
    type: Type
    help: str = ""
    default: Any = None
    is_required: bool = False
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    is_secret: bool = False
    """Never stored, logged or shown in clear."""
    check: Callable[[Any], Any] | None = None

    @property
    def takes_file(self) -> bool:
        return self.type in FILE_TYPES

    def clean(self, value: Any) -> Any:
        """``value`` in this parameter's type. ValueError with the message if it does not fit."""
        try:
            cleaned = _COERCE[self.type](value)
        except _Refused as refused:
            raise ValueError(str(refused)) from None
        if self.choices and cleaned not in self.choices:
            raise ValueError("must be one of: " + ", ".join(str(choice) for choice in self.choices))
        if self.minimum is not None and cleaned < self.minimum:
            raise ValueError(f"must be at least {self.minimum:.15g}")
        if self.maximum is not None and cleaned > self.maximum:
            raise ValueError(f"must be at most {self.maximum:.15g}")
        if self.type == Type.INTEGER and abs(cleaned) >= 10**MAX_DIGITS:
            raise ValueError(f"must have at most {MAX_DIGITS} digits")
        return self.check(cleaned) if self.check else cleaned

    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = dict(_SCHEMA[self.type])
        described = f"{self.help} [{self.unit}]" if self.unit else self.help
        if described:
            schema["description"] = described
        if self.is_secret:
            schema["writeOnly"] = True
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        if self.default is not None:
            schema["default"] = self.default
        return schema


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one operation, in the order in which people should see them.

    ``together`` checks what no single parameter can: it takes the cleaned values and returns errors by name.
    """

    items: tuple[Parameter, ...] = ()
    together: Callable[[Mapping[str, Any]], Mapping[str, list[str]]] | None = None

    def __iter__(self) -> Any:
        return iter(self.items)

    def get(self, name: str) -> Parameter | None:
        return next((item for item in self.items if item.name == name), None)

    @property
    def file_names(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.items if item.takes_file)

    def clean(self, given: Mapping[str, Any], *, bound: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Every declared parameter with its value, defaults filled in; those in ``bound`` are left out.

        ``bound`` names the file parameters that are given otherwise (a stored file). A blank value counts as not given.
        Raises ``InvalidParameters`` that holds a message for everything that is wrong, unknown names included.
        """
        errors: dict[str, list[str]] = {}
        values: dict[str, Any] = {}
        known = {item.name for item in self.items}
        for name in given:
            if name not in known:
                errors[str(name)] = ["unknown parameter"]
        for item in self.items:
            if item.name in bound:
                continue
            value = given.get(item.name)
            if _is_blank(value):
                if item.is_required:
                    errors[item.name] = [REQUIRED_MESSAGE]
                values[item.name] = item.default
                continue
            try:
                values[item.name] = item.clean(value)
            except ValueError as error:
                errors[item.name] = [str(error)]
        if not errors and self.together:
            errors.update({name: list(messages) for name, messages in self.together(values).items()})
        if errors:
            raise InvalidParameters(errors)
        return values

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema (2020-12) object for the parameters."""
        return {
            "type": "object",
            "properties": {item.name: item.json_schema() for item in self.items},
            "required": [item.name for item in self.items if item.is_required],
            "additionalProperties": False,
        }
