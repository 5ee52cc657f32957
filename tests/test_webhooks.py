"""What services tell this site: through the view, over the client, with the remote toy cloud behind."""

from __future__ import annotations

import io
import json
import os

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

from django_mediacloud import jobs, signals
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import State
from django_mediacloud.models import Job, Notification
from django_mediacloud.webhooks import webhook_token
from tests.servers import LocalServer, Reply, json_reply
from tests.toys.faraway.cloud import sign

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def far():
    with LocalServer({"/jobs": json_reply({"id": "r1", "status": "working"})}) as server:
        cloud = {"BACKEND": "tests.toys.faraway", "OPTIONS": {"endpoint": server.url("").rstrip("/")}}
        with override_settings(MEDIACLOUD={"CLOUDS": {"far": cloud}, "FETCH": {"ALLOW": ["127.0.0.1"]}}):
            yield server


@pytest.fixture
def job(far):
    job = jobs.submit(JobSpec(operation="render", cloud="far", parameters={"text": "a"}))
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.RUNNING
    return job


def tell(client, told, *, signature=None, token=None, **headers):
    body = json.dumps(told).encode()
    if signature is None:
        headers["X-Signature"] = sign(body)
    elif signature:
        headers["X-Signature"] = signature
    address = f"/hooks/far/{token or webhook_token('far')}/"
    return client.post(address, body, content_type="application/json", headers=headers)


def test_signed_news_is_applied_and_the_files_are_brought(client, job, far):
    done = {"id": "r1", "status": "done", "key": "n1", "files": {"a.txt": far.url("/file")}}
    far.routes["/file"] = Reply(body=b"rendered")
    far.routes["/jobs/r1"] = json_reply(done)
    assert tell(client, done, Authorization="Bearer secret").status_code == 200
    job.refresh_from_db()
    assert job.state == State.COLLECTING
    notification = Notification.objects.get()
    assert (notification.job, notification.is_verified, notification.error) == (job, True, "")
    assert bytes(notification.body) == json.dumps(done).encode()
    assert "authorization" not in notification.headers
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED


def test_the_same_message_twice_is_one(client, job):
    news = {"id": "r1", "status": "broken", "key": "n1"}
    assert [tell(client, news).status_code for _ in range(3)] == [200, 200, 200]
    assert Notification.objects.count() == 1
    job.refresh_from_db()
    assert (job.state, job.events.filter(to_state="failed").count()) == (State.FAILED, 1)


def test_an_unsigned_message_is_a_hint(client, job, far):
    assert tell(client, {"id": "r1", "status": "broken"}, signature=False).status_code == 200
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert not Notification.objects.get().is_verified
    far.routes["/jobs/r1"] = json_reply({"id": "r1", "status": "working", "progress": 70})
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress) == (State.RUNNING, 70)


def test_what_is_not_the_services_is_refused_and_not_stored(client, job):
    assert tell(client, {"id": "r1", "status": "broken"}, signature="0" * 64).status_code == 403
    assert tell(client, {"id": "r1", "status": "broken"}, token="0" * 40).status_code == 404
    assert client.post(f"/hooks/near/{webhook_token('near')}/").status_code == 404
    body = os.urandom(1024 * 1024 + 1)
    answer = client.post(f"/hooks/far/{webhook_token('far')}/", body, content_type="application/octet-stream")
    assert answer.status_code == 413
    assert not Notification.objects.exists()
    assert Job.objects.get().state == State.RUNNING


def test_news_of_a_job_that_is_not_ours_is_kept_with_its_error(client, far):
    assert tell(client, {"id": "unknown", "status": "done"}).status_code == 200
    notification = Notification.objects.get()
    assert (notification.job, notification.error) == (None, "No job of this site has that id.")


def test_the_signal_tells_of_each_message_once(client, job):
    heard = []

    def hear(sender, signal, **arguments):
        heard.append((sender, arguments))

    signals.notification_received.connect(hear)
    try:
        for _ in range(2):
            tell(client, {"id": "r1", "status": "working", "key": "n1"})
    finally:
        signals.notification_received.disconnect(hear)
    assert heard == [(Notification, {"notification": Notification.objects.get()})]


@pytest.mark.parametrize(
    "announced",
    [
        {"CONTENT_LENGTH": "20"},
        {"CONTENT_LENGTH": "abc"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "9" * 5_000},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
    ],
)
def test_half_a_message_is_refused_and_not_stored(far, announced):
    """As WSGI shows one that was cut off on its way, or came in chunks; services send again what was not taken."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/hooks/far/{webhook_token('far')}/",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(b'{"id": "r1"'),
        **announced,
    }
    said = []
    body = b"".join(get_wsgi_application()(environ, lambda status, _headers: said.append(status)))
    assert said == ["400 Bad Request"]
    assert json.loads(body)["code"] == "unreadable"
    assert not Notification.objects.exists()
