"""Secrets among a job's parameters: stored encrypted, and shown as ``HIDDEN``.

The key is derived from the site's SECRET_KEY, so that the database alone tells nothing. What was sealed under a former
key is still read while that stands in SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from ..core.failure import Failure
from ..core.parameters import Parameters
from ..exceptions import ConfigurationError, InvalidParameters, MediaCloudError
from ..models import Job
from ..transport.uploads.secrets import Secrets

HIDDEN = "(hidden)"
"""What stands for a secret wherever parameters are stored or shown."""


def hide(values: Mapping[str, Any], declared: Parameters) -> tuple[dict[str, Any], dict[str, Any]]:
    """``values`` with every secret replaced by ``HIDDEN``, and the secrets by name. ``InvalidParameters`` for what was
    hidden before: it was read off a page, and is no secret."""
    secrets = {item.name: values[item.name] for item in declared if item.is_secret and values.get(item.name)}
    if read_off := [name for name, value in secrets.items() if value == HIDDEN]:
        raise InvalidParameters({name: ["give the secret itself"] for name in read_off})
    return {**values, **dict.fromkeys(secrets, HIDDEN)}, secrets


def seal(secrets: Mapping[str, Any]) -> str:
    """``secrets``, which are JSON, as one encrypted text; empty if there are none."""
    if not any(secrets.values()):
        return ""
    sealed: bytes = _cipher().encrypt(json.dumps(secrets).encode())
    return sealed.decode("ascii")


def unseal(text: str) -> dict[str, Any]:
    """What was sealed. ``MediaCloudError`` (``secrets_lost``) if the site's SECRET_KEY is no longer the same."""
    if not text:
        return {}
    try:
        opened = _cipher().decrypt(text.encode("ascii"))
    except _fernet().InvalidToken as error:
        raise MediaCloudError(
            "The secrets of this job cannot be read any more: the site's SECRET_KEY has changed.",
            code="secrets_lost",
            advice="Submit the job again, or add the former key to SECRET_KEY_FALLBACKS.",
        ) from error
    secrets: dict[str, Any] = json.loads(opened)
    return secrets


def open_parameters(job: Job) -> dict[str, Any]:
    """The parameters of ``job`` with its secrets, for the one who does the work."""
    return {**job.parameters, **unseal(job.sealed).get("parameters", {})}


def open_destination(job: Job) -> dict[str, Any]:
    """What the destination of ``job`` needs, with its secrets."""
    return {**job.destination.get("parameters", {}), **unseal(job.sealed).get("destination", {})}


def mask_failure(job: Job, failure: Failure) -> Failure:
    """``failure`` without the secrets of ``job``: some services repeat in their errors what they were sent."""
    if not job.sealed:
        return failure
    hide_in = _secrets_of(job).hide
    return replace(failure, message=hide_in(failure.message), advice=hide_in(failure.advice), log=hide_in(failure.log))


def mask_values(job: Job, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` (JSON) without the secrets of ``job``."""
    masked: dict[str, Any] = _mask(values, _secrets_of(job)) if job.sealed else values
    return masked


def _mask(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, dict):
        return {secrets.hide(name): _mask(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_mask(item, secrets) for item in value]
    return secrets.hide(value) if isinstance(value, str) else value


def _secrets_of(job: Job) -> Secrets:
    """The secrets of ``job``; none if they cannot be decrypted, so that the job can still end."""
    found = Secrets(())
    with suppress(MediaCloudError):
        for values in unseal(job.sealed).values():
            for value in values.values():
                found.add(str(value))
    return found


def _fernet() -> Any:
    try:
        from cryptography import fernet
    except ImportError as error:
        raise ConfigurationError(
            "Parameters with secrets need cryptography: pip install 'django-mediacloud[uploads]'."
        ) from error
    return fernet


def _cipher() -> Any:
    fernet = _fernet()
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return fernet.MultiFernet([fernet.Fernet(_key_of(secret)) for secret in secrets])


def _key_of(secret: str | bytes) -> bytes:
    digest = salted_hmac("django_mediacloud.jobs.sealing", "", secret=secret, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)
