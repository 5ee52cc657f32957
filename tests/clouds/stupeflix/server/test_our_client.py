"""That our client and our server agree. That they are right is for the recordings and the documentation to show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from django_mediacloud.access import Issued
from django_mediacloud.clouds.stupeflix.client import (
    Stupeflix,
    StupeflixRejected,
    StupeflixUnauthorized,
    TaskDefinition,
    TaskFailed,
)
from django_mediacloud.transport.call import Patience
from tests.servers import LocalServer

from .conftest import work


@pytest.fixture(params=["header", "body"])
def client(request: pytest.FixtureRequest, base: str, secret: str) -> Iterator[Stupeflix]:
    with Stupeflix(
        secret=secret, base_url=base + "v2/", credentials_in=request.param, patience=Patience(retries=0)
    ) as client:
        yield client


def test_tasks_and_their_files(client: Stupeflix, assets: LocalServer) -> None:
    thumb = TaskDefinition(task_name="image.thumb", parameters={"url": assets.url("/image.jpg"), "width": 32})

    created = client.create([thumb, {"task_name": "hello", "name": "John"}])
    assert [status.status for status in created] == ["queued", "queued"]
    work()

    first, second = client.wait([status.key for status in created])
    assert first.result["width"] == 32
    assert second.result == "Hello John"
    assert client.status(first.key, method="GET")[0].result == first.result
    assert [status.status for status in client.status_stream([first.key, second.key])] == ["success", "success"]

    listing = client.storage_files(first.key)
    assert len(listing.files) == 1
    deletion = client.delete_files(first.key + "/")
    assert deletion.deleted == (f"{first.key}/{listing.files[0].name}",)
    assert deletion.freed_bytes == listing.files[0].size_bytes
    assert client.storage_files(first.key).files == ()


def test_lifetime(client: Stupeflix) -> None:
    assert client.get_expiration() == 0
    client.set_expiration(7)
    assert client.get_expiration() == 7


def test_refusals(client: Stupeflix, base: str) -> None:
    with pytest.raises(TaskFailed) as failed:
        client.run({"task_name": "hello", "name": {}})
    assert list(failed.value.status.parameter_errors) == ["name"]
    with pytest.raises(StupeflixRejected, match=r"tasks\.0\.task_name is missing"):
        client.create([{}])
    with Stupeflix(secret="A" * 26, base_url=base + "v2/") as stranger, pytest.raises(StupeflixUnauthorized):
        stranger.create({"task_name": "hello"})


def test_an_api_key_with_its_referrer(base: str, issued: Issued) -> None:
    def page(referrer: str) -> Stupeflix:
        return Stupeflix(api_key=issued.credentials["api_key"], referrer=referrer, base_url=base + "v2/")

    with page("https://example.com/page") as ours:
        assert ours.create({"task_name": "hello", "name": "Jane"})[0].status == "queued"
    with page("https://elsewhere.example/") as other, pytest.raises(StupeflixUnauthorized):
        other.create({"task_name": "hello", "name": "Jane"})


@pytest.mark.usefixtures("worker")
def test_what_a_worker_does_is_heard(client: Stupeflix) -> None:
    with client.create_stream([{"task_name": "hello", "name": name} for name in ("John", "Jane")]) as stream:
        last = {status.key: status for status in stream}
    assert [last[key].result for key in stream.keys] == ["Hello John", "Hello Jane"]
    assert client.run({"task_name": "hello", "name": "Zoë"}).result == "Hello Zoë"
    assert client.create({"task_name": "hello", "name": "Ann"}, block=True)[0].result == "Hello Ann"
