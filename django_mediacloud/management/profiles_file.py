"""Profiles as a TOML file, to be kept beside a site's code.

::

    [profiles."h264.hi"]
    title = "MP4, high"
    operation = "media.encode"
    is_default = true

    [profiles."h264.hi".parameters]
    width = 1280

What a profile does not say has the model's default. A profile of a factory names it by ``factory``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from ..models import Factory, Profile
from .base import bad_input
from .toml import write_table

_TYPES = {"title": str, "cloud": str, "factory": str, "operation": str, "preset_name": str, "is_default": bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One profile as the file has it. ``parameters`` hold no None: to an operation that is the same as not given."""

    name: str
    title: str = ""
    cloud: str = "default"
    factory: str = ""
    operation: str = "media.encode"
    preset_name: str = ""
    is_default: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def write(self) -> str:
        columns = {name: getattr(self, name) for name in _TYPES}
        kept = {name: value for name, value in columns.items() if name == "operation" or value != _DEFAULTS[name]}
        text = write_table(("profiles", self.name), kept)
        return text + (
            "\n" + write_table(("profiles", self.name, "parameters"), self.parameters) if self.parameters else ""
        )


_DEFAULTS = asdict(Entry(name=""))


@dataclass(slots=True, kw_only=True)
class Loaded:
    """Names of profiles, by what became of them."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def read_file(path: Path) -> dict[str, Entry]:
    """The profiles in the file by name. Exit code 2, with the place, if it cannot be read as such."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise bad_input(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise bad_input(f"{path} is not valid TOML: {error}.") from error
    profiles = content.pop("profiles", {})
    if content or not isinstance(profiles, dict):
        raise bad_input(f"{path}: only tables [profiles.NAME] are known here.")
    return {name: _read_entry(name, values) for name, values in profiles.items()}


def _read_entry(name: str, values: Any) -> Entry:
    if not isinstance(values, dict):
        raise bad_input(f"profiles.{name} must be a table.")
    for key, value in values.items():
        wanted = dict if key == "parameters" else _TYPES.get(key)
        if wanted is None:
            raise bad_input(f"profiles.{name}: {key!r} is not known; there are: {', '.join(_TYPES)}, parameters.")
        if type(value) is not wanted:
            raise bad_input(f"profiles.{name}.{key} must be a {_TYPE_NAMES[wanted]}.")
    return Entry(name=name, **values)


_TYPE_NAMES: Mapping[type, str] = {str: "string", bool: "boolean", dict: "table"}


def read_database() -> dict[str, Entry]:
    """The site's profiles by name."""
    return {
        profile.name: Entry(
            name=profile.name,
            title=profile.title,
            cloud=profile.cloud,
            factory=profile.factory.name if profile.factory else "",
            operation=profile.operation,
            preset_name=profile.preset_name,
            is_default=profile.is_default,
            parameters={name: value for name, value in profile.parameters.items() if value is not None},
        )
        for profile in Profile.objects.select_related("factory").order_by("name")
    }


def write(entries: Iterable[Entry]) -> str:
    return "\n".join(entry.write() for entry in entries)


def difference(wanted: Mapping[str, Entry], *, has_prune: bool) -> str:
    """What ``load`` would change, as a unified diff from the database to the file; empty if nothing."""
    present = read_database()
    names = [name for name in sorted({*present, *wanted}) if name in wanted or has_prune]
    changed = [name for name in names if present.get(name) != wanted.get(name)]
    old = write(present[name] for name in changed if name in present).splitlines(keepends=True)
    new = write(wanted[name] for name in changed if name in wanted).splitlines(keepends=True)
    return "".join(unified_diff(old, new, "database", "file"))


def load(wanted: Mapping[str, Entry], *, has_prune: bool) -> Loaded:
    """Make the site's profiles those of the file, all or none. With ``has_prune``, others are deleted."""
    loaded = Loaded()
    with transaction.atomic():
        present = read_database()
        for name, entry in wanted.items():
            if present.get(name) == entry:
                loaded.unchanged.append(name)
                continue
            _save(entry)
            (loaded.updated if name in present else loaded.created).append(name)
        if has_prune:
            loaded.deleted = sorted(present.keys() - wanted.keys())
            Profile.objects.filter(name__in=loaded.deleted).delete()
    return loaded


def _save(entry: Entry) -> None:
    profile = Profile.objects.filter(name=entry.name).first() or Profile(name=entry.name)
    for name in (*_TYPES, "parameters"):
        setattr(profile, name, _find_factory(entry) if name == "factory" else getattr(entry, name))
    try:
        profile.full_clean()
    except ValidationError as error:
        raise bad_input(f"profiles.{entry.name}: {' '.join(error.messages)}") from error
    profile.save()


def _find_factory(entry: Entry) -> Factory | None:
    if not entry.factory:
        return None
    found: list[Factory] = list(Factory.objects.filter(name=entry.factory)[:2])
    if len(found) != 1:
        many = "more than one factory" if found else "no factory"
        raise bad_input(f"profiles.{entry.name}: there is {many} called {entry.factory!r}.")
    return found[0]
