from __future__ import annotations

import contextlib
import itertools
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
from django_mediacloud.engine.operation import Outcome
from django_mediacloud.engine.sandbox import run_operation, shutdown
from django_mediacloud.exceptions import (
    EngineCrashed,
    LimitExceeded,
    MediaCloudError,
    UnsupportedMedia,
    WorkStopped,
)

PACKAGES = ("tests.engine.toys",)


@pytest.fixture(scope="module", autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    shutdown()


def act(name: str, workdir: Path, on_tick: Callable[[float | None], None] = lambda _: None, **limits: Any) -> Outcome:
    return run_operation(
        "toy.act",
        parameters={"act": name},
        inputs={},
        workdir=workdir,
        limits=Limits(**limits),
        packages=PACKAGES,
        on_tick=on_tick,
    )


def descendants() -> list[psutil.Process]:
    """What runs below this process, but for the fork server itself."""
    direct = psutil.Process().children()
    return living([process for process in psutil.Process().children(recursive=True) if process not in direct])


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Without those that have ended, whether or not somebody has taken notice."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def wait_until(fact: Callable[[], object], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


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
    assert descendants() == []


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
        ("encode", {"wall_s": 1.5}, "wall_time"),
    ],
)
def test_every_limit_bites(name: str, limits: dict[str, float], code: str, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded) as caught:
        act(name, tmp_path, **limits)
    assert caught.value.code == code
    wait_until(lambda: not descendants(), 2)


@pytest.mark.parametrize("error", [WorkStopped("cancelled"), SystemExit(3), KeyboardInterrupt()])
def test_what_the_tick_raises_kills_the_work_and_its_ffmpeg(error: BaseException, tmp_path: Path) -> None:
    seen: list[str] = []

    def on_tick(progress: float | None) -> None:
        if progress:
            seen.extend(process.name() for process in descendants())
            raise error

    with pytest.raises(type(error)):
        act("encode", tmp_path, on_tick)
    ended = time.monotonic()
    assert any(name.startswith("ffmpeg") for name in seen)
    wait_until(lambda: not descendants(), 2)
    assert time.monotonic() - ended < 2


def test_the_tick_comes_at_least_twice_a_second(tmp_path: Path) -> None:
    times: list[float] = []

    def on_tick(progress: float | None) -> None:
        times.append(time.monotonic())
        if times[-1] - times[0] > 1.5:
            raise WorkStopped("enough")

    with pytest.raises(WorkStopped):
        act("hang", tmp_path, on_tick)
    assert max(after - before for before, after in itertools.pairwise(times)) < 0.5


def test_a_killed_worker_leaves_no_process(tmp_path: Path) -> None:
    script = "import sys, pathlib, tests.engine.test_sandbox as t; t.act('encode', pathlib.Path(sys.argv[1]))"
    worker = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parents[2])
    try:
        # The fork server, its child, and that one's ffmpeg.
        wait_until(lambda: len(psutil.Process(worker.pid).children(recursive=True)) == 3, 20)
        below = psutil.Process(worker.pid).children(recursive=True)
        assert below[-1].name().startswith("ffmpeg")
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: not living(below), 2)


def test_a_fork_server_that_died_is_started_again(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    (server,) = psutil.Process().children()
    server.kill()
    server.wait(5)
    assert act("succeed", tmp_path).files


def test_the_end_of_the_fork_server_ends_its_children(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    (server,) = psutil.Process().children()

    def on_tick(progress: float | None) -> None:
        if descendants():
            server.send_signal(signal.SIGKILL)

    with pytest.raises(EngineCrashed):
        act("hang", tmp_path, on_tick)
    wait_until(lambda: not descendants(), 2)


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
        thread.join(30)
    assert len(set(results)) == 8
    assert len(psutil.Process().children()) == 1


def test_a_forked_worker_starts_a_server_of_its_own(tmp_path: Path) -> None:
    act("succeed", tmp_path)
    (server,) = psutil.Process().children()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            pids = {act("succeed", tmp_path).values["pid"]}
            mine = psutil.Process().children()
            code = 0 if pids and len(mine) == 1 and mine[0].pid != server.pid else 2
            shutdown()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert server.is_running()
    assert act("succeed", tmp_path).files


def test_a_forked_sibling_keeps_no_dead_workers_work_alive(tmp_path: Path) -> None:
    """It was forked while the work ran, so it had the worker's sockets."""
    script = (
        "import os, pathlib, sys, time, tests.engine.test_sandbox as t\n"
        "sibling = []\n"
        "def on_tick(progress):\n"
        "    if progress and not sibling:\n"
        "        sibling.append(os.fork())\n"
        "        if not sibling[0]: time.sleep(60)\n"
        "t.act('encode', pathlib.Path(sys.argv[1]), on_tick)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parents[2])
    try:
        # The fork server, its child, that one's ffmpeg, and the sibling.
        wait_until(lambda: len(psutil.Process(worker.pid).children(recursive=True)) == 4, 20)
        server, sibling, *below = psutil.Process(worker.pid).children(recursive=True)
    finally:
        worker.kill()
        worker.wait()
    try:
        wait_until(lambda: not living([server, *below]), 2)
        assert sibling.is_running()
    finally:
        sibling.kill()


def test_a_start_is_cheap(tmp_path: Path) -> None:
    """About 10 ms on an idle machine; the bound leaves room for a busy one."""
    act("succeed", tmp_path)
    spent = []
    for _ in range(5):
        began = time.monotonic()
        act("succeed", tmp_path)
        spent.append(time.monotonic() - began)
    assert min(spent) < 0.1


def test_unknown_operation_and_unreadable_input_are_errors_of_the_tree(tmp_path: Path) -> None:
    with pytest.raises(MediaCloudError, match=r"nothing\.here"):
        sandbox.run_operation("nothing.here", parameters={}, inputs={}, workdir=tmp_path, limits=Limits())
    with pytest.raises(MediaCloudError) as caught:
        run_operation("video.info", parameters={}, inputs={"url": [tmp_path / "none"]}, workdir=tmp_path)
    assert str(tmp_path) not in str(caught.value)
