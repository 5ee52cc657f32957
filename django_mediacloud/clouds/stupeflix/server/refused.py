"""Tasks that were refused. They get a key and a final status like any other (documentation, "Tasks statuses format"),
and no row: the cache remembers them for those who poll although they have been told."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from .. import wire

REMEMBERED_S = 86_400
MAX_REMEMBERED_CHARS = 10_000
"""Of one status: names of unknown parameters may be as long as a request."""
TOO_LONG = "The task was refused. What was wrong with it was told when it was made, and is too long to be kept."
logger = logging.getLogger(__name__)


def refuse_task(error: str | Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The status of a task that never began, as /v2 has it; ``error`` is a sentence, or messages by parameter."""
    now = timezone.now()
    key = wire.render_key(uuid.uuid4())
    told = error if isinstance(error, str) else {"parameters": {name: list(said) for name, said in error.items()}}
    return wire.render_status(status="error", key=key, queued=now, completed=now, error=told, version="v2")


def remember(statuses: Iterable[Mapping[str, Any]]) -> None:
    """For those who poll; all at once. Where the cache is away they are told at least that there is no such task."""
    kept = {}
    for status in statuses:
        is_short = len(wire.render_json(status, is_echo=True)) <= MAX_REMEMBERED_CHARS
        kept[_name(status["key"])] = dict(status) if is_short else {**status, "error": TOO_LONG}
    if kept:
        try:
            cache.set_many(kept, REMEMBERED_S)
        except Exception:
            # Every cache library raises its own errors. The tasks beside them are taken in already.
            logger.exception("The cache does not take what was refused.")


def recall(keys: Iterable[str], version: wire.Version) -> dict[str, dict[str, Any]]:
    """The statuses that were given to refused tasks, by key: those that are remembered."""
    names = {_name(key): key for key in keys if _is_key(key)}
    try:
        found = cache.get_many(names) if names else {}
    except Exception:
        # As in ``remember``.
        logger.exception("The cache does not tell what was refused.")
        return {}
    return {names[name]: in_version(status, version) for name, status in found.items()}


def _is_key(text: str) -> bool:
    try:
        wire.parse_key(text)
    except ValueError:
        return False
    return True


def in_version(status: Mapping[str, Any], version: wire.Version) -> dict[str, Any]:
    """/v1 has the error under ``result``."""
    if version == "v1":
        return {("result" if name == "error" else name): value for name, value in status.items()}
    return dict(status)


def _name(key: str) -> str:
    return f"mediacloud.stupeflix.refused.{key}"
