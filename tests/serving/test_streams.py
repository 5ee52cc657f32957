"""Answers that last as long as jobs do, from real servers on real ports, under ASGI and WSGI; on every database."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from django.db import connection
from django.db.backends.signals import connection_created

from django_mediacloud.conf import config
from django_mediacloud.core.states import State
from django_mediacloud.jobs.state import move
from django_mediacloud.models import Job
from django_mediacloud.serving import places, streams
from django_mediacloud.serving.hub import THREAD_NAME, Hub
from tests.site_servers import asgi_server, until, wsgi_server

from .conftest import meanwhile, succeed

MakeJobs = Callable[..., list[Job]]
ANSWER_S = 60
"""No answer of these tests takes longer."""


@pytest.fixture
def pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.stream_site.urls"
    # Many sites have it, and it would keep small pieces until it has enough to compress.
    settings.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *settings.MIDDLEWARE]


@pytest.fixture
def asgi(pages: None, transactional_db: None) -> Iterator[str]:
    with asgi_server() as url:
        yield url


@pytest.fixture
def wsgi(pages: None, transactional_db: None) -> Iterator[str]:
    with wsgi_server() as url:
        yield url


@pytest.fixture(params=["asgi", "wsgi"])
def site(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def get(site: str, page: str, jobs: Iterable[Job], client: object = "") -> requests.Response:
    query = [("job", str(job.pk)) for job in jobs] + [("client", str(client))]
    return requests.get(f"{site}/{page}", params=query, stream=True, timeout=ANSWER_S)


def lines(answer: requests.Response) -> Iterator[Any]:
    return map(json.loads, answer.iter_lines(chunk_size=1))


def test_a_stream_tells_the_rows_then_each_change_and_ends_with_the_last_job(site: str, make_jobs: MakeJobs) -> None:
    first, second = make_jobs(2)
    with get(site, "stream", [second, first]) as answer:
        told = lines(answer)
        assert next(told) == [
            {"pk": second.pk, "n": 0, "state": "running"},
            {"pk": first.pk, "n": 0, "state": "running"},
        ]
        assert move(first, State.COLLECTING, values={"n": 1})
        assert next(told) == {"pk": first.pk, "n": 1, "state": "collecting"}
        assert move(second, State.FAILED)
        assert next(told) == {"pk": second.pk, "n": 0, "state": "failed"}
        assert move(first, State.SUCCEEDED)
        assert list(told) == [{"pk": first.pk, "n": 1, "state": "succeeded"}]

    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["Cache-Control"] == "no-store, no-transform"
    assert answer.headers["Content-Encoding"] == "identity"


def test_a_change_that_looks_the_same_is_left_out(site: str, make_jobs: MakeJobs, hub: Hub) -> None:
    (job,) = make_jobs(1)
    with get(site, "stream", [job]) as answer:
        told = lines(answer)
        assert len(next(told)) == 1
        # A heartbeat, of which these lines say nothing, and after it something that they do.
        Job.objects.get().save(update_fields=["heartbeat_at", "updated_at"])
        looked_at = hub.looked_at
        until(lambda: hub.looked_at > looked_at + 3 * hub.USUAL_LOOK_S)
        succeed(job)
        assert [line["state"] for line in told][-1] == "succeeded"
        assert hub.watched == 0


def test_one_body_when_all_is_done(site: str, make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.05)
    first, second = make_jobs(2)
    with get(site, "done", [second, first]) as answer:
        pieces = answer.iter_content(1)
        early = next(pieces) + next(pieces)
        for job in (first, second):
            succeed(job)
        body = early + b"".join(pieces)

    assert early == b"  "
    assert json.loads(body) == [{"pk": job.pk, "n": 0, "state": "succeeded"} for job in (second, first)]
    assert body.strip().count(b"\n") == 0


@pytest.mark.parametrize("page", ["stream", "done"])
def test_nothing_to_wait_for(site: str, make_jobs: MakeJobs, hub: Hub, page: str) -> None:
    (ended,) = make_jobs(1, state=State.CANCELLED)

    assert get(site, page, [ended]).json() == [{"pk": ended.pk, "n": 0, "state": "cancelled"}]
    assert get(site, page, []).json() == []


@pytest.mark.parametrize("name", ["MAX_STREAM_S", "MAX_WSGI_STREAM_S"])
@pytest.mark.parametrize("page", ["stream", "done"])
def test_an_answer_ends_by_itself(
    request: pytest.FixtureRequest, make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch, name: str, page: str
) -> None:
    site = request.getfixturevalue("wsgi" if "WSGI" in name else "asgi")
    monkeypatch.setattr(streams, name, 0.1)
    jobs = make_jobs(1)

    assert get(site, page, jobs).json() == [{"pk": jobs[0].pk, "n": 0, "state": "running"}]


def test_who_hangs_up_is_forgotten_at_once(asgi: str, make_jobs: MakeJobs, hub: Hub) -> None:
    jobs = make_jobs(2)
    with get(asgi, "stream", jobs) as answer:
        told = lines(answer)
        assert len(next(told)) == 2
        with get(asgi, "done", jobs[:1]):
            until(lambda: hub.watched == 2)
    # Nothing is written meanwhile that could tell the server.
    until(lambda: hub.watched == 0)
    until(lambda: not hub.is_running)


def test_who_hangs_up_under_wsgi_is_forgotten_when_there_is_something_to_tell(
    wsgi: str, make_jobs: MakeJobs, hub: Hub
) -> None:
    (job,) = make_jobs(1)
    with get(wsgi, "stream", [job]) as answer:
        told = lines(answer)
        assert len(next(told)) == 1
        assert hub.watched == 1
    for n in range(1, 200):
        job.values = {"n": n}
        job.save(update_fields=["values", "updated_at"])
        looked_at = hub.looked_at
        until(lambda looked_at=looked_at: hub.looked_at > looked_at or not hub.is_running)
        if not hub.watched:
            break

    assert hub.watched == 0


@pytest.mark.parametrize(("page", "fault"), [("broken", "ZeroDivisionError"), ("asking", "SynchronousOnlyOperation")])
def test_a_fault_breaks_off_one_answer_and_nobody_elses(
    asgi: str, make_jobs: MakeJobs, caplog: pytest.LogCaptureFixture, page: str, fault: str
) -> None:
    (job,) = make_jobs(1)
    with get(asgi, "stream", [job]) as good, get(asgi, page, [job]) as bad:
        told = lines(good)
        assert len(next(told)) == 1
        succeed(job)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(lines(bad))
        assert [line["state"] for line in told][-1] == "succeeded"

    assert "broken off" in caplog.text
    assert fault in caplog.text


def test_a_fault_under_wsgi_frees_its_place(wsgi: str, make_jobs: MakeJobs) -> None:
    (ended,) = make_jobs(1, state=State.SUCCEEDED)
    for _ in range(config().wsgi_places + 1):
        with get(wsgi, "broken", [ended]) as answer:
            assert answer.status_code in {200, 500}
            assert b"succeeded" not in answer.content


def test_under_asgi_so_many_and_no_more(asgi: str, make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """And each way to end frees the place: the last job's end, a fault, a client that leaves."""
    monkeypatch.setattr(places._rooms, "asgi", places.Room(lambda: 1))
    running, ended = make_jobs(1) + make_jobs(1, state=State.SUCCEEDED)
    for page, job in (("stream", ended), ("asking", running), ("stream", running), ("done", ended)):
        until(lambda: get(asgi, "done", []).status_code == 200)
        until(lambda: not places._rooms.asgi)
        with get(asgi, page, [job]) as answer:
            assert answer.status_code == 200
            if job is running and page == "stream":
                assert get(asgi, "done", []).status_code == 503


def test_under_wsgi_so_many_and_no_more(wsgi: str, make_jobs: MakeJobs) -> None:
    jobs = make_jobs(config().wsgi_places)
    with ExitStack() as stack:
        told = [lines(stack.enter_context(get(wsgi, "stream", [job], client=job.pk))) for job in jobs]
        assert [len(next(each)) for each in told] == [1] * len(jobs)
        for page in ("stream", "done"):
            refused = get(wsgi, page, jobs)
            assert refused.status_code == 503
            assert refused.headers["Retry-After"] == "10"
            assert "later" in refused.text
        assert requests.get(f"{wsgi}/healthz", timeout=ANSWER_S).status_code == 200
        succeed(jobs[0])
        assert [line["state"] for line in told[0]][-1] == "succeeded"
        until(lambda: get(wsgi, "stream", jobs[:1]).status_code == 200)
        for job in jobs[1:]:
            succeed(job)
        assert {[line["state"] for line in each][-1] for each in told[1:]} == {"succeeded"}


def test_the_site_says_how_many_threads_it_has_for_them(wsgi: str, make_jobs: MakeJobs, settings: Any) -> None:
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, "WSGI_PLACES": 2}
    jobs = make_jobs(3)
    with ExitStack() as stack:
        answers = [stack.enter_context(get(wsgi, "stream", [job], client=job.pk)) for job in jobs]
        assert [answer.status_code for answer in answers] == [200, 200, 503]
        for job in jobs:
            succeed(job)
        assert all(list(lines(answer)) for answer in answers[:2])
    until(lambda: not places._rooms.wsgi)


def test_nobody_has_all_places(wsgi: str, make_jobs: MakeJobs) -> None:
    """Who opens as many answers as it can gets half of the places, the next one half of the rest."""
    (job,) = make_jobs(1)
    with ExitStack() as stack:

        def open_all(client: str) -> int:
            for count in range(config().wsgi_places + 1):
                answer = stack.enter_context(get(wsgi, "stream", [job], client=client))
                if answer.status_code == 503:
                    return count
                next(lines(answer))
            return config().wsgi_places + 1

        assert [open_all(client) for client in "abcde"] == [8, 4, 2, 1, 1]
        succeed(job)
    until(lambda: not places._rooms.wsgi)


def test_open_answers_hold_no_connections(site: str, make_jobs: MakeJobs, hub: Hub) -> None:
    opened: list[tuple[str, Any]] = []

    def see(connection: Any, **_kwargs: object) -> None:
        opened.append((threading.current_thread().name, connection))

    (job,) = make_jobs(1)
    connection_created.connect(see)
    try:
        with ExitStack() as stack:
            told = [lines(stack.enter_context(get(site, "stream", [job], client=n))) for n in range(12)]
            assert [len(next(each)) for each in told] == [1] * 12
            assert len(opened) == 13
            held = [name for name, each in opened if each.connection is not None]
            assert held == [THREAD_NAME]
            succeed(job)
            assert {[line["state"] for line in each][-1] for each in told} == {"succeeded"}
    finally:
        connection_created.disconnect(see)
    assert connection.connection is not None


def test_a_page_may_wait_by_itself(asgi: str, make_jobs: MakeJobs, hub: Hub) -> None:
    first, second = make_jobs(2)
    with meanwhile(lambda: [succeed(job) for job in (first, second)], after_a_look_of=hub):
        answer = get(asgi, "waited", [second, first])

    assert answer.json() == [{"pk": job.pk, "n": 0, "state": "succeeded"} for job in (second, first)]
