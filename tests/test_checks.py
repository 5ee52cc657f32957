"""What ``manage.py check`` says of the settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings

STUPEFLIX = "django_mediacloud.clouds.stupeflix"


def found(**config: Any) -> dict[str, str]:
    """The app's own messages by id."""
    with override_settings(MEDIACLOUD=config):
        return {message.id: message.msg for message in run_checks() if str(message.id).startswith("mediacloud.")}


def found_with(**options: Any) -> dict[str, str]:
    return found(CLOUDS={"flix": {"BACKEND": STUPEFLIX, "OPTIONS": options}})


def never() -> str:
    raise AssertionError("a check must not ask for a secret")


def test_a_cloud_that_has_all_it_needs() -> None:
    assert found_with(secret=never) == found_with(secret="S3CRET") == {}


@pytest.mark.parametrize("options", [{}, {"secret": ""}, {"secret": None}])
def test_a_secret_that_is_missing_is_a_warning(options: dict[str, Any]) -> None:
    assert found_with(**options) == {"mediacloud.W001": "Cloud 'flix' needs its secret in the OPTIONS."}


@pytest.mark.parametrize("base_url", ["", "dragon.stupeflix.com", "http://site.example/v2/"])
def test_an_address_that_will_not_do_is_a_warning(base_url: str) -> None:
    assert list(found_with(secret="S3CRET", base_url=base_url)) == ["mediacloud.W001"]


def test_plain_http_where_it_is_allowed() -> None:
    assert found_with(secret="S3CRET", base_url="http://site.example/v2/", allow_http=True) == {}


def test_an_option_that_is_not_known_is_an_error() -> None:
    assert found_with(secret="S3CRET", sceret="a") == {"mediacloud.E002": "Cloud 'flix' has unknown options: sceret."}


def test_an_endpoint_for_a_destination_that_does_not_exist() -> None:
    assert found(DELIVERY_ENDPOINTS={"youtube": "https://proxy.example"}) == {}
    assert found(DELIVERY_ENDPOINTS={"yuotube": "https://proxy.example"}) == {
        "mediacloud.E004": "MEDIACLOUD['DELIVERY_ENDPOINTS'] names no destination: 'yuotube'."
    }


@pytest.mark.parametrize("endpoints", [["youtube"], {"youtube": 5}, {"youtube": "proxy.example"}])
def test_an_endpoint_that_is_no_address(endpoints: Any) -> None:
    assert found(DELIVERY_ENDPOINTS=endpoints) == {
        "mediacloud.E001": "MEDIACLOUD['DELIVERY_ENDPOINTS'] must be a dictionary of http or https addresses."
    }


def test_a_site_without_time_zones_is_refused(settings: Any) -> None:
    settings.USE_TZ = False

    assert list(found()) == ["mediacloud.E005"]


class ReadsFromReplica:
    def db_for_read(self, model: Any, **hints: Any) -> str:
        return "replica"


class ReadsOtherAppsFromReplica:
    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return None if model._meta.app_label == "mediacloud" else "replica"


def test_a_router_that_reads_the_apps_tables_from_a_replica_is_a_warning() -> None:
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.ReadsFromReplica"]):
        (message,) = found().items()
    assert message[0] == "mediacloud.W002"
    assert "from 'replica' and writes them to 'default'" in message[1]
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.ReadsOtherAppsFromReplica"]):
        assert found() == {}
