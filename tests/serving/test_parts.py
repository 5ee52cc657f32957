"""Answers that are made part by part, from real servers on real ports, under ASGI and WSGI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.db.backends.signals import connection_created

from django_mediacloud.models import Job
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


def test_a_slow_reader_holds_no_connection(settings: Any, make_jobs: Callable[..., list[Job]]) -> None:
    settings.ROOT_URLCONF = "tests.stream_site.urls"
    make_jobs(2)
    opened: list[Any] = []

    def see(connection: Any, **_kwargs: object) -> None:
        opened.append(connection)

    connection_created.connect(see)
    try:
        with (
            asgi_server() as site,
            requests.get(f"{site}/parts", headers=PLAIN, stream=True, timeout=60) as answer,
        ):
            pieces = answer.iter_content(65_536)
            first = next(pieces)
            # The rest of the part fills every buffer on the way: the server waits for the client.
            until(lambda: all(each.connection is None for each in opened))
            assert len(opened) == 1
            assert len(first) + sum(map(len, pieces)) == 3 * (PART_BYTES + 1)
    finally:
        connection_created.disconnect(see)
