"""What earlier revisions of the documentation had: /v1, and the methods that lead to a file by a redirect."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from django_mediacloud.access import issue
from django_mediacloud.clouds.stupeflix import wire
from django_mediacloud.models import Job
from django_mediacloud.serving import streams
from tests.media import MediaFactory
from tests.servers import LocalServer, Reply

from .conftest import Api, working
from .sites import DATE, KEY, SITES

pytestmark = pytest.mark.django_db(transaction=True)


def thumb(assets: LocalServer, **more: Any) -> dict[str, Any]:
    return {"task_name": "image.thumb", "url": assets.url("/image.jpg"), "width": 8, **more}


# --- create_file and file


@pytest.mark.parametrize("kind", SITES)
def test_create_file_leads_to_the_output(kind: str, secret: str, assets: LocalServer) -> None:
    with SITES[kind]() as base, working():
        api = Api(base, secret)
        for path in ("create_file/output", "create_file/", "create_file"):
            answer = api.post(f"v2/{path}", {"task": thumb(assets)}, allow_redirects=False)
            assert answer.status_code == 302, answer.text
            assert answer.headers["Location"].startswith(f"{base}storage/")
            assert requests.get(answer.headers["Location"], timeout=60).headers["Content-Type"] == "image/jpeg"
        key = answer.headers["Location"].split("/")[-2]
        for path in ("file/output", "file/", "file"):
            again = api.get(f"v2/{path}", task=key)
            assert (again.status_code, again.headers["Location"]) == (302, answer.headers["Location"])


def test_what_takes_too_long_is_waited_for_elsewhere_and_not_made_again(
    api: Api, base: str, secret: str, assets: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 would make clients send the creation again."""
    with monkeypatch.context() as patched:
        patched.setattr(streams, "MAX_WSGI_STREAM_S", 0.1)
        made = api.post("v2/create_file/output", {"task": thumb(assets)}, allow_redirects=False)
        hello = api.get("hello/", name="John")
        keys = [wire.render_key(job.public_id) for job in Job.objects.order_by("pk")]
        assert [answer.status_code for answer in (made, hello)] == [302, 302], made.text
        assert made.headers["Location"] == f"{base}v2/file/output?task={keys[0]}"
        assert hello.headers["Location"] == f"{base}{keys[1]}/"
        assert requests.get(made.headers["Location"], timeout=60).status_code == 503

    with working():
        assert requests.get(made.headers["Location"], timeout=60).headers["Content-Type"] == "image/jpeg"
        assert requests.get(hello.headers["Location"], timeout=60).json() == "Hello John"
    assert Job.objects.count() == 2


@pytest.mark.usefixtures("worker")
def test_an_image_of_a_page(base: str, secret: str, assets: LocalServer) -> None:
    """``<img src="...">``: everything is in the query."""
    query = thumb(assets, crop="true", height=8)
    picture = requests.get(f"{base}v2/create_file/output", params={**query, "secret": secret}, timeout=60)
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert Job.objects.get().parameters["crop"] is True

    urls = [assets.url("/image.jpg")] * 2
    strip = {"task_name": "image.strip", "urls": urls, "width": 8, "height": 6, "secret": secret}
    assert requests.get(f"{base}v2/create_file/", params=strip, timeout=60).headers["Content-Type"] == "image/jpeg"
    store = {**query, "task_store": '{"type": "volatile"}', "secret": secret}
    assert requests.get(f"{base}v2/create_file/", params=store, timeout=60).status_code == 200
    assert Job.objects.latest("pk").keep_s == 7 * 86_400


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(("version", "name"), [("v1", "message"), ("v2", "error")])
def test_a_file_that_the_task_does_not_make(
    api: Api, assets: LocalServer, media: MediaFactory, version: str, name: str
) -> None:
    assets.routes["/film.mp4"] = Reply(body=media.video())
    sprite = {"task_name": "video.sprite", "url": assets.url("/film.mp4")}

    for filename in ("medium", ""):
        answer = api.post(f"{version}/create_file/{filename}", {"task": sprite})
        assert answer.status_code == 404
        assert answer.json() == {
            "status": "error",
            name: f"{filename!r} is not a valid filename, choose one of: 'output', 'sprite'",
        }
    for filename in ("output", ""):
        none = api.post(f"{version}/create_file/{filename}", {"task": {"task_name": "hello", "name": "John"}})
        assert none.status_code == 404


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_only_file_of_a_task_may_be_called_anything(
    base: str, secret: str, assets: LocalServer, version: str
) -> None:
    """The examples: ``<img src=".../create_file/cat.jpg?task_name=image.thumb&url=...">``, ``file/cat.jpg?task=``."""
    query = {**thumb(assets), "secret": secret}

    made = requests.get(f"{base}{version}/create_file/cat.jpg", params=query, timeout=60, allow_redirects=False)
    key = made.headers["Location"].split("/")[-2]
    found = requests.get(f"{base}{version}/file/cat.jpg", params={"task": key}, timeout=60)

    assert made.status_code == 302
    assert (found.url, found.headers["Content-Type"]) == (made.headers["Location"], "image/jpeg")


@pytest.mark.usefixtures("worker")
def test_a_file_of_a_task_that_fails(api: Api, assets: LocalServer) -> None:
    refused = api.post("v2/create_file/output", {"task": thumb(assets, rotation=45)})
    assert refused.status_code == 400
    assert refused.json()["error"]["parameters"].keys() == {"rotation"}
    failed = api.post("v2/create_file/output", {"task": thumb(assets, url=assets.url("/none.jpg"))})
    assert (failed.status_code, failed.json()["status"]) == (400, "error")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "task"),
        ({"task": []}, "task"),
        ({"task": 5}, "task"),
        ({"task": [{}, {}]}, "task.0.task_name"),
        ({"task": {"width": 5}}, "task.task_name"),
    ],
)
def test_create_file_without_a_task(api: Api, body: Any, name: str) -> None:
    answer = api.post("v2/create_file/output", body)

    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert (error["name"], error["description"].split()[0]) == (name, name)
    assert not Job.objects.exists()


def test_files_of_nothing(api: Api, base: str) -> None:
    assert requests.get(f"{base}v2/create_file/output?task_name=hello", timeout=60).status_code == 401
    assert api.get("v2/file/output").status_code == 400
    assert api.get("v2/file/output", task="A" * 26).status_code == 404
    assert api.get("v2/create_file/output").json()["errors"][0]["name"] == "task_name"
    wrong = api.get("v2/create_file/output", task_name="hello", name="J", task_store="{")
    assert (wrong.status_code, wrong.json()["errors"][0]["name"]) == (400, "task_store")


# --- /v1


def test_the_first_version(api: Api, assets: LocalServer) -> None:
    task = {"task_name": "image.thumb", "url": assets.url("/image.jpg"), "width": 8, "rot": 90, "thumbtype": "png"}
    [created] = api.post("v1/create", {"tasks": [task]}).json()
    with working():
        [status] = api.get("v1/status", tasks=created["key"], block="true").json()

    assert KEY.fullmatch(status["key"])
    assert all(DATE.fullmatch(moment) for moment in status["events"].values())
    assert requests.get(status["result"]["output"], timeout=60).headers["Content-Type"] == "image/png"
    job = Job.objects.get()
    assert (job.parameters["rotation"], job.keep_s) == (90, 7 * 86_400)
    assert api.get("v2/storage/files/").json()["directories"] == []
    # The old names are the old version's.
    [refused] = api.create(task)
    assert refused["error"]["parameters"].keys() == {"rot", "thumbtype"}


def test_errors_of_the_first_version_stand_under_result(api: Api, assets: LocalServer) -> None:
    [refused, failing] = api.post(
        "v1/create", {"tasks": [thumb(assets, rotation=45), thumb(assets, url=assets.url("/no"))]}
    ).json()
    with working():
        [again, failed] = api.get("v1/status", tasks=[refused["key"], failing["key"]], block="true").json()

    assert refused == again
    assert refused["result"]["parameters"].keys() == {"rotation"}
    assert isinstance(failed["result"], str)
    for status in (refused, failed):
        assert status["status"] == "error"
        assert "error" not in status
    # The same tasks, asked for by the newer version.
    told = api.get("v2/status", tasks=[refused["key"], failing["key"]]).json()
    assert [status["error"] for status in told] == [refused["result"], failed["result"]]


def test_keys_that_the_first_version_does_not_know(api: Api) -> None:
    [created] = api.post("v1/create", {"tasks": {"task_name": "hello", "name": "John"}}).json()

    answer = api.get("v1/status", tasks=[created["key"], "A" * 26])

    assert answer.status_code == 404
    assert answer.json().keys() == {"status", "message"}
    file = api.get("v1/file/output", task="A" * 26)
    assert file.status_code == 404


@pytest.mark.parametrize("kind", SITES)
def test_streams_of_the_first_version(kind: str, secret: str) -> None:
    tasks = [{"task_name": "hello", "name": "John"}, {"task_name": "hello"}]
    with SITES[kind]() as base, working():
        answer = Api(base, secret).post("v1/create_stream", {"tasks": tasks})
    first, *changes = answer.text.split("\n")
    assert '"result":{"parameters":{"name"' in first
    assert '"Hello John"' in (changes or [first])[-1]


@pytest.mark.usefixtures("one_minute")
def test_limits_of_the_first_version(base: str) -> None:
    api = Api(base, issue("stupeflix", max_per_minute=1).credentials["secret"])
    answers = [api.post("v1/create", {"tasks": {"task_name": "hello", "name": "J"}}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json().keys() == {"status", "message"}
