from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.access import Issued, issue
from django_mediacloud.models import Job
from django_mediacloud.serving import places
from django_mediacloud.serving.hub import Hub, get_hub
from tests.media import MediaFactory
from tests.servers import LocalServer, Reply
from tests.site_servers import until

from .sites import SITES

LOCAL = {"default": {"BACKEND": "django_mediacloud.clouds.local"}}


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    """The site with the real engine; assets lie on servers of this machine."""
    with override_settings(MEDIACLOUD={"CLOUDS": LOCAL, "RETRY_DELAYS_S": [], "FETCH": {"ALLOW": ["127.0.0.1"]}}):
        yield
    cache.clear()


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Looks more often than usual; nobody is left watching, and no place taken, when a test is over."""
    monkeypatch.setattr(Hub, "LOOK_S", {})
    monkeypatch.setattr(Hub, "USUAL_LOOK_S", 0.05)
    yield get_hub()
    until(lambda: not get_hub().is_running)
    assert get_hub().watched == 0
    until(lambda: not (places._rooms.wsgi or places._rooms.asgi))


@pytest.fixture
def jane(transactional_db: None) -> User:
    return User.objects.create_user("jane")


@pytest.fixture
def issued(jane: User) -> Issued:
    """Jane's key; pages of example.com may use its public part."""
    return issue("stupeflix", owner=jane, referrers=["example.com"])


@pytest.fixture
def secret(issued: Issued) -> str:
    return issued.credentials["secret"]


@pytest.fixture
def base(live_server: Any) -> str:
    return f"{live_server.url}/stupeflix/"


class Api:
    """The server, spoken to as a program would with ``requests``."""

    def __init__(self, base: str, secret: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Secret {secret}"

    def post(self, path: str, body: Any, **more: Any) -> requests.Response:
        return self.session.post(self.base + path, json=body, timeout=60, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.base + path, params=query, timeout=60, allow_redirects=False)

    def delete(self, path: str, body: Any = None) -> requests.Response:
        return self.session.delete(self.base + path, json=body, timeout=60)

    def create(self, *tasks: Any, **more: Any) -> list[Any]:
        answer = self.post("v2/create", {"tasks": list(tasks), **more})
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    def run(self, task_name: str, **parameters: Any) -> Any:
        """Create one task, do what a worker would, and give its final status."""
        [status] = self.create({"task_name": task_name, **parameters})
        work()
        [status] = self.get("v2/status", tasks=status["key"]).json()
        return status


@pytest.fixture
def api(base: str, secret: str) -> Iterator[Api]:
    api = Api(base, secret)
    with api.session:
        yield api


@pytest.fixture(params=list(SITES))
def site_api(request: pytest.FixtureRequest, secret: str) -> Iterator[Api]:
    """The API of a site that is served by ASGI, then of one by WSGI."""
    with SITES[request.param]() as base:
        api = Api(base, secret)
        with api.session:
            yield api


def work() -> None:
    """What a worker would do now."""
    for pk in Job.objects.unfinished().order_by("pk").values_list("pk", flat=True):
        jobs.run(pk)


@contextmanager
def working() -> Iterator[None]:
    """A worker, in a thread of its own."""
    is_over = threading.Event()

    def loop() -> None:
        try:
            while not is_over.wait(0.05):
                work()
        finally:
            connection.close()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    with working():
        yield


@pytest.fixture
def assets(media: MediaFactory) -> Iterator[LocalServer]:
    """What the documentation's examples call ``http://files.com/``."""
    image = media.picture("image.jpg", size=(64, 48))
    with LocalServer({"/image.jpg": Reply(body=image)}) as server:
        yield server


Submit = Callable[..., Any]
