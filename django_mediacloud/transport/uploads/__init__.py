"""Finished files on their way to other platforms: one file per platform, one function for all.

Every byte goes through ``transport.exchange``: the address that was checked is the one that is connected to, time and
answers are bounded, redirects are not followed, the caller is asked about once a second whether it still wants it.
That holds for the platforms' own hosts as for a signed address: where an upload goes on is said by an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ...core.destinations import DESTINATIONS
from ...core.parameters import Parameters
from ...exceptions import ConfigurationError, DeliveryFailed, DeliveryRefused, FetchRefused, StorageError
from ..address import parse_address
from ..naming import FALLBACK, clean_name, media_type
from ..rules import FetchRules
from . import facebook, signed_put, vimeo, youtube
from .conversation import Conversation, Film, mark_of
from .result import Uploaded
from .secrets import secrets_among

__all__ = ["Uploaded", "upload"]


class _Upload(Protocol):
    def __call__(self, conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> Uploaded: ...


_UPLOADS: Mapping[str, _Upload] = {
    "youtube": youtube.upload,
    "vimeo": vimeo.upload,
    "facebook": facebook.upload,
    "s3_signed": signed_put.upload,
}


def upload(
    destination: str,
    path: Path,
    parameters: Mapping[str, Any],
    *,
    filename: str,
    content_type: str,
    endpoint: str = "",
    rules: FetchRules,
    on_progress: Callable[[int, int], None],
    before_publishing: Callable[[], None] = lambda: None,
) -> Uploaded:
    """Bring the file at ``path`` to ``destination`` (a name in ``core.destinations``); where it is now.

    ``parameters`` hold what the destination declares, and may hold others. ``endpoint`` stands for the platform's base
    URL, and is trusted: it comes from the site's settings. Without it everything goes by https, but for ``s3_signed``.

    ``on_progress(sent, total)`` gets bytes, after each piece and about once a second while nothing moves: fewer
    when less has arrived than was sent. ``before_publishing`` is called once, before that is sent after which the
    platform may publish the film, unless sending it twice does no harm. What either raises stops the upload at once and
    is raised again; the platform is told, where it listens.

    ``InvalidParameters``; ``DeliveryRefused`` if the platform, or ``rules``, say no; ``DeliveryFailed`` if it does not
    get through, ``DeliveryUnknown`` where it may be there all the same; ``StorageError``. None tells a token.
    """
    place = DESTINATIONS[destination]
    cleaned = place.parameters.clean(_declared(place.parameters, parameters))
    conversation = Conversation(
        place.title,
        _film_at(path, filename, content_type),
        rules=_rules_for(destination, endpoint, rules),
        secrets=secrets_among(cleaned, place.parameters),
        on_progress=on_progress,
        before_publishing=before_publishing,
    )
    try:
        return _UPLOADS[destination](conversation, cleaned, endpoint.rstrip("/"))
    except DeliveryFailed as error:
        if conversation.is_unsure and error.is_retryable:
            raise conversation.unknown(error) from None
        raise


def _declared(known: Parameters, given: Mapping[str, Any]) -> dict[str, Any]:
    return {item.name: given[item.name] for item in known if item.name in given}


def _film_at(path: Path, filename: str, content_type: str) -> Film:
    try:
        found = path.stat()
    except OSError as error:
        raise StorageError("The file that is to be sent is not there.", code="source_missing") from error
    if not found.st_size:
        raise DeliveryRefused("The file is empty.", code="delivery_empty")
    return Film(
        path=path,
        size_bytes=found.st_size,
        filename=clean_name(filename) or FALLBACK,
        content_type=media_type(content_type) or "application/octet-stream",
        mark=mark_of(found),
    )


def _rules_for(destination: str, endpoint: str, rules: FetchRules) -> FetchRules:
    if destination == "s3_signed":
        return rules
    if not endpoint:
        return replace(rules, schemes=("https",))
    try:
        address = parse_address(endpoint)
    except FetchRefused as error:
        raise ConfigurationError(f"The endpoint for {destination} is no web address: {error}") from None
    host = f"[{address.host}]" if ":" in address.host else address.host
    schemes = ("https",) if address.scheme == "https" else ("http", "https")
    return replace(rules, schemes=schemes, allow=(*rules.allow, f"{host}:{address.port}"))
