"""``mediacloud_accesskey``, as a deploy script calls it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mediacloud.access import recognise
from django_mediacloud.models import AccessKey

from .conftest import Called

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> Called:
    return Called("mediacloud_accesskey", *arguments)


def create(*more: str) -> dict[str, Any]:
    credentials: dict[str, Any] = command("create", "--for", "stupeflix", "--json", *more).json
    return credentials


def test_what_is_printed_opens_and_what_is_stored_does_not() -> None:
    jane = User.objects.create_user("jane")

    credentials = create("--owner", "jane", "--referrer", "Example.com", "--max-per-minute", "5", "--keep-days", "30")

    assert credentials.keys() == {"secret", "api_key"}
    key = recognise("stupeflix", credentials["secret"])
    assert key is not None
    assert (key.owner, key.public_key, key.referrers) == (jane, credentials["api_key"], ["example.com"])
    assert (key.max_per_minute, key.keep_days, key.max_unfinished) == (5, 30, 1000)
    [stored] = AccessKey.objects.values()
    assert credentials["secret"] not in repr(stored)
    assert recognise("stupeflix", stored["secret_digest"]) is None


def test_two_keys_are_never_alike() -> None:
    assert create()["secret"] != create()["secret"]


def test_list_shows_no_secret() -> None:
    secret = create("--name", "the old site")["secret"]

    told, lines = command("list", "--json"), command("list")

    assert [key["name"] for key in told.json] == ["the old site"]
    assert "the old site" in lines.out
    assert secret not in told.out + lines.out


@pytest.mark.parametrize("by", ["id", "public_key"])
def test_a_revoked_key_stays_in_the_list(by: str) -> None:
    create()
    [key] = command("list", "--json").json

    first = command("revoke", key[by], "--json").json
    second = command("revoke", key[by], "--json").json

    assert (first["was_valid"], second["was_valid"]) == (True, False)
    [key] = command("list", "--json").json
    assert key["revoked_at"] is not None


def test_a_public_part_is_written_as_it_was_drawn() -> None:
    public_key = create()["api_key"]
    assert f"No key is called {public_key.upper()!r}" in command("revoke", public_key.upper()).error
    assert AccessKey.objects.valid().exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["create", "--for", "stupeflix", "--owner", "nobody"], "no user 'nobody'"),
        (
            ["create", "--for", "stupeflix", "--referrer", "http://example.com/"],
            "is no host such as example.com. Correct",
        ),
        (["create", "--for", "stupeflix", "--cloud", "nowhere"], "No cloud is called 'nowhere'"),
        (["create", "--for", "nobody"], "invalid choice"),
        (["create", "--for", "stupeflix", "--keep-days", "-1"], "--keep-days: must be between 0 and 2147483647"),
        (["create", "--for", "stupeflix", "--max-unfinished", "many"], "--max-unfinished: 'many' is not a number"),
        (["revoke", "unknown"], "No key is called 'unknown'"),
    ],
)
def test_bad_input_makes_nothing(arguments: list[str], words: str) -> None:
    refused = command(*arguments)

    assert refused.exit_code in {1, 2}
    assert words in refused.error
    assert not AccessKey.objects.exists()


def test_a_cloud_that_the_site_lacks_is_a_mistake_of_the_command_line() -> None:
    refused = command("create", "--for", "stupeflix", "--cloud", "nowhere")

    assert refused.exit_code == 2
    assert refused.error.endswith("Name one with --cloud.")
