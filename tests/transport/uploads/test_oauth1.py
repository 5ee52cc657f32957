from __future__ import annotations

import logging

import pytest
from oauthlib.oauth1 import Client

from django_mediacloud.transport.uploads.oauth1 import OAuth1

URL = "https://vimeo.com/api/rest/v2"
FORM = {"method": "vimeo.videos.setTitle", "title": "a b&c=d/ü"}
KEYS = OAuth1(consumer_key="SECRETck", consumer_secret="SECRETcs", token="SECRETtk", token_secret="SECRETts")


def parts(value: str) -> dict[str, str]:
    scheme, _, rest = value.partition(" ")
    assert scheme == "OAuth"
    return dict(item.split("=", 1) for item in rest.replace('"', "").split(", "))


def test_the_signature_is_the_librarys_own() -> None:
    ours = parts(KEYS.authorization("POST", URL, FORM))
    client = Client(
        "SECRETck",
        client_secret="SECRETcs",
        resource_owner_key="SECRETtk",
        resource_owner_secret="SECRETts",
        nonce=ours["oauth_nonce"],
        timestamp=ours["oauth_timestamp"],
    )
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    _url, headers, _body = client.sign(URL, http_method="POST", body=FORM, headers=form_type)
    assert parts(headers["Authorization"]) == ours


def test_no_nonce_comes_twice() -> None:
    assert len({parts(KEYS.authorization("POST", URL, FORM))["oauth_nonce"] for _ in range(50)}) == 50


def test_nothing_is_logged_though_the_librarys_own_way_would(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    KEYS.authorization("POST", URL, FORM)
    assert "SECRET" not in caplog.text
    assert "SECRET" not in repr(KEYS)
    Client("SECRETck", client_secret="SECRETcs", resource_owner_key="SECRETtk").sign(URL)
    assert "SECRETtk" in caplog.text
