"""Turns ``--param`` options into an operation's parameters and files."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.files import File

from ..clouds.registry import get_operation
from ..core.parameters import Parameter, Type
from .base import bad_input

_LISTS = frozenset({Type.URLS, Type.STRINGS, Type.OBJECTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``files`` are names of local files, by parameter."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def is_url(text: str) -> bool:
    return urlsplit(text).scheme.lower() in {"http", "https"}


def read_parameters(cloud: str, operation: str, pairs: Sequence[tuple[str, str]]) -> Request:
    """What ``pairs`` mean to the operation. A name that it does not know is left for it to refuse."""
    declared = get_operation(cloud, operation).parameters
    parameters: dict[str, Any] = {}
    files: dict[str, str] = {}
    for name, text in pairs:
        parameter = declared.get(name)
        if parameter is not None and parameter.takes_file and not _holds_urls(parameter, text):
            if name in files:
                raise bad_input(f"{name}: one local file can be given.")
            files[name] = text
            continue
        value = _read_value(parameter, text)
        if parameter is not None and parameter.type in _LISTS:
            parameters.setdefault(name, []).extend(value if isinstance(value, list) else [value])
        elif name in parameters:
            raise bad_input(f"{name} is given twice.")
        else:
            parameters[name] = value
    if both := sorted(files.keys() & parameters.keys()):
        raise bad_input(f"{both[0]}: give either a local file or URLs.")
    return Request(parameters=parameters, files=files)


def _holds_urls(parameter: Parameter, text: str) -> bool:
    return is_url(text) or (parameter.type == Type.URLS and text.lstrip().startswith("["))


def _read_value(parameter: Parameter | None, text: str) -> Any:
    """JSON where the parameter is a list or an object and the text looks like one; else the text itself."""
    is_structured = parameter is not None and (parameter.type in _LISTS or parameter.type == Type.OBJECT)
    if not is_structured or text.lstrip()[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise bad_input(f"{parameter.name if parameter else ''} is not valid JSON: {error}") from error


@contextlib.contextmanager
def open_files(names: Mapping[str, str]) -> Iterator[dict[str, File[Any]]]:
    """Local files by parameter, open for reading. Exit code 2 if one cannot be read."""
    with contextlib.ExitStack() as stack:
        opened: dict[str, File[Any]] = {}
        for parameter, name in names.items():
            try:
                content = stack.enter_context(Path(name).open("rb"))
            except OSError as error:
                raise bad_input(f"{name} cannot be read: {error.strerror}.") from error
            opened[parameter] = File(content, name=Path(name).name)
        yield opened
