"""Answers that clients take slowly, part by part, from real servers on real ports, under ASGI and WSGI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.backends.signals import connection_created

from django_mediacloud.models import Job, Output
from tests.site_servers import asgi_server, until, wsgi_server
from tests.stream_site.urls import PART_BYTES

pytestmark = pytest.mark.django_db(transaction=True)
PLAIN = {"Accept-Encoding": "identity"}


@pytest.mark.parametrize("serve", [asgi_server, wsgi_server])
def test_parts_come_in_their_order(settings: Any, make_jobs: Callable[..., list[Job]], serve: Any) -> None:
    settings.ROOT_URLCONF = "tests.stream_site.urls"
    make_jobs(2)
    with serve() as site:
        body = requests.get(f"{site}/parts", headers=PLAIN, timeout=60).content

    assert (len(body), body.split()) == (3 * (PART_BYTES + 1), [b"2"] * 3)


@pytest.fixture
def film(make_jobs: Callable[..., list[Job]]) -> Iterator[int]:
    """The size of the only produced file."""
    (job,) = make_jobs(1)
    size_bytes = 3 * PART_BYTES
    path = default_storage.save("film.mp4", ContentFile(b" " * size_bytes))
    Output.objects.create(
        job=job, attempt=1, name="film.mp4", storage="default", path=path, size_bytes=size_bytes, is_ready=True
    )
    yield size_bytes
    default_storage.delete(path)


@pytest.mark.parametrize("page", ["parts", "file"])
def test_a_slow_reader_holds_no_connection(settings: Any, film: int, page: str) -> None:
    settings.ROOT_URLCONF = "tests.stream_site.urls"
    opened: list[Any] = []

    def see(connection: Any, **_kwargs: object) -> None:
        opened.append(connection)

    connection_created.connect(see)
    try:
        with (
            asgi_server() as site,
            requests.get(f"{site}/{page}", headers=PLAIN, stream=True, timeout=60) as answer,
        ):
            pieces = answer.iter_content(65_536)
            first = next(pieces)
            # The rest fills every buffer on the way: the server waits for the client.
            until(lambda: all(each.connection is None for each in opened))
            assert len(opened) == 1
            assert len(first) + sum(map(len, pieces)) == film + (3 if page == "parts" else 0)
    finally:
        connection_created.disconnect(see)
