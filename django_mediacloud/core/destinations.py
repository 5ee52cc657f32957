"""Where finished files can go instead of the site's storage, and what each place needs to know.

Names and parameters are those of Stupeflix: "Storage systems" for ``youtube`` and ``s3_signed``, the tasks
``video.upload.vimeo`` and ``video.upload.fb`` for the other two (its reference, "Tasks Reference").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from .parameters import REQUIRED_MESSAGE, Parameter, Parameters, Type

NO_KEY = "-"
"""The old service's default for a key of a Facebook app that is not given."""

_TOKEN = re.compile(r"[!-~]{1,4096}")
_OAUTH1 = ("consumer_key", "consumer_secret", "access_token_key", "access_token_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """``name`` is what jobs call it, ``title`` what people call it."""

    name: str
    title: str
    parameters: Parameters
    takes_one: bool = False
    """A second file would take the place of the first."""


def _checked_token(value: str) -> str:
    # It goes into an HTTP header, where a line break would begin another header.
    if not _TOKEN.fullmatch(value):
        raise ValueError("must be letters, digits and signs without spaces")
    return value


def _checked_address(value: str) -> str:
    # Not of Type.URL: that is a file to fetch before the work begins.
    try:
        parts = urlsplit(value)
        is_address = bool(parts.hostname) and parts.scheme.lower() in {"http", "https"}
    except ValueError:
        is_address = False
    if not is_address:
        raise ValueError("must be an http or https URL")
    return value


def _secret(name: str, help: str, *, is_required: bool = False, default: str | None = None) -> Parameter:
    return Parameter(
        name=name,
        type=Type.STRING,
        help=help,
        is_required=is_required,
        default=default,
        is_secret=True,
        check=_checked_token,
    )


def _text(name: str, help: str, *, is_required: bool = False, is_long: bool = False) -> Parameter:
    return Parameter(name=name, type=Type.TEXT if is_long else Type.STRING, help=help, is_required=is_required)


def _one_way_in(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Vimeo takes an OAuth2 token, or all four parts of OAuth1."""
    if values["oauth2_token"]:
        return {}
    missing = [name for name in _OAUTH1 if not values[name]]
    if len(missing) == len(_OAUTH1):
        return {"oauth2_token": [f"{REQUIRED_MESSAGE}, or else {', '.join(_OAUTH1)}"]}
    return {name: [f"{REQUIRED_MESSAGE} where oauth2_token is not given"] for name in missing}


_YOUTUBE = Parameters(
    (
        _secret("access_token", "OAuth2 token of the channel's owner, with the right to upload.", is_required=True),
        _secret("developer_key", "API key of the registered app.", is_required=True),
        _text("title", "Title of the film.", is_required=True),
        _text("description", "Description of the film.", is_long=True),
        Parameter(name="tags", type=Type.STRINGS, help="Words by which the film is found.", default=[]),
        Parameter(
            name="category_id",
            type=Type.INTEGER,
            help="Number of YouTube's category; 22 is People & Blogs.",
            default=22,
            minimum=1,
        ),
        Parameter(
            name="privacy_status",
            type=Type.STRING,
            help="Who may see the film.",
            default="public",
            choices=("public", "private", "unlisted"),
        ),
    )
)

_VIMEO = Parameters(
    (
        _text("title", "Title of the film."),
        _text("description", "Description of the film.", is_long=True),
        _secret("consumer_key", "OAuth1: the app's key."),
        _secret("consumer_secret", "OAuth1: the app's secret."),
        _secret("access_token_key", "OAuth1: the user's access token."),
        _secret("access_token_secret", "OAuth1: the secret of the user's access token."),
        _secret("oauth2_token", "OAuth2: the user's access token, with the rights to upload and to edit."),
    ),
    together=_one_way_in,
)

_FACEBOOK = Parameters(
    (
        _secret("access_token", "Access token of the user or page.", is_required=True),
        _text("title", "Title of the film."),
        _text("description", "Description of the film.", is_long=True),
        Parameter(
            name="privacy",
            type=Type.STRING,
            help="Who may see the film; AUTO is the account's own setting.",
            default="AUTO",
            choices=("AUTO", "EVERYONE", "ALL_FRIENDS", "FRIENDS_OF_FRIENDS", "SELF"),
        ),
        Parameter(name="no_story", type=Type.BOOLEAN, help="Without a story in feed and timeline.", default=False),
        _secret("api_key", "Key of the Facebook app.", default=NO_KEY),
        _secret("app_secret", "Secret of the Facebook app, for apps that ask for a proof.", default=NO_KEY),
    )
)

_S3_SIGNED = Parameters(
    (
        Parameter(
            name="url",
            type=Type.STRING,
            help="Address for one PUT, signed by its owner.",
            is_required=True,
            is_secret=True,
            check=_checked_address,
        ),
    )
)

DESTINATIONS: Mapping[str, Destination] = MappingProxyType(
    {
        destination.name: destination
        for destination in (
            Destination(name="youtube", title="YouTube", parameters=_YOUTUBE),
            Destination(name="vimeo", title="Vimeo", parameters=_VIMEO),
            Destination(name="facebook", title="Facebook", parameters=_FACEBOOK),
            Destination(name="s3_signed", title="Signed address", parameters=_S3_SIGNED, takes_one=True),
        )
    }
)
"""By name. ``s3_signed`` takes any address that answers a PUT, not S3's alone."""
