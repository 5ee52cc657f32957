"""The outbox against a real receiver."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from django_mediacloud import callbacks, jobs
from django_mediacloud.callbacks.deliver import CLAIM_S, RETRY_DELAYS_S
from django_mediacloud.callbacks.turns import AT_ONCE, CHOICE
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import CallbackState, State
from django_mediacloud.jobs.state import move
from django_mediacloud.models import Callback, Job, Output

from ..servers import LocalServer, Reply, in_turn, json_reply, redirect

CLOUDS = {"default": {"BACKEND": "tests.toys.workshop"}}


@pytest.fixture
def receiver(settings: Any) -> Iterator[LocalServer]:
    settings.MEDIACLOUD = {"CLOUDS": CLOUDS, "FETCH": {"ALLOW": ["127.0.0.1"]}}
    with LocalServer({"/hook": Reply()}) as server:
        yield server


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers late is waited for until the others have been served, on a busy machine, too."""
    monkeypatch.setattr("django_mediacloud.callbacks.deliver.SEND_S", 120.0)


def ended_job(url: str, state: State = State.CANCELLED, owner: Any = None) -> Callback:
    """A job that has just ended, and the callback that is owed for it."""
    job = jobs.submit(JobSpec(operation="hello", parameters={"name": "you"}, callback_url=url), owner=owner)
    if state == State.CANCELLED:
        jobs.cancel(job)
    else:
        sources = [State.SUBMITTING, State.RUNNING, State.COLLECTING, State.SUCCEEDED]
        for target in sources[: sources.index(state) + 1] if state in sources else [state]:
            assert move(job, target)
    return Callback.objects.get(job=job)


def make_due(callback: Callback) -> None:
    Callback.objects.filter(pk=callback.pk).update(next_try_at=timezone.now())


def assert_comes_due_again(callback: Callback, before: dt.datetime) -> None:
    """After the wait for so many tries, which began between ``before`` and now."""
    wait = dt.timedelta(seconds=RETRY_DELAYS_S[callback.tries - 1])
    assert before + wait <= callback.next_try_at <= timezone.now() + wait


@pytest.mark.django_db
def test_the_final_state_is_told_once(receiver: LocalServer) -> None:
    callback = ended_job(receiver.url("/hook"), State.SUCCEEDED)
    job = callback.job
    Job.objects.filter(pk=job.pk).update(values={"result": "Grüße"}, work_s=1.5)
    output = {"storage": "default", "path": "secret/path.bin", "size_bytes": 7, "content_type": "text/plain"}
    Output.objects.create(job=job, attempt=1, name="a/b.txt", is_ready=True, **output)
    Output.objects.create(job=job, attempt=1, name="half.txt", is_ready=False, **output)

    assert callbacks.deliver_due() == callbacks.Delivery(delivered=1)
    assert callbacks.deliver_due() == callbacks.Delivery()

    (request,) = receiver.requests
    assert request.method == "POST"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Mediacloud-Event"] == "job.succeeded"
    told = request.json()
    assert told["event"] == "job.succeeded"
    assert told["event_id"] == request.headers["Mediacloud-Event-Id"] == f"{job.public_id.hex}-1-succeeded"
    described = told["job"]
    assert described["id"] == str(job.public_id)
    assert (described["kind"], described["operation"], described["state"]) == ("task", "hello", "succeeded")
    assert (described["attempt"], described["values"]) == (1, {"result": "Grüße"})
    assert described["failure"] is None
    (file,) = described["outputs"]
    assert (file["name"], file["size_bytes"], file["content_type"]) == ("a/b.txt", 7, "text/plain")
    assert dt.datetime.fromisoformat(described["finished_at"]) <= timezone.now()
    # Where the site keeps its files is its own business.
    assert b"secret/path" not in request.body
    callback.refresh_from_db()
    assert (callback.state, callback.tries, callback.last_status) == (CallbackState.DELIVERED, 1, 200)
    assert callback.delivered_at is not None
    assert callback.next_try_at is None


@pytest.mark.django_db
def test_a_failure_is_told_without_its_log(receiver: LocalServer) -> None:
    callback = ended_job(receiver.url("/hook"))
    Job.objects.filter(pk=callback.job.pk).update(
        state=State.FAILED,
        failure_code="media",
        failure_message="Broken.",
        failure_advice="Mend.",
        failure_log="/tmp/x",
    )
    Callback.objects.update(event="failed")

    callbacks.deliver_due()

    failure = receiver.requests[0].json()["job"]["failure"]
    assert failure == {"code": "media", "message": "Broken.", "advice": "Mend."}


@pytest.mark.django_db
def test_a_receiver_that_fails_is_asked_again_later(receiver: LocalServer) -> None:
    receiver.routes["/hook"] = in_turn(Reply(status=503), json_reply({"no": "you"}, status=404), Reply(status=204))
    callback = ended_job(receiver.url("/hook?token=hidden-word"))

    before = timezone.now()
    assert callbacks.deliver_due() == callbacks.Delivery(postponed=1)
    callback.refresh_from_db()
    assert (callback.state, callback.tries, callback.last_status) == (CallbackState.PENDING, 1, 503)
    assert_comes_due_again(callback, before)
    assert "hidden-word" not in callback.last_error
    assert callback.last_error.startswith("fetch_http_503: 127.0.0.1 answered 503")

    assert callbacks.deliver_due() == callbacks.Delivery()
    make_due(callback)
    assert callbacks.deliver_due() == callbacks.Delivery(postponed=1)
    make_due(callback)
    assert callbacks.deliver_due() == callbacks.Delivery(delivered=1)

    callback.refresh_from_db()
    assert (callback.state, callback.tries, callback.last_status, callback.last_error) == ("delivered", 3, 204, "")
    assert len({request.headers["Mediacloud-Event-Id"] for request in receiver.requests}) == 1


@pytest.mark.django_db
def test_it_is_given_up_after_about_a_day(receiver: LocalServer) -> None:
    receiver.routes["/hook"] = Reply(status=500)
    callback = ended_job(receiver.url("/hook"))
    for _ in RETRY_DELAYS_S:
        make_due(callback)
        before = timezone.now()
        callbacks.deliver_due()
        callback.refresh_from_db()
        assert_comes_due_again(callback, before)
    make_due(callback)
    callbacks.deliver_due()
    callback.refresh_from_db()

    assert callback.state == CallbackState.GIVEN_UP
    assert callback.next_try_at is None
    assert len(receiver.requests) == callback.tries == len(RETRY_DELAYS_S) + 1
    assert list(RETRY_DELAYS_S) == sorted(RETRY_DELAYS_S)
    assert 20 * 3600 < sum(RETRY_DELAYS_S) < 28 * 3600
    assert callbacks.deliver_due() == callbacks.Delivery()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "status", "error"),
    [
        ("http://10.0.0.1/hook?token=hidden-word", None, "fetch_refused"),
        ("http://user:hidden-word@127.0.0.1:{port}/moved", 302, "fetch_http_302"),
        ("http://127.0.0.1:1/hidden-word", None, "fetch_failed"),
        ("http://127.0.0.1:{port}/odd?hidden-word", None, "fetch_failed"),
    ],
)
def test_what_went_wrong_is_recorded_without_the_urls_secrets(
    receiver: LocalServer, url: str, status: int | None, error: str
) -> None:
    receiver.routes |= {"/moved": redirect("/hook"), "/odd": Reply(status=99)}
    callback = ended_job(url.format(port=receiver.port))

    assert callbacks.deliver_due().postponed == 1

    callback.refresh_from_db()
    assert callback.last_error.startswith(f"{error}: ")
    assert callback.last_status == status
    assert "hidden-word" not in callback.last_error
    assert "/hook" not in receiver.paths


@pytest.mark.django_db
def test_old_news_tells_of_its_own_attempt(receiver: LocalServer) -> None:
    callback = ended_job(receiver.url("/hook"))
    jobs.retry(callback.job)

    callbacks.deliver_due()

    told = receiver.requests[0].json()
    assert told["event"] == "job.cancelled"
    assert (told["job"]["state"], told["job"]["attempt"]) == ("cancelled", 1)
    assert "values" not in told["job"]
    assert "outputs" not in told["job"]


@pytest.mark.django_db
def test_a_claim_of_a_sender_that_died_comes_due_again(receiver: LocalServer) -> None:
    callback = ended_job(receiver.url("/hook"))
    claimed_until = timezone.now() + dt.timedelta(seconds=CLAIM_S)
    Callback.objects.update(tries=1, next_try_at=claimed_until)

    assert not callbacks.deliver_due()
    make_due(callback)
    assert callbacks.deliver_due().delivered == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("patience")
def test_a_slow_receiver_does_not_hold_up_the_others(receiver: LocalServer) -> None:
    arrived = threading.Event()

    def slow(_request: Any) -> Reply:
        # Answers only when all the others have been served, which would never be if they waited for it.
        assert arrived.wait(60)
        return Reply()

    def quick(_request: Any) -> Reply:
        if sum(path == "/quick" for path in receiver.paths) == 5:
            arrived.set()
        return Reply()

    receiver.routes |= {"/slow": slow, "/quick": quick}
    ended_job(receiver.url("/slow"))
    for _ in range(5):
        ended_job(receiver.url("/quick"))

    assert callbacks.deliver_due().delivered == 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("patience")
def test_an_account_whose_receiver_hangs_does_not_hold_up_the_others(receiver: LocalServer) -> None:
    is_over = threading.Event()
    quick = threading.Semaphore(0)

    def slow(_request: Any) -> Reply:
        is_over.wait(120)
        return Reply()

    def told(_request: Any) -> Reply:
        quick.release()
        return Reply()

    receiver.routes |= {"/slow": slow, "/quick": told}
    eve, jane = (User.objects.create_user(name) for name in ("eve", "jane"))
    for _ in range(2 * AT_ONCE):
        ended_job(receiver.url("/slow"), owner=eve)
    ended_job(receiver.url("/quick"), owner=jane)

    def send() -> None:
        try:
            callbacks.deliver_due(is_over=is_over.is_set)
        finally:
            connection.close()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        assert quick.acquire(timeout=25)
        # What is written while others hang does not wait for them either.
        ended_job(receiver.url("/quick"), owner=jane)
        assert quick.acquire(timeout=25)
        # A request of hers may have overtaken some of Eve's.
        receiver.wait_for_requests(AT_ONCE // 2 + 2)
        assert receiver.paths.count("/slow") == AT_ONCE // 2
    finally:
        is_over.set()
        sender.join()


@pytest.mark.django_db
def test_more_than_are_looked_at_together(receiver: LocalServer) -> None:
    callback = ended_job(receiver.url("/hook"))
    now = timezone.now()
    Callback.objects.bulk_create(
        Callback(job=callback.job, attempt=number, event="cancelled", url=callback.url, next_try_at=now)
        for number in range(2, CHOICE + 4)
    )

    assert callbacks.deliver_due(is_over=lambda: True) == callbacks.Delivery()
    assert callbacks.deliver_due().delivered == CHOICE + 3
    assert len({request.headers["Mediacloud-Event-Id"] for request in receiver.requests}) == CHOICE + 3


@pytest.mark.django_db(transaction=True)
def test_of_many_senders_one_sends(receiver: LocalServer) -> None:
    for _ in range(5):
        ended_job(receiver.url("/hook"))
    found: list[callbacks.Delivery] = []
    gate = threading.Barrier(6)

    def send() -> None:
        try:
            gate.wait()
            found.append(callbacks.deliver_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(delivery.delivered for delivery in found) == 5
    assert len(found) == 6
    assert len(receiver.requests) == 5
    assert set(Callback.objects.values_list("state", "tries")) == {("delivered", 1)}


@pytest.mark.django_db
def test_without_a_callback_url_nothing_is_owed(receiver: LocalServer) -> None:
    job = jobs.submit(JobSpec(operation="hello", parameters={"name": "you"}))
    jobs.cancel(job)

    assert not Callback.objects.exists()
    assert not callbacks.deliver_due()
