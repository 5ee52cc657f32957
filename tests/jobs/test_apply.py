"""News from a service that says what no database takes: it costs the words, not the job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_mediacloud.core.failure import Failure
from django_mediacloud.core.spec import ProducedFile, Snapshot
from django_mediacloud.core.states import State
from django_mediacloud.jobs.apply import apply
from django_mediacloud.jobs.lease import take_job
from django_mediacloud.jobs.outputs import prepare_outputs
from django_mediacloud.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


@pytest.fixture
def job(submit):
    job = submit("hello", name="a")
    assert take_job(job) is not None
    return Job.objects.get(pk=job.pk)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("half a \ud83d", "half a \ufffd"),
        ("a\x00b", "ab"),
        ({"\ud800": 1}, {"\ufffd": 1}),
        (float("inf"), None),
        (10**400, 10**400),
        (nested(15), nested(15)),
        # MariaDB reads JSON to a depth of 32.
        (nested(40), None),
    ],
)
def test_values_that_no_database_takes(job, said, kept):
    current = apply(job, Snapshot(state=State.RUNNING, remote_id="r1", values={"said": said}))

    assert (current.state, current.remote_id) == (State.RUNNING, "r1")
    told = current.values["said"]
    if kept is None:
        assert "deep" not in json.dumps(told)
    else:
        assert told == kept


def test_a_failure_in_words_that_no_database_takes(job):
    failure = Failure(code="task_failed", message="half a \ud83d, \x00", advice="\ud83d", log="\udfff")

    current = apply(job, Snapshot(state=State.FAILED, remote_id="r1", failure=failure))

    assert (current.state, current.failure_message) == (State.FAILED, "half a \ufffd, \ufffd")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Image/JPEG; q=1", "image/jpeg"),
        ("image/\x00", ""),
        ("\ud83d", ""),
        ("text/html\r\nSet-Cookie: a=b", ""),
        ("a/" + "b" * 90, "a/" + "b" * 90),
        ("a/" + "b" * 120, "a/" + "b" * 98),
    ],
)
def test_media_types_that_are_none(job, said, kept):
    [(output, _file)] = prepare_outputs(job, [ProducedFile(name="a", content_type=said, url="http://a.com/")])

    output.refresh_from_db()
    assert output.content_type == kept
