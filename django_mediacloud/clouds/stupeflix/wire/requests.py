"""What a request brings: credentials, task definitions, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ....core.destinations import DESTINATIONS
from ....core.parameters import REQUIRED_MESSAGE, Parameter, Parameters, Type
from ....exceptions import InvalidParameters
from .names import Version
from .refusals import InvalidRequest, RequestError

STORES: Mapping[str, Parameters] = MappingProxyType(
    {
        # ``location`` was a region of S3, until March 2014 (earlier documentation).
        "persistent": Parameters((Parameter(name="location", type=Type.STRING),)),
        "volatile": Parameters(),
        "youtube": DESTINATIONS["youtube"].parameters,
        "s3_signed": DESTINATIONS["s3_signed"].parameters,
        # Throws the files away; until September 2014 (earlier documentation).
        "dummy": Parameters(),
    }
)
"""The storage systems by ``type``, each with its other parameters."""

_CALLBACK = Parameter(name="", type=Type.URL)
_OBJECT = Parameter(name="", type=Type.OBJECT)

_OLD_NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "image.thumb": {"rot": "rotation", "thumbtype": "format"},
        "video.thumb": {"thumbtype": "format"},
    }
)
"""Parameters of the first /v1 documentation, and what they are called since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One of the two, or none. An API key counts only with a referrer that its account allows."""

    secret: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.secret or self.api_key)


def render_authorization(credentials: Credentials) -> str:
    """The value of an ``Authorization`` header."""
    return f"Secret {credentials.secret}" if credentials.secret else f"Api-Key {credentials.api_key}"


def parse_authorization(header: str) -> Credentials:
    """Empty if there are none. Programs in the wild wrote ``SECRET``, and one sent the bare secret."""
    scheme, _, value = header.strip().partition(" ")
    if not value:
        return Credentials(secret=scheme)
    match scheme.lower():
        case "secret":
            return Credentials(secret=value.strip())
        case "api-key":
            return Credentials(api_key=value.strip())
    return Credentials()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """One task to do. Tokens of other services may be among ``parameters`` and in ``store``: neither is shown."""

    task_name: str
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    store: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """``type`` and the parameters of that storage system. Empty: the service's default (``DEFAULT_STORES``)."""
    metas: Mapping[str, Any] = field(default_factory=dict)
    """Any object of the client's own. Undocumented; sent by the service's JavaScript client."""
    url_callback: str = ""
    url_errback: str = ""
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    """What is wrong with the keys that all tasks share, by name: it belongs with the errors of the parameters into the
    task's status, since the service reports them there."""


def parse_definitions(
    tasks: Any, version: Version = "v2", *, name: str = "tasks", most: int | None = None
) -> list[TaskDefinition]:
    """The definitions in the ``tasks`` of a request: a list of up to ``most``, or a single one. ``name`` is what errors
    call it.

    Raises ``InvalidRequest`` for what is no definition at all. Whether the task exists is not judged.
    """
    if tasks is None:
        raise InvalidRequest([RequestError(name, "body", f"{name} is missing")])
    if isinstance(tasks, Mapping):
        return [_parse_definition(name, tasks, version)]
    if not isinstance(tasks, list):
        raise InvalidRequest([RequestError(name, "body", f"{name} is neither a list nor an object")])
    if most is not None and len(tasks) > most:
        raise InvalidRequest([RequestError(name, "body", f"{name}: must be at most {most}")])
    definitions: list[TaskDefinition] = []
    errors: list[RequestError] = []
    for number, given in enumerate(tasks):
        try:
            definitions.append(_parse_definition(f"{name}.{number}", given, version))
        except InvalidRequest as refused:
            errors += refused.errors
    if errors:
        raise InvalidRequest(errors)
    return definitions


def _parse_definition(place: str, given: Any, version: Version) -> TaskDefinition:
    if not isinstance(given, Mapping):
        raise InvalidRequest([RequestError(place, "body", f"{place} is not an object")])
    rest = dict(given)
    task_name = rest.pop("task_name", None)
    if not isinstance(task_name, str) or not task_name.strip():
        name = f"{place}.task_name"
        raise InvalidRequest([RequestError(name, "body", f"{name} is missing")])
    shared: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for key, clean in _SHARED.items():
        value = rest.pop(key, None)
        if value is not None and value != "":
            try:
                shared[key] = clean(value)
            except InvalidParameters as refused:
                errors[key] = [f"{name}: {message}" for name, found in refused.errors.items() for message in found]
            except ValueError as error:
                errors[key] = [str(error)]
    for old, new in _OLD_NAMES.get(task_name, {}).items() if version == "v1" else ():
        if old in rest and new not in rest:
            rest[new] = rest.pop(old)
    return TaskDefinition(
        task_name=task_name.strip(),
        parameters=rest,
        store=shared.get("task_store", {}),
        metas=shared.get("task_metas", {}),
        url_callback=shared.get("url_callback", ""),
        url_errback=shared.get("url_errback", ""),
        errors=errors,
    )


def _clean_store(value: Any) -> dict[str, Any]:
    rest = _OBJECT.clean(value)
    name = rest.pop("type", None)
    if not name:
        raise InvalidParameters({"type": [REQUIRED_MESSAGE]})
    if not isinstance(name, str) or name not in STORES:
        raise InvalidParameters({"type": [f"must be one of: {', '.join(STORES)}"]})
    given = STORES[name].clean(rest)
    return {"type": name} | {key: value for key, value in given.items() if value is not None}


_SHARED = MappingProxyType(
    {
        "task_store": _clean_store,
        "task_metas": _OBJECT.clean,
        "url_callback": _CALLBACK.clean,
        "url_errback": _CALLBACK.clean,
    }
)


def render_definition(definition: TaskDefinition) -> dict[str, Any]:
    """What is empty is left out."""
    shared = {
        "task_store": dict(definition.store),
        "task_metas": dict(definition.metas),
        "url_callback": definition.url_callback,
        "url_errback": definition.url_errback,
    }
    return {
        "task_name": definition.task_name,
        **definition.parameters,
        **{key: value for key, value in shared.items() if value},
    }


def parse_keys(tasks: Any, location: str = "body") -> list[str]:
    """The keys in the ``tasks`` of a status request: a list, or a single one. ``InvalidRequest`` if it holds others.

    Whether they are keys of anything is not judged.
    """
    if not tasks:
        raise InvalidRequest([RequestError("tasks", location, "tasks is missing")])
    keys = [tasks] if isinstance(tasks, str) else tasks
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise InvalidRequest([RequestError("tasks", location, "tasks is not a list of keys")])
    return keys
