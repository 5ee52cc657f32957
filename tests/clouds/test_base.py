"""What ``Cloud`` has for all adapters."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from django_mediacloud.clouds.base import Cloud, Work
from django_mediacloud.core.capabilities import Capabilities, OperationInfo
from django_mediacloud.core.parameters import Parameter, Parameters, Type
from django_mediacloud.core.spec import Snapshot
from django_mediacloud.core.states import State
from django_mediacloud.exceptions import CloudRejected, ConfigurationError

JOIN = OperationInfo(
    name="join",
    summary="Many after one.",
    parameters=Parameters(
        (
            Parameter(name="url", type=Type.URL),
            Parameter(name="urls", type=Type.URLS),
            Parameter(name="width", type=Type.INTEGER),
            Parameter(name="crop", type=Type.BOOLEAN, default=False),
        )
    ),
)


class Adapter(Cloud):
    options = {"key": "", "base_url": "https://example.com/"}
    secrets = ("key",)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(operations={JOIN.name: JOIN}, is_remote=True)

    def submit(self, work: Work) -> Snapshot:
        return Snapshot(state=State.RUNNING, remote_id="1")


def work(tmp_path: Path, **urls: list[str]) -> Work:
    inputs: Any = {name: [SimpleNamespace(url=url) for url in given] for name, given in urls.items()}
    parameters = {"width": None, "crop": False}
    return Work(
        token="t", operation="join", parameters=parameters, inputs=inputs, workdir=tmp_path, beat=lambda _progress: None
    )


def test_files_go_by_their_addresses(tmp_path: Path) -> None:
    given = work(tmp_path, url=["https://a/1"], urls=["https://a/2"])
    assert Adapter("any", {}).parameters_by_url(given) == {"url": "https://a/1", "urls": ["https://a/2"], "crop": False}


def test_a_file_that_nobody_can_fetch_is_named(tmp_path: Path) -> None:
    with pytest.raises(CloudRejected, match=r"^urls: the service cannot fetch") as refused:
        Adapter("any", {}).parameters_by_url(work(tmp_path, url=["https://a/1"], urls=["https://a/2", ""]))
    assert (refused.value.code, refused.value.cloud) == ("source_unreachable", "any")


@pytest.mark.parametrize("given", ["S3CRET", lambda: "S3CRET"])
def test_a_secret_is_a_text_or_a_function(given: Any) -> None:
    assert Adapter("any", {"key": given}).secret("key") == "S3CRET"


@pytest.mark.parametrize("given", ["", None, 5, lambda: "", lambda: None, lambda: b"S3CRET"])
def test_what_is_no_secret_is_named_and_not_shown(given: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Adapter("any", {"key": given}).secret("key")
    assert str(refused.value) == "Cloud 'any' needs its key in the OPTIONS."


def test_an_address_that_will_not_do_is_a_problem() -> None:
    assert Adapter("any", {"key": "k"}).problems() == []
    [problem] = Adapter("any", {"key": "k", "base_url": "http://example.com/"}).problems()
    assert problem == "Cloud 'any': The credentials would travel unencrypted to example.com."
