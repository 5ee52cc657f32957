"""Workers that are killed while they deliver: the film is never there twice, and never waited for in vain."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from django_mediacloud import jobs
from django_mediacloud.core.spec import Delivery, JobSpec
from django_mediacloud.core.states import State
from django_mediacloud.models import Job, Output
from tests.platforms import facebook, vimeo, youtube
from tests.platforms.server import Call, Cut, Fault, Platform
from tests.servers import LocalServer, Reply, json_reply

pytestmark = pytest.mark.django_db(transaction=True)

SMALL, LARGE = 300_000, 48 * 1024 * 1024
"""The second has no room in the buffers between two sockets."""
WAIT_S = 60.0
RUN = """
import json, sys, django
django.setup()
from django.test import override_settings
from django_mediacloud import jobs
with override_settings(MEDIACLOUD=json.loads(sys.argv[2])):
    jobs.run(int(sys.argv[1]))
"""
GIVEN = {
    "youtube": {"access_token": youtube.TOKEN, "developer_key": youtube.KEY, "title": "Holidays"},
    "vimeo": {"oauth2_token": vimeo.TOKEN},
    "facebook": {"access_token": facebook.TOKEN},
}
PLATFORMS: dict[str, Callable[[], Any]] = {
    "youtube": youtube.YouTube,
    "vimeo": vimeo.Vimeo,
    "facebook": facebook.Facebook,
}


def films_at(platform: Any) -> list[int]:
    """The sizes of the films that people see there."""
    if isinstance(platform, facebook.Facebook):
        films = platform.published
    else:
        films = platform.videos if isinstance(platform, youtube.YouTube) else list(platform.videos.values())
    return [film.stored.size for film in films]


def submit(name: str, platform: Platform, size: int) -> Job:
    destination = Delivery(name=name, parameters=GIVEN[name])
    return jobs.submit(JobSpec(operation="blank", parameters={"size": size}, destination=destination))


def config_for(name: str, platform: Platform) -> dict[str, Any]:
    return {
        "CLOUDS": {"default": {"BACKEND": "tests.toys.workshop"}},
        "RETRY_DELAYS_S": [],
        "DELIVERY_ENDPOINTS": {name: platform.url},
    }


def kill_when(is_there: threading.Event, job: Job, environ: dict[str, str]) -> None:
    """Let a process do ``job``, kill it as soon as the platform says so, and let the sweeper find out."""
    command = [sys.executable, "-c", RUN, str(job.pk), json.dumps(settings.MEDIACLOUD)]
    with subprocess.Popen(command, env=environ) as process:
        reached = is_there.wait(WAIT_S)
        process.kill()
    assert reached
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert jobs.sweep().lost == 1


def hold(platform: Platform, is_it: Callable[[Call, Reply], bool]) -> threading.Event:
    """What ``is_it`` is carried out, once, and not answered."""
    reached, handle = threading.Event(), platform.handle

    def handle_and_hold(call: Call) -> Reply:
        reply = handle(call)
        if not reached.is_set() and is_it(call, reply):
            reached.set()
            platform.stopping.wait()
            raise Cut
        return reply

    platform.handle = handle_and_hold  # type: ignore[method-assign]
    return reached


def is_published(name: str) -> Callable[[Call, Reply], bool]:
    """Whether a request was the one by which the film is there."""
    return {
        "youtube": lambda call, reply: call.method == "PUT" and reply.status == 201,
        "vimeo": lambda call, _reply: call.method == "PATCH",
        "facebook": lambda _call, reply: b"success" in bytes(reply.body),  # type: ignore[arg-type]
    }[name]


@pytest.mark.parametrize("name", GIVEN)
def test_a_worker_killed_before_it_heard_that_the_film_is_there(name: str, site_environment: dict[str, str]) -> None:
    with PLATFORMS[name]() as platform, override_settings(MEDIACLOUD=config_for(name, platform)):
        job = submit(name, platform, SMALL)
        kill_when(hold(platform, is_published(name)), job, site_environment)
        jobs.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.failure_code, job.attempt) == (State.FAILED, "delivery_unknown", 2)
        assert films_at(platform) == [SMALL]

        # Somebody has looked, has deleted it, and wants it there all the same.
        jobs.retry(job)
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.failure
        assert films_at(platform) == [SMALL, SMALL]


@pytest.mark.parametrize("name", GIVEN)
def test_a_worker_killed_in_the_middle_of_the_film(name: str, site_environment: dict[str, str]) -> None:
    with PLATFORMS[name]() as platform, override_settings(MEDIACLOUD=config_for(name, platform)):
        job = submit(name, platform, LARGE)
        pieces, reached = Call.pieces, threading.Event()
        platform.part_bytes = LARGE  # Facebook's word; the others let us choose.

        def half(call: Call) -> Any:
            for piece in pieces(call):
                yield piece
                if call.read_bytes > LARGE // 4 and not reached.is_set():
                    reached.set()
                    platform.stopping.wait(WAIT_S)
                    raise Cut

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Call, "pieces", half)
            kill_when(reached, job, site_environment)
        jobs.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.attempt) == (State.SUCCEEDED, 2), job.failure
        assert films_at(platform).count(LARGE) == 1


@pytest.mark.parametrize("name", GIVEN)
def test_a_worker_that_wakes_up_too_late_does_not_publish_what_another_one_has(name: str) -> None:
    with PLATFORMS[name]() as platform:
        # It would neither look again nor take the silence for a break for a long time by itself.
        config = config_for(name, platform) | {"HEARTBEAT_S": 200, "LEASE_S": 600, "FETCH": {"READ_TIMEOUT_S": 600}}
        with override_settings(MEDIACLOUD=config), ThreadPoolExecutor(1) as pool:
            job = submit(name, platform, LARGE)
            pieces, reached, go_on = Call.pieces, threading.Event(), threading.Event()
            platform.part_bytes = LARGE  # Facebook's word; the others let us choose.

            def slowly(call: Call) -> Any:
                for piece in pieces(call):
                    yield piece
                    if call.read_bytes > LARGE // 4 and not reached.is_set():
                        reached.set()
                        go_on.wait()

            def work() -> None:
                try:
                    jobs.run(job.pk)
                finally:
                    connection.close()

            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(Call, "pieces", slowly)
                first = pool.submit(work)
                try:
                    assert reached.wait(WAIT_S)
                    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
                    assert jobs.sweep().lost == 1
                    jobs.run(job.pk)
                finally:
                    go_on.set()
                first.result(WAIT_S)
        job.refresh_from_db()
        assert (job.state, job.attempt) == (State.SUCCEEDED, 2), job.failure
        assert films_at(platform).count(LARGE) == 1


def test_a_failure_that_is_sure_is_tried_again(site_environment: dict[str, str]) -> None:
    """What was told before the last bytes went is taken back where the platform says that it has not got them."""
    with vimeo.Vimeo() as platform, override_settings(MEDIACLOUD=config_for("vimeo", platform)):
        job = submit("vimeo", platform, SMALL)
        handle = platform.handle
        platform.handle = lambda call: Reply(status=404) if call.method == "PATCH" else handle(call)  # type: ignore[method-assign]
        jobs.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.failure_code) == (State.QUEUED, "delivery_expired")

        platform.handle = handle  # type: ignore[method-assign]
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.failure
        assert films_at(platform) == [SMALL]
        assert Output.objects.get(job=job).url


def test_what_a_service_has_made_is_delivered_again_and_not_made_again(server: LocalServer) -> None:
    """Whoever asks for a retry is not billed for the same film twice."""
    server.routes["/jobs"] = json_reply({"id": "r1", "status": "working"})
    server.routes["/jobs/r1"] = json_reply({"id": "r1", "status": "done", "files": {"a.mp4": server.url("/file")}})
    server.routes["/file"] = Reply(body=b"x" * SMALL)
    far = {"BACKEND": "tests.toys.faraway", "OPTIONS": {"endpoint": server.url("").rstrip("/")}}
    with vimeo.Vimeo() as platform:
        config = {**config_for("vimeo", platform), "POLL_S": 0.001, "CLOUDS": {"far": far}}
        config["FETCH"] = {"ALLOW": ["127.0.0.1"]}
        with override_settings(MEDIACLOUD=config):
            destination = Delivery(name="vimeo", parameters=GIVEN["vimeo"])
            spec = JobSpec(operation="render", cloud="far", parameters={"text": "a"}, destination=destination)
            job = jobs.submit(spec)
            platform.faults += [Fault(method="PATCH", reply=Reply(status=401))]
            for _ in range(2):
                jobs.run(job.pk)
            job.refresh_from_db()
            assert (job.state, job.failure_code) == (State.FAILED, "delivery_http_401")

            jobs.retry(job)
            jobs.run(job.pk)
            job.refresh_from_db()
            assert (job.state, job.attempt) == (State.SUCCEEDED, 2), job.failure
            assert films_at(platform) == [SMALL]
    assert [request.method for request in server.requests].count("POST") == 1
