"""The main job over HTTP, as a program does it: ``requests`` against a live server."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client

from django_mediacloud import jobs
from django_mediacloud.models import Job, Profile, Video
from tests.servers import LocalServer, Reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(jane: User) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.auth = ("jane", "jane's own")
        yield session


@pytest.fixture
def api(live_server: Any) -> str:
    return f"{live_server.url}/api"


def work() -> None:
    """What a worker would do now."""
    for video in Video.objects.all():
        jobs.ingest(video.pk)
    for job in Job.objects.all():
        jobs.run(job.pk)


def test_an_upload_is_encoded_and_its_files_come_down(session: requests.Session, api: str, profile: Profile) -> None:
    answer = session.post(
        f"{api}/videos/",
        files={"file": ("my film.mov", b"a film of some bytes")},
        data={"profiles": "twin", "title": "Holidays", "payload": "42"},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    video = answer.json()
    assert answer.headers["Location"] == f"{api}/videos/{video['id']}/"
    assert (video["title"], video["payload"], video["state"]) == ("Holidays", "42", "waiting")
    [short] = video["encodings"]
    assert (short["profile_name"], short["state"]) == ("twin", "new")

    work()

    video = session.get(answer.headers["Location"], timeout=60).json()
    assert (video["state"], video["width"], video["height"], video["duration_s"]) == ("ready", 64, 48, 2.0)
    assert video["info"]["video"]["codec"] == "toy"
    [encoding] = session.get(f"{api}/encodings/", params={"video": video["id"]}, timeout=60).json()["results"]
    assert (encoding["id"], encoding["video"], encoding["profile"]) == (
        short["id"],
        video["id"],
        str(profile.public_id),
    )
    job = session.get(f"{api}/jobs/{encoding['id']}/", timeout=60).json()
    assert (job["kind"], job["state"], job["progress"], job["attempt"]) == ("encoding", "succeeded", 100.0, 1)
    assert job["failure"] is None
    assert job["values"] == {"size": 20, "format": "twin"}
    assert [event["to_state"] for event in job["events"]][-2:] == ["collecting", "succeeded"]
    assert [output["name"] for output in job["outputs"]] == ["copies/0.bin", "copies/1.bin"]
    for output in job["outputs"]:
        assert session.get(output["url"], timeout=60).content == b"a film of some bytes"
        assert output["size_bytes"] == 20
    assert session.delete(f"{api}/videos/{video['id']}/", timeout=60).status_code == 204
    assert not Job.objects.exists()


def test_a_page_of_the_site_may_use_its_session(jane: User, live_server: Any, api: str, profile: Profile) -> None:
    client = Client()
    client.force_login(jane)
    cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": "c" * 32}
    given: dict[str, Any] = {"files": {"file": ("film.mov", b"a film")}, "data": {"profiles": "twin"}}
    answer = requests.post(f"{api}/videos/", cookies=cookies, timeout=60, **given)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert not Video.objects.exists()
    for more in ({"headers": {"X-CSRFToken": "c" * 32}}, {}):
        data = {"profiles": "twin"} if more else {"profiles": "twin", "csrfmiddlewaretoken": "c" * 32}
        given = {"files": {"file": ("film.mov", b"a film")}, "data": data, **more}
        answer = requests.post(f"{api}/videos/", cookies=cookies, timeout=60, **given)
        assert answer.status_code == 201, answer.text
    assert Video.objects.count() == 2


def test_a_film_comes_from_a_url(session: requests.Session, api: str, profile: Profile, server: LocalServer) -> None:
    server.routes["/film.mov"] = Reply(body=b"from afar")
    asked = {"source_url": server.url("/film.mov"), "profiles": [str(profile.public_id)]}
    video = session.post(f"{api}/videos/", json=asked, timeout=60).json()
    work()
    video = session.get(f"{api}/videos/{video['id']}/", timeout=60).json()
    assert (video["state"], video["size_bytes"], video["original_filename"]) == ("ready", 9, "film.mov")
    assert video["encodings"][0]["state"] == "succeeded"


def test_a_process_converts_a_file(session: requests.Session, api: str) -> None:
    answer = session.post(
        f"{api}/processes/",
        files={"file": ("film.mov", b"bytes")},
        data={"output_format": "twin", "options": '{"count": 1}'},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    process = answer.json()
    assert (process["filename"], process["input_format"], process["output_format"]) == ("film.mov", "mov", "twin")
    work()
    [output] = session.get(f"{api}/processes/{process['id']}/", timeout=60).json()["job"]["outputs"]
    assert session.get(output["url"], timeout=60).content == b"bytes"


def test_a_task_runs(session: requests.Session, api: str) -> None:
    asked = {"operation": "hello", "parameters": {"name": "Jane"}, "metas": {"mine": [1]}, "priority": 5}
    task = session.post(f"{api}/tasks/", json=asked, timeout=60).json()
    assert (task["metas"], task["job"]["state"], task["job"]["priority"]) == ({"mine": [1]}, "queued", 5)
    assert task["job"]["estimate"] == {"place": 1, "waiting_s": 0.0, "remaining_s": None, "is_unattended": False}
    work()
    task = session.get(f"{api}/tasks/{task['id']}/", timeout=60).json()
    assert task["job"]["values"] == {"result": "Hello Jane"}


def test_large_files_are_never_whole_in_memory(session: requests.Session, api: str, profile: Profile) -> None:
    size_bytes = 48 * 1024 * 1024
    frame = b"--X\r\nContent-Disposition: form-data; name=%s\r\n\r\n"
    piece = bytes(65536)

    def body() -> Iterator[bytes]:
        yield frame % b'"profiles"' + b"twin\r\n"
        yield frame % b'"file"; filename="film.mov"'
        for _ in range(size_bytes // len(piece)):
            yield piece
        yield b"\r\n--X--\r\n"

    length = sum(len(part) for part in body())
    headers = {"Content-Type": "multipart/form-data; boundary=X", "Content-Length": str(length)}
    request = requests.Request("POST", f"{api}/videos/", data=body(), auth=session.auth).prepare()
    request.headers.pop("Transfer-Encoding", None)
    request.headers.update(headers)
    tracemalloc.start()
    try:
        answer = session.send(request, timeout=60)
        _, peak_up = tracemalloc.get_traced_memory()
        assert answer.status_code == 201, answer.text
        video = Video.objects.get()
        assert video.size_bytes == size_bytes
        tracemalloc.stop()
        # The toy cloud reads its files whole: leave it out.
        job = Job.objects.get()
        job.outputs.create(
            attempt=1, name="film.mov", storage=video.storage, path=video.path, size_bytes=size_bytes, is_ready=True
        )
        tracemalloc.start()
        with session.get(f"{api}/jobs/{job.public_id}/outputs/film.mov", stream=True, timeout=60) as download:
            got = sum(len(part) for part in download.iter_content(65536))
        _, peak_down = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert got == size_bytes
    assert peak_up < 12 * 1024 * 1024
    assert peak_down < 12 * 1024 * 1024
