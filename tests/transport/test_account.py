from __future__ import annotations

import pytest

from django_mediacloud.exceptions import ConfigurationError
from django_mediacloud.transport.account import checked_base_url, checked_credential


@pytest.mark.parametrize(
    ("given", "checked"),
    [
        ("https://example.com/v2", "https://example.com/v2/"),
        ("http://127.0.0.1:8000/v2/", "http://127.0.0.1:8000/v2/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://localhost", "http://localhost/"),
    ],
)
def test_good_addresses_end_on_a_slash(given: str, checked: str) -> None:
    assert checked_base_url(given, allow_http=False) == checked


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "http or https"),
        ("ftp://example.com/", "http or https"),
        ("https://[::1/", "http or https"),
        ("https://anna:SECRET@example.com/", "without credentials"),
        ("https://example.com/?secret=SECRET", "without credentials and query"),
        ("http://example.com/", "unencrypted to example.com"),
        ("http://localhost.example.com/", "unencrypted"),
    ],
)
def test_what_would_lose_a_secret_is_refused(given: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        checked_base_url(given, allow_http=False)
    assert "SECRET" not in str(refused.value)


def test_plain_http_to_another_machine_has_to_be_wanted() -> None:
    assert checked_base_url("http://example.com", allow_http=True) == "http://example.com/"


def test_a_credential_fits_into_a_header() -> None:
    assert checked_credential("secret", "A-b_c~1!") == "A-b_c~1!"
    for value in ("SECRET ", "SECRET\r\nX: y", "SECRETé"):
        with pytest.raises(ConfigurationError, match=r"^secret has blanks") as refused:
            checked_credential("secret", value)
        assert "SECRET" not in str(refused.value)
