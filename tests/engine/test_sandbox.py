from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from django_mediacloud.engine import sandbox
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Libraries, Outcome
from django_mediacloud.engine.sandbox import run_operation, shutdown
from django_mediacloud.exceptions import (
    EngineCrashed,
    EngineError,
    LimitExceeded,
    MediaCloudError,
    UnsupportedMedia,
    WorkStopped,
)

from .processes import fork_servers, is_ffmpeg, is_gone, is_of_engine, living, wait_until

PACKAGES = ("tests.engine.toys",)


@pytest.fixture(scope="module", autouse=True)
def _no_other_server() -> Iterator[None]:
    """Of the files before, nor for those after: here they are counted."""
    shutdown()
    yield
    shutdown()


def act(
    name: str,
    workdir: Path,
    on_tick: Callable[[float | None], None] = lambda _: None,
    libraries: Libraries = "media",
    **limits: Any,
) -> Outcome:
    return run_operation(
        "toy.act",
        parameters={"act": name, "libraries": libraries},
        inputs={},
        workdir=workdir,
        limits=Limits(**limits),
        packages=PACKAGES,
        on_tick=on_tick,
    )


def descendants() -> list[psutil.Process]:
    """What works below this process: not the fork server itself, nor the child that waits for work."""
    direct = psutil.Process().children()
    return living(
        [
            process
            for process in psutil.Process().children(recursive=True)
            if process not in direct and process.pid != waiting_pid()
        ]
    )


def waiting_pid() -> int | None:
    """Of the child that is forked ahead."""
    spare = sandbox._servers["media"]._spare
    if spare is None:
        return None
    wait_until(lambda: not spare.still_waits() or spare.pid)
    return spare.pid


def test_outcome_and_progress(tmp_path: Path) -> None:
    told: list[float | None] = []
    outcome = act("succeed", tmp_path, told.append)
    (file,) = outcome.files
    assert file.path == (tmp_path / "a.bin").resolve()
    assert file.path.read_bytes() == b"made"
    assert outcome.values["pid"] != os.getpid()
    assert all(progress is None or 0 <= progress <= 100 for progress in told)


def test_every_piece_of_work_has_a_process_of_its_own(tmp_path: Path) -> None:
    pids = {act("succeed", tmp_path).values["pid"] for _ in range(3)}
    assert len(pids) == 3
    wait_until(lambda: not descendants())


def test_the_next_child_is_forked_ahead(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    ahead = waiting_pid()
    assert ahead is not None
    assert act("succeed", tmp_path).values["pid"] == ahead != waiting_pid()


def test_a_child_that_was_killed_while_it_waited_is_no_loss(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    ahead = waiting_pid()
    assert ahead is not None
    os.kill(ahead, signal.SIGKILL)
    wait_until(lambda: is_gone(ahead))
    assert act("succeed", tmp_path).values["pid"] != ahead


def test_a_child_whose_death_nobody_has_noticed_is_no_loss(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    ahead = waiting_pid()
    assert ahead is not None
    # The fork server is the one to tell; this long, it cannot.
    (server,) = fork_servers()
    server.suspend()
    wait_until(lambda: server.status() == psutil.STATUS_STOPPED)
    os.kill(ahead, signal.SIGKILL)
    wait_until(lambda: is_gone(ahead))
    ticks = 0

    def wake(_progress: float | None) -> None:
        nonlocal ticks
        ticks += 1
        server.resume()

    assert act("succeed", tmp_path, wake).values["pid"] != ahead
    assert ticks, "the work was given to the child that was dead"


def test_what_an_operation_leaves_running_goes_with_its_answer(tmp_path: Path) -> None:
    pid = act("leave_running", tmp_path).values["left"]
    wait_until(lambda: is_gone(pid))


def test_the_child_knows_nothing_of_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutdown()
    monkeypatch.setenv("SECRET_KEY", "hush")
    values = act("tell_environment", tmp_path).values
    assert "SECRET_KEY" not in values["environment"]
    assert not [name for name in values["modules"] if name.split(".")[0] in {"django", "requests", "pytest"}]
    assert values["folder"] == str(tmp_path.resolve())


@pytest.mark.parametrize("name", ["escape", "link"])
def test_files_outside_the_folder_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(EngineCrashed, match="outside"):
        act(name, tmp_path)


def test_an_error_comes_back_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia) as caught:
        act("refuse", tmp_path)
    error = caught.value
    assert (str(error), error.code, error.advice, error.log) == (
        "Not this kind.",
        "odd_kind",
        "Take another.",
        "details",
    )


def test_a_fault_of_an_operation_is_told_with_its_trace(tmp_path: Path) -> None:
    with pytest.raises(EngineCrashed, match="ZeroDivisionError") as caught:
        act("fail", tmp_path)
    assert "a fault" in caught.value.log


def test_a_disk_that_is_full_is_told_and_may_pass(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        act("fill_disk", tmp_path)
    assert (caught.value.code, caught.value.is_retryable) == ("disk_full", True)


def test_a_crash_is_told_by_its_signal(tmp_path: Path) -> None:
    with pytest.raises(EngineCrashed, match="SIGSEGV"):
        act("crash", tmp_path)
    with pytest.raises(EngineCrashed, match="status 7"):
        act("leave", tmp_path)
    assert act("succeed", tmp_path).files


@pytest.mark.parametrize(
    ("name", "limits", "code"),
    [
        ("hang", {"wall_s": 0.5}, "wall_time"),
        ("spin", {"cpu_s": 1}, "cpu_time"),
        ("devour", {"memory_bytes": 1 << 30}, "memory"),
        ("write_one", {"output_bytes": 5_000_000}, "output_size"),
        ("write_many", {"output_bytes": 5_000_000}, "output_size"),
        pytest.param("encode", {"wall_s": 1.5}, "wall_time", marks=pytest.mark.slow),
    ],
)
def test_every_limit_bites(name: str, limits: dict[str, float], code: str, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded) as caught:
        act(name, tmp_path, **limits)
    assert caught.value.code == code
    wait_until(lambda: not descendants())


@pytest.mark.parametrize(
    "error",
    [
        WorkStopped("cancelled"),
        pytest.param(SystemExit(3), marks=pytest.mark.slow),
        pytest.param(KeyboardInterrupt(), marks=pytest.mark.slow),
    ],
)
def test_what_the_tick_raises_kills_the_work_and_its_ffmpeg(error: BaseException, tmp_path: Path) -> None:
    seen: list[bool] = []

    def on_tick(progress: float | None) -> None:
        if progress:
            seen.extend(map(is_ffmpeg, descendants()))
            raise error

    with pytest.raises(type(error)):
        act("encode", tmp_path, on_tick)
    assert any(seen)
    # It would go on for an hour.
    wait_until(lambda: not descendants())


@pytest.mark.slow
def test_the_tick_comes_at_least_twice_a_second(tmp_path: Path) -> None:
    """While the work says nothing. The shortest wait tells: a busy machine makes any of them longer."""
    waits: list[float] = []
    began = before = time.monotonic()

    def on_tick(progress: float | None) -> None:
        nonlocal before
        now = time.monotonic()
        # First the child says that it is there, and each of its words brings a tick, too.
        if now - began > 1:
            waits.append(now - before)
        before = now
        if len(waits) > 3 and (min(waits[1:]) < 0.5 or now - began > 60):
            raise WorkStopped("enough")

    with pytest.raises(WorkStopped):
        act("hang", tmp_path, on_tick)
    assert min(waits[1:]) < 0.5


def test_a_killed_worker_leaves_no_process(tmp_path: Path) -> None:
    script = "import sys, pathlib, tests.engine.test_sandbox as t; t.act('encode', pathlib.Path(sys.argv[1]))"
    worker = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parents[2])
    try:
        below = when_it_encodes(worker)
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: not living(below))


def when_it_encodes(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The fork server of ``worker``, its child, the one that waits, and the first one's ffmpeg, once all are there."""

    def below() -> list[psutil.Process]:
        found = living(psutil.Process(worker.pid).children(recursive=True))
        return [process for process in found if is_of_engine(process) or is_ffmpeg(process)]

    wait_until(lambda: len(below()) == 4 and any(map(is_ffmpeg, below())))
    return below()


def test_a_fork_server_that_died_is_started_again(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    (server,) = fork_servers()
    server.kill()
    wait_until(lambda: not living([server]))
    assert act("succeed", tmp_path).files


def test_the_end_of_the_fork_server_ends_its_children(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    (server,) = fork_servers()

    def on_tick(progress: float | None) -> None:
        # It may have had no turn to die between two ticks.
        if descendants():
            with contextlib.suppress(psutil.NoSuchProcess):
                server.send_signal(signal.SIGKILL)

    with pytest.raises(EngineCrashed):
        act("hang", tmp_path, on_tick)
    wait_until(lambda: not descendants())


def test_pictures_come_from_a_smaller_fork_server(tmp_path: Path) -> None:
    shutdown()
    assert fork_servers() == []
    small = act("tell_environment", tmp_path, libraries="pictures").values["modules"]
    large = act("tell_environment", tmp_path).values["modules"]

    assert "PIL.JpegImagePlugin" in small
    assert not {"av", "numpy", "lxml.etree"} & set(small)
    assert {"PIL.JpegImagePlugin", "av", "numpy", "lxml.etree"} <= set(large)
    assert len(fork_servers()) == 2
    shutdown()
    assert fork_servers() == []


def test_threads_share_one_fork_server(tmp_path: Path) -> None:
    shutdown()
    results: list[int] = []

    def work(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        results.append(act("succeed", folder).values["pid"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 8
    assert len(fork_servers()) == 1


def test_a_forked_worker_starts_a_server_of_its_own(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    (server,) = fork_servers()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            pids = {act("succeed", tmp_path).values["pid"]}
            mine = fork_servers()
            code = 0 if pids and len(mine) == 1 and mine[0].pid != server.pid else 2
            shutdown()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert server.is_running()
    assert act("succeed", tmp_path).files


@pytest.mark.slow
def test_a_forked_sibling_keeps_no_dead_workers_work_alive(tmp_path: Path) -> None:
    """It was forked while the work ran, so it had the worker's sockets."""
    script = (
        "import os, pathlib, sys, time, tests.engine.test_sandbox as t\n"
        "sibling = []\n"
        "def on_tick(progress):\n"
        "    if progress and not sibling:\n"
        "        sibling.append(os.fork())\n"
        "        if not sibling[0]: time.sleep(600)\n"
        "        print(sibling[0], flush=True)\n"
        "t.act('encode', pathlib.Path(sys.argv[1]), on_tick)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    worker = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    try:
        sibling = psutil.Process(int(worker.stdout.readline()))
        below = when_it_encodes(worker)
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    try:
        wait_until(lambda: not living(below))
        assert living([sibling])
    finally:
        sibling.kill()


def test_a_start_is_cheap(tmp_path: Path) -> None:
    """The fork server has loaded the libraries; its children have next to nothing to do before their work."""
    shutdown()
    act("succeed", tmp_path)
    (server,) = fork_servers()
    loaded_s = sum(server.cpu_times()[:2])

    assert act("succeed", tmp_path).values["cpu_s"] < loaded_s / 5


def test_unknown_operation_and_unreadable_input_are_errors_of_the_tree(tmp_path: Path) -> None:
    with pytest.raises(MediaCloudError, match=r"nothing\.here"):
        sandbox.run_operation("nothing.here", parameters={}, inputs={}, workdir=tmp_path, limits=Limits())
    with pytest.raises(MediaCloudError) as caught:
        run_operation("video.info", parameters={}, inputs={"url": [tmp_path / "none"]}, workdir=tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_a_child_caches_no_module(tmp_path: Path) -> None:
    """Its limit on file sizes would cut the cached code off, and every later import would fail on it."""
    assert act("import_module", tmp_path, output_bytes=10_000).values == {"last": 999, "cached": False}
