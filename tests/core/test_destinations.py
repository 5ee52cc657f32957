from __future__ import annotations

import json
from typing import Any

import pytest

from django_mediacloud.core.destinations import DESTINATIONS
from django_mediacloud.core.parameters import REQUIRED_MESSAGE
from django_mediacloud.exceptions import InvalidParameters

OAUTH1 = dict.fromkeys(("consumer_key", "consumer_secret", "access_token_key", "access_token_secret"), "x")


def clean(name: str, **given: Any) -> dict[str, Any]:
    return DESTINATIONS[name].parameters.clean(given)


def errors(name: str, **given: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidParameters) as caught:
        clean(name, **given)
    return caught.value.errors


def test_what_is_left_out_has_the_references_defaults() -> None:
    assert clean("youtube", access_token="a", developer_key="d", title="t") == {
        "access_token": "a",
        "developer_key": "d",
        "title": "t",
        "description": None,
        "tags": [],
        "category_id": 22,
        "privacy_status": "public",
    }
    assert clean("facebook", access_token="a") == {
        "access_token": "a",
        "title": None,
        "description": None,
        "privacy": "AUTO",
        "no_story": False,
        "api_key": "-",
        "app_secret": "-",
    }


@pytest.mark.parametrize(
    ("name", "required"),
    [
        ("youtube", ["access_token", "developer_key", "title"]),
        ("facebook", ["access_token"]),
        ("s3_signed", ["url"]),
    ],
)
def test_what_must_be_given(name: str, required: list[str]) -> None:
    assert errors(name) == {parameter: [REQUIRED_MESSAGE] for parameter in required}


def test_vimeo_takes_either_key() -> None:
    assert clean("vimeo", oauth2_token="t")["oauth2_token"] == "t"
    assert clean("vimeo", **OAUTH1)["consumer_key"] == "x"
    assert clean("vimeo", oauth2_token="t", consumer_key="x")["oauth2_token"] == "t"


def test_vimeo_names_what_is_missing() -> None:
    assert list(errors("vimeo")) == ["oauth2_token"]
    assert list(errors("vimeo", **{**OAUTH1, "consumer_secret": " "})) == ["consumer_secret"]


@pytest.mark.parametrize(
    ("name", "given", "wrong"),
    [
        ("youtube", {"privacy_status": "secret"}, "privacy_status"),
        ("youtube", {"category_id": 0}, "category_id"),
        ("youtube", {"tags": "a,b"}, "tags"),
        ("youtube", {"access_token": "a\r\nX-Evil: 1"}, "access_token"),
        ("youtube", {"access_token": "tökén"}, "access_token"),
        ("facebook", {"privacy": "FRIENDS"}, "privacy"),
        ("s3_signed", {"url": "ftp://a.example/b"}, "url"),
        ("s3_signed", {"url": "/etc/passwd"}, "url"),
        ("s3_signed", {"url": "http://[::1/b"}, "url"),
    ],
)
def test_what_is_refused(name: str, given: dict[str, Any], wrong: str) -> None:
    assert errors(name, **given)[wrong] != [REQUIRED_MESSAGE]


@pytest.mark.parametrize("value", ["s3cr et", "s3cr\net", "s3cr\u00e9t"])
def test_a_refused_token_is_not_repeated(value: str) -> None:
    assert "s3cr" not in str(errors("facebook", access_token=value))


def test_a_signed_address_is_no_file_to_fetch() -> None:
    assert DESTINATIONS["s3_signed"].parameters.file_names == ()


def test_whatever_opens_an_account_is_secret() -> None:
    secret = {(name, item.name) for name, place in DESTINATIONS.items() for item in place.parameters if item.is_secret}
    assert secret == {
        ("youtube", "access_token"),
        ("youtube", "developer_key"),
        *(("vimeo", name) for name in ("oauth2_token", *OAUTH1)),
        ("facebook", "access_token"),
        ("facebook", "api_key"),
        ("facebook", "app_secret"),
        ("s3_signed", "url"),
    }


def test_every_destination_has_a_schema_that_is_json() -> None:
    for name, destination in DESTINATIONS.items():
        assert destination.name == name
        assert json.loads(json.dumps(destination.parameters.json_schema()))["properties"]
