"""``mediacloud_worker`` with real processes on a real database."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.files import File
from django.db import OperationalError, connection, transaction

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import State
from django_mediacloud.management.worker.signals import FINISH, GIVE_BACK
from django_mediacloud.models import Job

from ..media import MediaFactory
from ..servers import LocalServer, Reply
from .conftest import Running, Start, await_state, hold, is_alive, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NO_SUCH_THREAD = 1094
"""MariaDB's error number for a connection that has ended already."""


def start_worker(start: Start, *arguments: str, processes: int = 1, **environ: str) -> Running:
    worker = start("mediacloud_worker", "--processes", str(processes), "--interval", "0.1", *arguments, **environ)
    worker.await_line("mediacloud_worker is up")
    assert len(worker.children()) == processes
    return worker


def submit_wait(diary: Path, seconds: float = 600, gate: Path | str = "") -> Job:
    parameters = {"seconds": seconds, "diary": str(diary), "gate": str(gate)}
    return jobs.submit(JobSpec(operation="wait", parameters=parameters))


def events_of(job: Job) -> list[tuple[int, str]]:
    return list(job.events.exclude(to_state="").values_list("attempt", "to_state"))


def test_jobs_run_and_sigterm_leaves_nothing(start: Start, tmp_path: Path) -> None:
    worker = start_worker(start, processes=2)
    done: list[Job] = []

    def both_had_their_share() -> bool:
        """Each process does one job at a time; but one of them may be up long before the other."""
        pair = [submit_wait(tmp_path / "diary", 0.5) for _ in range(2)]
        done.extend(await_state(job, State.SUCCEEDED) for job in pair)
        lines = (tmp_path / "diary").read_text().splitlines()
        assert len(lines) == len(done)
        return len({line.split()[0] for line in lines}) == 2

    wait_until(both_had_their_share)
    children = worker.children()

    worker.process.terminate()
    assert worker.wait() == 0
    assert not [child for child in children if is_alive(child)]
    assert "mediacloud_worker has stopped" in worker.text


def test_a_killed_process_is_replaced_and_its_job_done_once(start: Start, tmp_path: Path) -> None:
    worker = start_worker(start)
    job = submit_wait(tmp_path / "diary", gate=tmp_path / "gate")
    lease_until = await_state(job, State.RUNNING).lease_until
    (child,) = worker.children()

    child.send_signal(signal.SIGKILL)
    wait_until(lambda: job.events.filter(attempt=2, to_state=State.RUNNING).exists())
    (tmp_path / "gate").touch()
    await_state(job, State.SUCCEEDED)

    assert job.attempt == 2
    # Nobody waited for the lease to run out.
    assert job.events.get(attempt=2, to_state=State.QUEUED).at < lease_until
    assert job.failures == 1
    assert [line.split()[1] for line in (tmp_path / "diary").read_text().splitlines()] == [job.token]
    attempts = events_of(job)
    assert (1, State.RUNNING) in attempts
    assert (2, State.QUEUED) in attempts
    assert attempts[-1] == (2, State.SUCCEEDED)
    assert job.outputs.count() == 1
    worker.await_line(f"{child.pid} was killed by SIGKILL")
    (heir,) = worker.children()
    assert heir.pid != child.pid


def test_a_process_killed_in_mid_encode_takes_ffmpeg_with_it(start: Start, settings: Any, media: MediaFactory) -> None:
    clouds = {**settings.MEDIACLOUD["CLOUDS"], "engine": {"BACKEND": "django_mediacloud.clouds.local"}}
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, "CLOUDS": clouds}
    worker = start_worker(start)
    with media.video(duration_s=5, size=(320, 240)).open("rb") as clip:
        parameters = {"extname": ".webm", "video_codec": "vp9", "audio_codec": "opus"}
        spec = JobSpec(cloud="engine", operation="media.encode", parameters=parameters)
        job = jobs.submit(spec, files={"url": File(clip, name="clip.mp4")})
    await_state(job, State.RUNNING)
    # Suspended, it cannot come to its end before the kill.
    wait_until(lambda: suspend_encoder(worker))
    engine = worker.children()
    (child,) = psutil.Process(worker.process.pid).children()

    child.kill()

    wait_until(lambda: not any(map(is_alive, engine)))
    await_state(job, State.SUCCEEDED)
    assert job.attempt == 2
    assert [output.name.rpartition(".")[2] for output in job.outputs.all()] == ["webm"]


def suspend_encoder(worker: Running) -> bool:
    for child in worker.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "ffmpeg" in child.name() and "libvpx-vp9" in child.cmdline():
                # To be seen standing at the next look, if it has not come to its end before.
                child.suspend()
                return child.status() == psutil.STATUS_STOPPED
    return False


def test_sigterm_lets_the_job_in_hand_finish(start: Start, tmp_path: Path) -> None:
    worker = start_worker(start, "--grace", "300")
    job = submit_wait(tmp_path / "diary", gate=tmp_path / "gate")
    await_state(job, State.RUNNING)
    other = submit_wait(tmp_path / "diary", 0)
    children = worker.children()

    worker.process.terminate()
    worker.await_line("shutting down gracefully")
    (tmp_path / "gate").touch()
    assert worker.wait() == 0
    job.refresh_from_db()
    other.refresh_from_db()

    assert (job.state, job.attempt) == (State.SUCCEEDED, 1)
    assert (other.state, other.attempt) == (State.QUEUED, 1)
    assert not [child for child in children if is_alive(child)]


@pytest.mark.parametrize("is_hurried", [False, True], ids=["after the grace period", "at a second signal"])
def test_what_cannot_finish_is_handed_back(start: Start, tmp_path: Path, is_hurried: bool) -> None:
    worker = start_worker(start, "--grace", "300" if is_hurried else "0.5")
    job = submit_wait(tmp_path / "diary")
    await_state(job, State.RUNNING)
    children = worker.children()

    worker.process.send_signal(signal.SIGINT)
    if is_hurried:
        worker.await_line("shutting down gracefully")
        worker.process.send_signal(signal.SIGINT)
    assert worker.wait() == 0
    job.refresh_from_db()

    assert (job.state, job.attempt, job.failures) == (State.QUEUED, 2, 0)
    assert job.events.last().message == "handed back by a worker that stops"
    assert not (tmp_path / "diary").exists()
    assert not [child for child in children if is_alive(child)]


def test_a_process_that_hears_both_signals_at_once_hands_its_job_back(start: Start, tmp_path: Path) -> None:
    """On a busy machine it may have had no turn between the two."""
    worker = start_worker(start, "--grace", "0")
    job = submit_wait(tmp_path / "diary")
    await_state(job, State.RUNNING)
    (child,) = worker.children()
    hold(child)

    worker.process.terminate()
    wait_until(lambda: pending_signals(child) >= {FINISH, GIVE_BACK})
    child.resume()
    assert worker.wait() == 0
    job.refresh_from_db()

    assert (job.state, job.attempt, job.failures) == (State.QUEUED, 2, 0)


def test_a_process_hands_its_job_back_from_the_midst_of_a_query(start: Start, tmp_path: Path) -> None:
    """It says every second that it lives, and a busy database takes its time."""
    worker = start_worker(start, "--grace", "0", "--no-sweep")
    job = submit_wait(tmp_path / "diary")
    await_state(job, State.RUNNING)
    (child,) = worker.children()

    with transaction.atomic():
        Job.objects.select_for_update().get(pk=job.pk)
        wait_until(is_one_waiting_for_a_lock)
        hold(child)
        worker.process.terminate()
        wait_until(lambda: pending_signals(child) >= {FINISH, GIVE_BACK})
        child.resume()
        if connection.vendor != "sqlite":  # Its library hears no signals while it waits.
            worker.await_line("shutting down gracefully")
    assert worker.wait() == 0
    job.refresh_from_db()

    assert (job.state, job.attempt, job.failures) == (State.QUEUED, 2, 0)


def is_one_waiting_for_a_lock() -> bool:
    """Of this database; who waits for one of SQLite's, nobody can tell."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        else:
            # Not innodb_trx: it is a copy, which is not made anew for those who look often.
            cursor.execute(
                "SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE %s",
                ["UPDATE%mediacloud_job%"],
            )
        return cursor.fetchone() is not None


def pending_signals(process: psutil.Process) -> set[int]:
    """What was sent to the process and not heard yet."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (mask,) = (int(line.split()[1], 16) for line in lines if line.startswith("ShdPnd:"))
    return {number for number in signal.valid_signals() if mask >> (number - 1) & 1}


def test_a_process_that_will_not_stop_is_killed_and_its_job_taken_back(start: Start, tmp_path: Path) -> None:
    worker = start_worker(start, "--grace", "0")
    job = submit_wait(tmp_path / "diary")
    await_state(job, State.RUNNING)
    (child,) = worker.children()
    # Stopped, it cannot hear SIGTERM, just as one that hangs in a library.
    hold(child)

    worker.process.terminate()
    assert worker.wait() == 0
    job.refresh_from_db()

    assert not is_alive(child)
    assert (job.state, job.attempt, job.failure_code) == (State.QUEUED, 2, "worker_lost")


def test_processes_do_not_outlive_a_killed_parent(start: Start) -> None:
    worker = start_worker(start, processes=2)
    children = worker.children()

    worker.process.kill()

    wait_until(lambda: not any(map(is_alive, children)))


def test_the_database_goes_away_and_comes_back(start: Start, tmp_path: Path) -> None:
    worker = start_worker(start)
    first = submit_wait(tmp_path / "diary", 0)
    await_state(first, State.SUCCEEDED)

    cut_off_all_others()
    second = submit_wait(tmp_path / "diary", 0)

    await_state(second, State.SUCCEEDED)
    assert worker.process.poll() is None


def cut_off_all_others() -> None:
    """End every other connection to the database; SQLite has none, so there it is locked for a moment."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        elif connection.vendor == "mysql":
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            for (number,) in cursor.fetchall():
                try:
                    cursor.execute(f"KILL {int(number)}")
                except OperationalError as error:
                    # It may have hung up by itself since the list was made.
                    if error.args[0] != NO_SUCH_THREAD:
                        raise
        else:
            cursor.execute("BEGIN EXCLUSIVE")
            time.sleep(1)
            cursor.execute("COMMIT")


def test_another_queue_is_left_to_its_own_workers(start: Start) -> None:
    refused = start("mediacloud_worker", MEDIACLOUD_QUEUE="immediate")
    assert refused.wait() == 2
    assert "ImmediateBackend, whose own workers do the jobs" in refused.text

    worker = start_worker(start, processes=0, MEDIACLOUD_QUEUE="immediate")
    assert "ImmediateBackend has the queue" in worker.text
    worker.process.terminate()
    assert worker.wait() == 0


def test_without_sweeping_and_processes_there_is_nothing_to_do(start: Start) -> None:
    refused = start("mediacloud_worker", "--processes", "0", "--no-sweep")

    assert refused.wait() == 2
    assert "nothing to do" in refused.text


def test_the_sweeper_takes_back_what_another_worker_lost(start: Start, tmp_path: Path) -> None:
    """A worker of a machine that is gone: nobody buries it, but its lease runs out."""
    job = submit_wait(tmp_path / "diary", 0)
    Job.objects.filter(pk=job.pk).update(
        state=State.RUNNING, lease_owner="elsewhere:1:", lease_until="2026-01-01T00:00:00Z"
    )
    start_worker(start)

    await_state(job, State.SUCCEEDED)
    assert job.attempt == 2


def test_a_worker_delivers_callbacks(start: Start) -> None:
    with LocalServer({"/hook": Reply()}) as receiver:
        start_worker(start, MEDIACLOUD_FETCH_ALLOW="127.0.0.1")
        jobs.submit(
            JobSpec(operation="hello", parameters={"name": "you"}, callback_url=receiver.url("/hook")),
        )
        (request,) = receiver.wait_for_requests(1)

    assert request.json()["job"]["values"] == {"result": "Hello you"}
