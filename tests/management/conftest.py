from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from django_mediacloud.models import Job

ROOT = Path(__file__).resolve().parents[2]
TOYS = {"CLOUDS": {"default": {"BACKEND": "tests.toys.workshop"}}, "RETRY_DELAYS_S": [0.1]}


@pytest.fixture
def toys(settings: Any) -> None:
    """The site has the toy workshop as its only cloud."""
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, **TOYS}


def wait_until(fact: Callable[[], object], timeout_s: float = 240.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not fact():
        assert time.monotonic() < deadline, f"it did not come within {timeout_s} s"
        time.sleep(0.05)


def await_state(job: Job, *states: str, timeout_s: float = 240.0) -> Job:
    """``job`` once it is in one of ``states``."""

    def is_there() -> bool:
        job.refresh_from_db()
        return job.state in states

    wait_until(is_there, timeout_s)
    return job


class Running:
    """A management command in a process of its own. What it prints is read as it comes."""

    def __init__(self, environ: dict[str, str], *arguments: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "django", *arguments],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._family = psutil.Process(self.process.pid)
        self._seen: dict[int, psutil.Process] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def await_line(self, words: str, timeout_s: float = 240.0) -> None:
        deadline = time.monotonic() + timeout_s
        while words not in self.text:
            assert self.process.poll() is None or self._reader.is_alive(), self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)

    def children(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in self._family.children(recursive=True):
                self._seen[child.pid] = child
        return [child for child in self._seen.values() if is_alive(child)]

    def wait(self, timeout_s: float = 240.0) -> int:
        exit_code = self.process.wait(timeout_s)
        self._reader.join(20)
        return exit_code

    def kill(self) -> None:
        below = self.children()
        # First the one that would start others in their place, to work on the next test's jobs.
        self.process.kill()
        self.process.wait()
        for process in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def hold(process: psutil.Process) -> None:
    """Stop it until it is resumed. Before it is seen to stand, it may still hear what is sent after the stop."""
    process.suspend()
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED)


Start = Callable[..., Running]


@pytest.fixture
def start(site_environment: dict[str, str], toys: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts management commands on the database of this test, and ends whatever is left of them."""
    environ = {
        **site_environment,
        "DJANGO_SETTINGS_MODULE": "tests.management.toy_settings",
        # What is killed leaves its folders behind.
        "MEDIACLOUD_WORK_DIR": str(tmp_path_factory.mktemp("work")),
    }
    started: list[Running] = []

    def run(*arguments: str, **more: str) -> Running:
        started.append(Running({**environ, **more}, *arguments))
        return started[-1]

    yield run
    for running in started:
        running.kill()
    connections.close_all()


class Called:
    """What came of a command that was called in this process."""

    def __init__(self, *arguments: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.exit_code = 0
        self.error = ""
        try:
            call_command(*arguments, stdout=out, stderr=err)
        except CommandError as error:
            self.exit_code = error.returncode
            self.error = str(error)
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def json(self) -> Any:
        return json.loads(self.out)
