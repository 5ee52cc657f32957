"""Tables that are drawn from the code when the book is built, so that they cannot say anything else than the code.

``mediacloud-operations``, ``-rungs``, ``-containers``, ``-presets``, ``-transitions``, ``-errors``, ``-resources`` and
``-rooms`` need nothing more, ``mediacloud-model`` the name of one. ``mediacloud-table:: SUBJECT NAME`` takes names,
types and defaults from the code and their meanings from its own content, a field list; a name without a meaning, or a
meaning without a name, is a warning, and so an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from docutils import nodes
from rest_framework import serializers
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import django_mediacloud
from django_mediacloud import models
from django_mediacloud.api.errors import status_of
from django_mediacloud.api.urls import router
from django_mediacloud.clouds.local.cloud import Adapter
from django_mediacloud.conf import Config, FetchConfig
from django_mediacloud.core.parameters import Parameter
from django_mediacloud.core.states import CANCELLABLE, FINAL, HELD, RETRYABLE, TRANSITIONS, State
from django_mediacloud.engine.encoding.codecs import CONTAINERS
from django_mediacloud.engine.encoding.parameters import RUNG_PARAMETERS
from django_mediacloud.engine.encoding.presets import load_presets
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.registry import load_operations
from django_mediacloud.exceptions import MediaCloudError

logger = logging.getLogger(__name__)

PACKAGE = Path(django_mediacloud.__file__).parent
GIB = 1024**3
Rows = Iterable[Sequence[str]]
SPOKEN = {
    "clouds": 'one ``local`` cloud, "default"',
    "work_dir": "the system's temporary folder",
    "fetch": "see below",
    "threads": "the machine's processors, at most 8",
}
"""Defaults that depend on something, or are told elsewhere."""


def literal(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, tuple | list) and not value:
        return "none"
    if isinstance(value, dict) and not value:
        return "``{}``"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and value % GIB == 0 and value:
        return f"{value // GIB} GiB"
    if isinstance(value, int) and value >= 10_000:
        return f"{value:,}".replace(",", " ")
    if isinstance(value, float):
        return f"``{value:g}``"
    if isinstance(value, tuple):
        return f"``{[int(item) if item == int(item) else item for item in value]}``"
    return f"``{value}``"


def list_table(headings: Sequence[str], rows: Rows, widths: str = "auto") -> str:
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in [headings, *rows]:
        for number, cell in enumerate(row):
            first, *more = cell.splitlines() or [""]
            lines.append(f"   {'*' if number == 0 else ' '} - {first}".rstrip())
            lines += [f"       {line}".rstrip() for line in more]
    return "\n".join([*lines, "", ""])


class Drawn(SphinxDirective):
    """A directive whose text is made, and then read as if it stood in the page."""

    has_content = True
    optional_arguments = 2
    final_argument_whitespace = False

    def text(self) -> str:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        for path in PACKAGE.rglob("*.py"):
            self.env.note_dependency(str(path))
        return self.parse_text_to_nodes(self.text(), allow_section_headings=True)


def drawn(draw: Callable[[], str]) -> type[Drawn]:
    return type(draw.__name__, (Drawn,), {"text": lambda _self: draw()})


# --- the engine


def _words(parameter: Parameter) -> str:
    parts = [parameter.help]
    if parameter.choices:
        parts.append("One of: " + ", ".join(f"``{choice}``" for choice in parameter.choices) + ".")
    low = "" if parameter.minimum is None else f"{parameter.minimum:g}"
    high = "" if parameter.maximum is None else f"{parameter.maximum:g}"
    if low and high:
        parts.append(f"{low} to {high}.")
    elif low or high:
        parts.append(f"At least {low}." if low else f"At most {high}.")
    return " ".join(part for part in parts if part)


def parameter_table(parameters: Iterable[Parameter]) -> str:
    rows = [
        (
            f"``{item.name}``",
            item.type.value + (f" ({item.unit})" if item.unit else ""),
            "required" if item.is_required else literal(item.default),
            _words(item),
        )
        for item in parameters
    ]
    return list_table(("parameter", "type", "default", "meaning"), rows, "20 14 14 52")


def operations() -> str:
    parts = []
    for name, operation in load_operations().items():
        info = operation.info
        parts += [name, "~" * len(name), "", info.summary, ""]
        parts += ["For: " + ", ".join(sorted(info.kinds)) + ".", ""]
        if info.formats:
            parts += ["Formats of a process: " + ", ".join(f"``{each}``" for each in sorted(info.formats)) + ".", ""]
        parts.append(parameter_table(info.parameters))
        told = [(f"``{key}``", words) for key, words in info.results.items()]
        told += [(f"file ``{key}``", words) for key, words in info.files.items()]
        parts.append(list_table(("result", "meaning"), told, "20 80"))
    return "\n".join(parts)


def rungs() -> str:
    return parameter_table(RUNG_PARAMETERS)


def containers() -> str:
    rows = [
        (f"``{name}``", ", ".join(container.video_codecs), ", ".join(container.audio_codecs), container.content_type)
        for name, container in CONTAINERS.items()
    ]
    return list_table(("extname", "picture (the first is the usual one)", "sound", "content type"), rows, "12 34 26 28")


def presets() -> str:
    rows = []
    for preset in load_presets().values():
        told = []
        for key, value in preset.parameters.items():
            shown = ", ".join(str(rung["name"]) for rung in value) if key == "variants" else value
            told.append(f"{key} {shown}")
        rows.append((f"``{preset.name}``", preset.title, f"``{preset.operation}``", "; ".join(told)))
    return list_table(("name", "title", "operation", "parameters"), rows, "18 20 16 46")


# --- jobs and errors


def transitions() -> str:
    def marks(state: State) -> str:
        words = []
        for states, word in ((FINAL, "final"), (HELD, "held by a worker"), (CANCELLABLE, "can be cancelled")):
            words += [word] if state in states else []
        return ", ".join([*words, *(["can be retried"] if state in RETRYABLE else [])])

    rows = [
        (f"``{state}``", ", ".join(f"``{target}``" for target in State if target in TRANSITIONS[state]), marks(state))
        for state in State
    ]
    return list_table(("state", "may become", "is"), rows, "15 55 30")


def _tree(cls: type[MediaCloudError]) -> Iterable[type[MediaCloudError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _tree(child)


def errors() -> str:
    rows = []
    for cls in _tree(MediaCloudError):
        error = cls({}) if cls.__name__ == "InvalidParameters" else cls()
        retried = "yes" if cls.is_retryable else ""
        rows.append((f"``{cls.__name__}``", f"``{cls.code}``", str(status_of(error)), retried, cls.advice))
    return list_table(("error", "code", "HTTP", "tried again by itself", "advice"), rows, "18 16 6 12 48")


# --- the REST API

METHODS = (
    ("list", "GET"),
    ("create", "POST"),
    ("retrieve", "GET {id}/"),
    ("update", "PUT {id}/"),
    ("partial_update", "PATCH {id}/"),
    ("destroy", "DELETE {id}/"),
)


def resources() -> str:
    rows = []
    for prefix, viewset, _ in router.registry:
        known = [f"``{words}``" for name, words in METHODS if hasattr(viewset, name)]
        known += [f"``POST {{id}}/{action.url_path}/``" for action in viewset.get_extra_actions()]
        if hasattr(viewset, "show"):
            known.append("``GET {cloud}/{name}/``")
        filters = ", ".join(f"``{each.name}``" for each in getattr(viewset, "filters", ()))
        rows.append((f"``{prefix}/``", ", ".join(known), filters))
    return list_table(("address", "methods", "filters"), rows, "16 54 30")


def _viewset(prefix: str) -> Any:
    return next(viewset for name, viewset, _ in router.registry if name == prefix)


def _type_of(field: Any) -> str:
    if isinstance(field, serializers.ListSerializer):
        return "list"
    if isinstance(field, serializers.BaseSerializer):
        return "object"
    name = type(field).__name__.removesuffix("Field")
    known = {
        "Char": "string",
        "UUID": "id",
        "Integer": "integer",
        "Float": "number",
        "Boolean": "true or false",
        "DateTime": "time",
        "JSON": "object",
        "Object": "object",
        "SerializerMethod": "",
        "File": "upload",
        "Reference": "id",
        "Factory": "id",
        "Profile": "name or id",
        "Profiles": "names or ids",
        "Cloud": "alias",
        "CallbackUrl": "string",
        "Choice": "string",
        "Slug": "string",
        "Regex": "string",
    }
    return known[name]


def sent(prefix: str) -> list[tuple[str, ...]]:
    viewset = _viewset(prefix)
    cls = viewset.submission_class or viewset.serializer_class
    return [
        (name, _type_of(field), "required" if field.required else literal_default(field))
        for name, field in cls().fields.items()
        if not field.read_only
    ]


def literal_default(field: Any) -> str:
    return "" if field.default is serializers.empty else literal(field.default)


def shown(prefix: str) -> list[tuple[str, ...]]:
    viewset = _viewset(prefix)
    cls = getattr(viewset, "detail_class", None) or viewset.serializer_class
    in_list = set(viewset.serializer_class().fields)
    told = []
    for name, field in cls().fields.items():
        told.append((name, _type_of(field), "" if name in in_list else "not in lists"))
    return told


# --- settings and models


def _of_dataclass(cls: type) -> list[tuple[str, ...]]:
    rows = []
    for item in fields(cls):
        default = SPOKEN.get(item.name) or ("" if item.default is MISSING else literal(item.default))
        rows.append((item.name.upper() if cls is not Limits else item.name, default))
    return rows


def options(_name: str) -> list[tuple[str, ...]]:
    return [(name, literal(default)) for name, default in Adapter.options.items()]


def columns(name: str) -> list[tuple[str, ...]]:
    rows = []
    for column in getattr(models, name)._meta.get_fields():
        if column.auto_created or not column.concrete:
            continue
        kind = type(column).__name__.removesuffix("Field")
        kind = f"-> {column.related_model.__name__}" if column.is_relation else kind
        rows.append((column.name, kind, str(column.help_text)))
    return rows


SETTINGS = {"MEDIACLOUD": Config, "FETCH": FetchConfig}
SUBJECTS: Mapping[str, tuple[Sequence[str], Callable[[str], list[tuple[str, ...]]], str]] = {
    "settings": (
        ("key", "default"),
        lambda name: _of_dataclass(FetchConfig if name == "FETCH" else Config),
        "24 26 50",
    ),
    "limits": (("limit", "default"), lambda _name: _of_dataclass(Limits), "24 26 50"),
    "options": (("option", "default"), options, "24 26 50"),
    "sent": (("field", "type", "default"), sent, "18 16 16 50"),
    "shown": (("field", "type", ""), shown, "18 16 16 50"),
}


class Table(Drawn):
    """``SUBJECT NAME`` with a field list of meanings."""

    required_arguments = 1
    optional_arguments = 1

    def text(self) -> str:
        subject, name = self.arguments[0], (self.arguments[1] if len(self.arguments) > 1 else "")
        headings, draw, widths = SUBJECTS[subject]
        meanings = self._meanings()
        rows = []
        for row in draw(name):
            meaning = meanings.pop(row[0], None)
            if meaning is None:
                logger.warning("%s %s: %s has no meaning here", subject, name, row[0], location=self.get_location())
            rows.append((f"``{row[0]}``", *row[1:], meaning or ""))
        for stray in meanings:
            logger.warning("%s %s: the code knows no %s", subject, name, stray, location=self.get_location())
        return list_table((*headings, "meaning"), rows, widths)

    def _meanings(self) -> dict[str, str]:
        found: dict[str, str] = {}
        name = ""
        for line in self.content:
            if match := re.fullmatch(r":([\w.]+):\s*(.*)", line):
                name = match[1]
                found[name] = match[2]
            elif line.strip():
                found[name] += " " + line.strip()
        return found


class ModelTable(Drawn):
    """The columns of one model, with what the model itself says of them."""

    required_arguments = 1

    def text(self) -> str:
        rows = [(f"``{name}``", kind, words) for name, kind, words in columns(self.arguments[0])]
        return list_table(("column", "type", "meaning"), rows, "24 20 56")


# --- the house


def rooms() -> str:
    rows = []
    for room in sorted(PACKAGE.iterdir()):
        if room.name.startswith(("_", ".")) or room.name == "migrations":
            continue
        files = sorted(room.rglob("*.py")) if room.is_dir() else [room] if room.suffix == ".py" else []
        lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in files]
        if files:
            rows.append((f"``{room.name}``", str(len(files)), str(sum(lines)), str(max(lines))))
    return list_table(("room", "files", "lines", "longest file"), rows, "40 20 20 20")


def setup(app: Sphinx) -> dict[str, Any]:
    for name, draw in {
        "operations": operations,
        "rungs": rungs,
        "presets": presets,
        "containers": containers,
        "transitions": transitions,
        "errors": errors,
        "resources": resources,
        "rooms": rooms,
    }.items():
        app.add_directive(f"mediacloud-{name}", drawn(draw))
    app.add_directive("mediacloud-table", Table)
    app.add_directive("mediacloud-model", ModelTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
