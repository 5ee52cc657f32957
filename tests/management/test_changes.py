"""Retry, cancel, sweep and purge."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.utils import timezone

from django_mediacloud import jobs
from django_mediacloud.core.ids import as_base32, as_hex32
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import CallbackState, State
from django_mediacloud.jobs.state import move
from django_mediacloud.models import Callback, Job, Output

from ..servers import LocalServer, Reply
from .conftest import Called


class MiserlyStorage(FileSystemStorage):
    """Keeps what it has."""

    def delete(self, name: str) -> None:
        raise PermissionError(name)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toys")]


def submit(**more: Any) -> Job:
    return jobs.submit(JobSpec(operation="hello", parameters={"name": "you"}, **more))


def failed(**fields: Any) -> Job:
    job = submit()
    assert move(job, State.FAILED, failure_code="media", failure_message="Broken.", **fields)
    return job


def test_cancel_takes_ids_in_three_spellings() -> None:
    three = [submit() for _ in range(3)]
    spelled = [str(three[0].public_id), as_hex32(three[1].public_id), as_base32(three[2].public_id)]

    done = Called("mediacloud_cancel", *spelled)

    assert done.exit_code == 0
    assert done.out.splitlines() == [f"{job.public_id} cancelled" for job in three]
    assert set(Job.objects.values_list("state", flat=True)) == {"cancelled"}


def test_one_that_is_refused_does_not_stop_the_others() -> None:
    over, waiting = failed(), submit()

    done = Called("mediacloud_cancel", over.public_id.hex, waiting.public_id.hex, "--json")

    assert done.exit_code == 7
    assert done.error == "1 of 2 jobs refused."
    assert f"{over.public_id} A job that is failed cannot be cancelled." in done.err
    assert [(job["id"], job["state"]) for job in done.json] == [(str(waiting.public_id), "cancelled")]


def test_an_unknown_id_changes_nothing() -> None:
    waiting, nobody = submit(), uuid.uuid4()

    done = Called("mediacloud_cancel", waiting.public_id.hex, nobody.hex)

    assert (done.exit_code, done.error) == (2, f"There is no job {nobody}.")
    waiting.refresh_from_db()
    assert waiting.state == State.QUEUED


@pytest.mark.parametrize(
    "arguments", [["mediacloud_cancel"], ["mediacloud_retry"], ["mediacloud_retry", "--since", "1h"]]
)
def test_somebody_must_be_named(arguments: list[str]) -> None:
    assert Called(*arguments).exit_code == 2


def test_retry() -> None:
    job, other = failed(), failed()

    done = Called("mediacloud_retry", job.public_id.hex)

    assert done.out == f"{job.public_id} queued\n"
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.QUEUED, 2)
    assert Called("mediacloud_retry", job.public_id.hex).exit_code == 7
    other.refresh_from_db()
    assert other.state == State.FAILED


def test_retry_of_all_that_failed_since() -> None:
    old, new, named = failed(), failed(), failed()
    jobs.cancel(submit())
    long_ago = timezone.now() - dt.timedelta(days=3)
    Job.objects.filter(pk__in=[old.pk, named.pk]).update(finished_at=long_ago)

    done = Called("mediacloud_retry", "--failed", "--since", "1d", named.public_id.hex)

    assert done.out.splitlines() == [f"{named.public_id} queued", f"{new.public_id} queued"]
    assert list(Job.objects.filter(state=State.FAILED)) == [old]
    assert Called("mediacloud_retry", "--failed").out == f"{old.public_id} queued\n"
    assert Called("mediacloud_retry", "--failed").exit_code == 0


def test_sweep_says_what_it_did(settings: Any) -> None:
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, "FETCH": {"ALLOW": ["127.0.0.1"]}}
    lost = submit()
    past = timezone.now() - dt.timedelta(seconds=5)
    Job.objects.filter(pk=lost.pk).update(state=State.RUNNING, lease_owner="x:1:", lease_until=past)
    with LocalServer({"/hook": Reply()}) as receiver:
        jobs.cancel(submit(callback_url=receiver.url("/hook")))
        first = Called("mediacloud_sweep", "--json").json

    assert first["lost"] == 1
    assert first["callbacks"] == {"delivered": 1, "postponed": 0, "given_up": 0}
    assert Callback.objects.get().state == CallbackState.DELIVERED
    lost.refresh_from_db()
    assert (lost.state, lost.attempt) == (State.QUEUED, 2)

    Job.objects.update(run_after=None, woken_at=timezone.now())
    assert Called("mediacloud_sweep").out == "Nothing to do.\n"
    Job.objects.update(woken_at=None)
    assert Called("mediacloud_sweep").out == "1 woken\n"


def test_purge_and_its_dry_run() -> None:
    job = failed()
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - dt.timedelta(days=40))
    path = default_storage.save("mediacloud/test/expired.bin", ContentFile(b"x" * 2048))
    keep = submit()
    for owner in (job, keep):
        Output.objects.create(
            job=owner, attempt=1, name="a", storage="default", path=path, size_bytes=2048, is_ready=True
        )
    Output.objects.filter(job=keep).update(path="")

    dry = Called("mediacloud_purge", "--older-than", "30d", "--dry-run")
    assert dry.out == "Would remove 1 outputs (2.0 KB), 1 jobs, 0 notifications.\n"
    assert default_storage.exists(path)
    assert Called("mediacloud_purge", "--json").json["jobs"] == 0

    done = Called("mediacloud_purge", "--older-than", "30d", "--json")
    assert done.json == {
        "outputs": 1,
        "jobs": 1,
        "notifications": 0,
        "bytes": 2048,
        "kept_outputs": 0,
        "dry_run": False,
    }
    assert not default_storage.exists(path)
    assert list(Job.objects.all()) == [keep]
    assert list(Output.objects.values_list("job", flat=True)) == [keep.pk]


def test_purge_tells_what_a_storage_keeps(settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entry = {"BACKEND": f"{__name__}.MiserlyStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "miserly": entry}
    jobs_made = [failed(), failed()]
    Job.objects.update(finished_at=timezone.now() - dt.timedelta(days=40))
    path = storages["miserly"].save("kept.bin", ContentFile(b"x" * 2048))
    Output.objects.create(
        job=jobs_made[0], attempt=1, name="a", storage="miserly", path=path, size_bytes=2048, is_ready=True
    )

    done = Called("mediacloud_purge", "--older-than", "30d", "--json")

    assert done.json == {
        "outputs": 0,
        "jobs": 1,
        "notifications": 0,
        "bytes": 0,
        "kept_outputs": 1,
        "dry_run": False,
    }
    assert (done.exit_code, done.error.split(",")[0]) == (1, "1 outputs are kept")
    assert list(Job.objects.all()) == [jobs_made[0]]
    assert "A storage did not delete kept.bin: PermissionError." in caplog.text
    assert "Traceback" not in caplog.text
