"""The storage API: what lies in the persistent store, what is to be deleted, what was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ....core.parameters import Parameter, Type
from .notation import parse_boolean, parse_date, render_date, render_storage_date
from .refusals import InvalidRequest, RequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFile:
    name: str
    size_bytes: int
    last_modified: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One directory of the store; with ``recursive`` also what is below."""

    files: tuple[StorageFile, ...] = ()
    directories: tuple[str, ...] = ()
    """Each ends on ``/``."""
    usage_bytes: int = 0


def parse_listing(given: Any) -> Listing:
    """``ValueError`` if it is none."""
    try:
        return Listing(
            files=tuple(
                StorageFile(
                    name=str(file["name"]),
                    size_bytes=int(file["size"]),
                    last_modified=parse_date(file["last_modified"]),
                )
                for file in given["files"]
            ),
            directories=tuple(map(str, given["directories"])),
            usage_bytes=int(given["usage"]),
        )
    except (KeyError, TypeError, ValueError):
        raise ValueError("the list of files cannot be read") from None


def render_listing(listing: Listing) -> dict[str, Any]:
    return {
        "files": [
            {"name": file.name, "size": file.size_bytes, "last_modified": render_storage_date(file.last_modified)}
            for file in listing.files
        ],
        "directories": list(listing.directories),
        "usage": listing.usage_bytes,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What was deleted, or would be."""

    deleted: tuple[str, ...] = ()
    """``<key>/<name>``."""
    freed_bytes: int = 0
    usage_bytes: int = 0
    """In the whole store afterwards; the service says that it is approximate."""


def parse_deletion(given: Any) -> Deletion:
    """``ValueError`` if it is none."""
    try:
        return Deletion(
            deleted=tuple(map(str, given["deleted"])),
            freed_bytes=int(given["freed"]),
            usage_bytes=int(given["usage"]),
        )
    except (KeyError, TypeError, ValueError):
        raise ValueError("the list of deleted files cannot be read") from None


def render_deletion(deletion: Deletion) -> dict[str, Any]:
    return {"deleted": list(deletion.deleted), "freed": deletion.freed_bytes, "usage": deletion.usage_bytes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which files below the path to delete. ``urls``, where given, stands alone: all else is ignored, the path too."""

    urls: tuple[str, ...] | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    max_age_days: float | None = None
    """Only what is older."""
    is_dry_run: bool = False


MAX_DAYS = 36_500
_MAX_AGE = Parameter(name="max_age", type=Type.NUMBER, minimum=0, maximum=MAX_DAYS)
_URLS = Parameter(name="urls", type=Type.STRINGS)
_READ = {"urls": _URLS.clean, "from": parse_date, "to": parse_date, "max_age": _MAX_AGE.clean, "dry_run": parse_boolean}


_OF_EVERY_REQUEST = frozenset({"secret", "api_key", "location"})
"""Who asks, and in which region of the store (earlier documentation): they select nothing."""
_EMPTY: Mapping[str, Any] = MappingProxyType({})


def parse_selection(body: Mapping[str, Any], query: Mapping[str, Any] = _EMPTY) -> Selection:
    """The selection in the body of a DELETE, or in its query, where some clients have it. ``InvalidRequest`` names all
    that cannot be read.

    What cannot be read, or is not known, is never passed over: it would delete more than was meant. Nor is null, which
    a program sends whose list of files has come to nothing.
    """
    found: dict[str, Any] = {}
    errors = []
    for name, value in {**query, **body}.items():
        location = "body" if name in body else "querystring"
        if name in _OF_EVERY_REQUEST:
            continue
        if name not in _READ:
            errors.append(RequestError(name, location, f"{name}: unknown parameter"))
            continue
        try:
            found[name] = _READ[name](value)
        except ValueError as error:
            errors.append(RequestError(name, location, f"{name}: {error}"))
    if errors:
        raise InvalidRequest(errors)
    return Selection(
        urls=tuple(found["urls"]) if "urls" in found else None,
        since=found.get("from"),
        until=found.get("to"),
        max_age_days=found.get("max_age"),
        is_dry_run=found.get("dry_run", False),
    )


def render_selection(selection: Selection) -> dict[str, Any]:
    """What is not given is left out."""
    rendered = {
        "urls": None if selection.urls is None else list(selection.urls),
        "from": selection.since and render_date(selection.since),
        "to": selection.until and render_date(selection.until),
        "max_age": selection.max_age_days,
        "dry_run": selection.is_dry_run or None,
    }
    return {name: value for name, value in rendered.items() if value is not None}


_DAYS = Parameter(name="days", type=Type.INTEGER, minimum=0, maximum=MAX_DAYS)


def parse_days(given: Any) -> int:
    """The lifetime of files: a bare number, or an object with ``days``; 0 is for ever. ``ValueError`` if it is none."""
    value = given.get("days") if isinstance(given, Mapping) else given
    return int(_DAYS.clean(value))
