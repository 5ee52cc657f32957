"""What a request must be before anything of it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.core.files import File
from django.db import models

from ..clouds.registry import get_operation
from ..conf import config
from ..core.parameters import Parameter, Type
from ..core.spec import JobSpec, Kind
from ..exceptions import InvalidParameters
from .sources import SOURCE

MAX_PRIORITY = 100
MAX_KEY_CHARS = 255
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
