"""Checks of a request before anything of it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files import File
from django.db import models

from ..clouds.registry import get_operation
from ..conf import config
from ..core.capabilities import OperationInfo
from ..core.destinations import DESTINATIONS
from ..core.parameters import Parameter, Type
from ..core.spec import Delivery, Hook, JobSpec, Kind
from ..exceptions import InvalidParameters
from ..models import Callback
from .sources import SOURCE

MAX_PRIORITY = 100
MAX_KEY_CHARS = 255
MAX_KEEP_S = 100 * 365 * 86_400
"""As good as for ever, and a date that every database has."""
_URL = Parameter(name="url", type=Type.URL)


def cleaned_parameters(spec: JobSpec) -> dict[str, Any]:
    """The parameters as the operation wants them; ``InvalidParameters`` for all that does not fit."""
    operation = get_operation(spec.cloud, spec.operation)
    if spec.kind not in operation.kinds:
        raise InvalidParameters({"operation": [f"{spec.operation} cannot be used for a {spec.kind}"]})
    if not -MAX_PRIORITY <= spec.priority <= MAX_PRIORITY:
        raise InvalidParameters({"priority": [f"must be between -{MAX_PRIORITY} and {MAX_PRIORITY}"]})
    checked_url("callback_url", spec.callback_url)
    unknown = set(spec.inputs) - set(operation.parameters.file_names)
    if unknown:
        raise InvalidParameters({name: ["takes no file"] for name in sorted(unknown)})
    # An encoding reads its video, wherever that then is.
    bound = {SOURCE} if spec.kind == Kind.ENCODING else set()
    return operation.parameters.clean(spec.parameters, bound=frozenset(bound | set(spec.inputs)))


def cleaned_destination(destination: Delivery, operation: OperationInfo) -> dict[str, Any]:
    """What the destination needs, cleaned; ``InvalidParameters`` if it is unknown, or for all that does not fit."""
    try:
        known = DESTINATIONS[destination.name]
    except KeyError:
        raise InvalidParameters({"destination": ["must be one of: " + ", ".join(DESTINATIONS)]}) from None
    if operation.delivery:
        raise InvalidParameters({"destination": [f"{operation.name} goes to {operation.delivery} by itself"]})
    return known.parameters.clean(destination.parameters)


def check_keep(keep_s: float | None) -> None:
    # NaN is between nothing.
    if keep_s is not None and not 0 <= keep_s <= MAX_KEEP_S:
        raise InvalidParameters({"keep_s": [f"must be between 0 and {MAX_KEEP_S} seconds"]})


def check_hooks(hooks: Iterable[Hook]) -> None:
    """``InvalidParameters`` under ``hooks`` if one of them could not be told."""
    owed: set[tuple[str, str]] = set()
    for hook in hooks:
        try:
            check_lengths(Callback, {"url": checked_url("url", hook.url), "protocol": hook.protocol})
        except InvalidParameters as error:
            messages = [message for found in error.errors.values() for message in found]
            raise InvalidParameters({"hooks": messages}) from error
        for event in hook.events:
            if (hook.protocol, event) in owed:
                raise InvalidParameters({"hooks": [f"{hook.protocol} has two addresses for {event}"]})
            owed.add((hook.protocol, event))


def checked_url(name: str, url: str) -> str:
    """``url``, which may be empty. ``InvalidParameters`` under ``name`` if it is no http address."""
    if not url:
        return ""
    try:
        return str(_URL.clean(url))
    except ValueError as error:
        raise InvalidParameters({name: [str(error)]}) from error


def check_lengths(model: type[models.Model], values: Mapping[str, Any]) -> None:
    """What is too long for its column is named here, not by some databases' errors and not cut by others."""
    errors = {}
    for name, value in values.items():
        limit = model._meta.get_field(name).max_length  # type: ignore[union-attr]
        if isinstance(value, str) and limit is not None and len(value) > limit:
            errors[name] = [f"must have at most {limit} characters"]
    if errors:
        raise InvalidParameters(errors)


def scoped_key(owner: Any | None, key: str) -> str | None:
    """A key counts within its owner: two people may use the same.

    Hashed, because some databases take "Key" and "key" for one.
    """
    if not key:
        return None
    if len(key) > MAX_KEY_CHARS:
        raise InvalidParameters({"idempotency_key": ["is too long"]})
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{owner.pk if owner else '-'}:{digest}"


def check_file(name: str, file: File[Any]) -> None:
    """``InvalidParameters`` under ``name`` if the upload is empty or too large."""
    if not file.size:
        raise InvalidParameters({name: ["the file is empty"]})
    if file.size > config().max_upload_bytes:
        raise InvalidParameters({name: [f"the file has more than {config().max_upload_bytes} bytes"]})
