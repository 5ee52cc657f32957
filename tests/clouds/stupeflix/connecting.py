"""A client for the tests' own servers."""

from __future__ import annotations

import socket
import threading
from typing import Any

from django_mediacloud.clouds.stupeflix.client import Stupeflix
from django_mediacloud.transport.call import Patience
from tests.servers import LocalServer, RawServer

SECRET = "QJZTXA3LNZKQ6X4RPGQ5EHRSMI"
TASK = {"task_name": "image.info", "url": "http://files.com/image.jpg"}


def connect(server: LocalServer | RawServer, **options: Any) -> Stupeflix:
    options = {"patience": Patience(retries=2, backoff_s=0.01), **options}
    if "api_key" not in options:
        options.setdefault("secret", SECRET)
    return Stupeflix(base_url=server.url("/v2/"), **options)


def hang_up(client: socket.socket, _stopping: threading.Event) -> None:
    client.recv(65_536)
