"""Produced files come down whole or in parts, to their owner only, and cannot act in the site's name."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import AsyncClient

from django_mediacloud.models import Job, Output
from django_mediacloud.serving import is_shown

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def address(encoded):
    job = encoded(CONTENT)
    return f"/api/jobs/{job.public_id}/outputs/copies/0.bin"


def body_of(answer):
    return answer.getvalue() if answer.streaming else answer.content


def test_whole(address, as_jane):
    answer = as_jane.get(address)
    assert answer.status_code == 200
    assert body_of(answer) == CONTENT
    assert answer["Content-Type"] == "application/x-copy"
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Content-Disposition"] == 'attachment; filename="0.bin"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Cache-Control"] == "private, no-cache"


def test_its_address_is_the_one_that_is_listed(address, as_jane):
    urls = [output["url"] for output in as_jane.get("/api/outputs/").json()["results"]]
    assert f"http://testserver{address}" in urls


@pytest.mark.parametrize(
    ("asked", "start", "stop"), [("bytes=0-99", 0, 100), ("bytes=10200-", 10200, 10240), ("bytes=-5", 10235, 10240)]
)
def test_a_part(address, as_jane, asked, start, stop):
    answer = as_jane.get(address, headers={"Range": asked})
    assert answer.status_code == 206
    assert body_of(answer) == CONTENT[start:stop]
    assert answer["Content-Range"] == f"bytes {start}-{stop - 1}/10240"
    assert answer["Content-Length"] == str(stop - start)
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_beyond_the_end(address, as_jane):
    answer = as_jane.get(address, headers={"Range": "bytes=10240-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */10240")


def test_a_part_of_a_file_that_has_changed_is_the_whole_one(address, as_jane):
    etag = as_jane.get(address)["ETag"]
    assert as_jane.get(address, headers={"Range": "bytes=0-9", "If-Range": etag}).status_code == 206
    assert as_jane.get(address, headers={"Range": "bytes=0-9", "If-Range": '"old"'}).status_code == 200


def test_what_one_has_already_is_not_sent(address, as_jane):
    etag = as_jane.get(address)["ETag"]
    answer = as_jane.get(address, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert as_jane.get(address, headers={"If-Match": '"old"'}).status_code == 412


def test_head(address, as_jane):
    answer = as_jane.head(address)
    assert (answer.status_code, answer["Content-Length"], body_of(answer)) == (200, "10240", b"")


def test_whatever_a_player_accepts(address, as_jane):
    assert as_jane.get(address, headers={"Accept": "video/webm"}).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "served", "shown"),
    [
        ("video/mp4", "video/mp4", True),
        ("audio/mpeg", "audio/mpeg", True),
        ("image/jpeg", "image/jpeg", True),
        ("text/vtt; charset=utf-8", "text/vtt", True),
        ("application/vnd.apple.mpegurl", "application/vnd.apple.mpegurl", True),
        ("text/html", "text/html", False),
        ("TEXT/HTML", "text/html", False),
        ("image/svg+xml", "image/svg+xml", False),
        ("application/xhtml+xml", "application/xhtml+xml", False),
        ("application/pdf", "application/pdf", False),
        ("", "application/octet-stream", False),
        ("video/mp4\r\nX-Evil: 1", "application/octet-stream", False),
        ("video/<script>", "application/octet-stream", False),
    ],
)
def test_what_could_act_is_never_shown(address, as_jane, content_type, served, shown):
    Output.objects.update(content_type=content_type)
    answer = as_jane.get(address)
    assert answer["Content-Type"] == served
    assert answer["Content-Disposition"].startswith("inline" if shown else "attachment")
    assert is_shown(served) is shown
    assert body_of(answer) == CONTENT


def test_a_name_cannot_break_the_header(address, encoded, as_jane):
    Output.objects.filter(name="copies/0.bin").update(name='a"b;é\\.mp4')
    job = Job.objects.get()
    answer = as_jane.get(f"/api/jobs/{job.public_id}/outputs/" + 'a"b;é\\.mp4')
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''a%22b%3B%C3%A9%5C.mp4"
    body_of(answer)


@pytest.mark.parametrize(
    "name", ["nothing", "copies", "../../../db.sqlite3", "copies/../copies/0.bin", "%00", "copies/0.bin/"]
)
def test_only_names_that_are_listed(address, as_jane, name):
    assert as_jane.get(address.replace("copies/0.bin", name)).status_code == 404


def test_not_before_it_is_ready_nor_after_it_expired(address, as_jane):
    Output.objects.update(expires_at="2001-01-01T00:00:00Z")
    assert as_jane.get(address).status_code == 404
    assert as_jane.get("/api/outputs/").json()["results"] == []
    Output.objects.update(expires_at="2100-01-01T00:00:00Z")
    assert as_jane.get(address).status_code == 200
    Output.objects.update(is_ready=False)
    assert as_jane.get(address).status_code == 404


def test_a_file_that_is_gone_is_told(address, as_jane, settings):
    default_storage.delete(Output.objects.get(name="copies/0.bin").path)
    answer = as_jane.get(address)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    settings.STORAGES = {**settings.STORAGES, "gone": {"BACKEND": "no.such.Storage"}}
    Output.objects.update(storage="gone")
    answer = as_jane.get(address)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage")


@pytest.mark.django_db(transaction=True)
def test_under_asgi_it_is_streamed_too(encoded, jane):
    """Django reads a plain stream whole into memory there."""
    job = encoded()
    output = job.outputs.first()
    size_bytes = 32 * 1024 * 1024
    output.path = default_storage.save("large.bin", ContentFile(bytes(size_bytes)))
    output.save()
    client = AsyncClient()
    client.force_login(jane)

    async def fetch() -> tuple[int, int]:
        answer = await client.get(f"/api/jobs/{job.public_id}/outputs/{output.name}", headers={"Range": "bytes=1-"})
        got = 0
        async for piece in answer.streaming_content:
            got += len(piece)
        answer.close()
        # In the thread that has answered.
        await sync_to_async(lambda: connection.close())()
        return answer.status_code, got

    tracemalloc.start()
    try:
        assert asyncio.run(fetch()) == (206, size_bytes - 1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        default_storage.delete(output.path)
    assert peak < 8 * 1024 * 1024


def test_what_was_delivered_to_a_platform_is_there(address, as_jane, client):
    url = "https://www.youtube.com/watch?v=dQw4w9WgXc_"
    Output.objects.update(url=url, storage="", path="")

    answer = as_jane.get(address)

    assert (answer.status_code, answer["Location"]) == (302, url)
    assert "Location" not in client.get(address)


def test_nobody_is_led_to_a_script(address, as_jane):
    Output.objects.update(url="javascript:alert(1)", storage="", path="")

    answer = as_jane.get(address)

    assert answer.status_code == 400
    assert "Location" not in answer
