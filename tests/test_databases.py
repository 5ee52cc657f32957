"""``make test`` tells the truth about what ran."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .database_servers import MARIADB, POSTGRES, Server
from .databases import Result, print_summary, run_on, run_suite
from .ports import closed_port


@contextmanager
def nowhere(server: Server) -> Iterator[Server]:
    """The same server where none answers and none can be started."""
    with closed_port() as port:
        yield dataclasses.replace(server, port=port, variable="TEST_NO_SUCH_URL", wheel="", find_programs=lambda: None)


def suite(folder: Path, *lines: str) -> list[str]:
    path = folder / "test_some.py"
    path.write_text("\n".join(["import pytest", *lines]), encoding="utf-8")
    return [str(path), "-q", "-p", "no:cacheprovider"]


@pytest.mark.parametrize("server", [POSTGRES, MARIADB], ids=lambda server: server.name)
def test_a_database_that_cannot_be_had_is_named_and_fails_ci_only(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # no apt-get to install it with
    with nowhere(server) as absent:
        at_home = run_on(absent, [], is_ci=False)
        in_ci = run_on(absent, [], is_ci=True)

    assert at_home.words.startswith(f"NOT RUN: no server answers at 127.0.0.1:{absent.port}")
    assert not at_home.is_failure
    assert in_ci.words.startswith("NOT RUN: ")
    assert in_ci.is_failure


def test_a_named_server_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_NO_SUCH_URL", "postgres://u@db.example/x")
    with nowhere(POSTGRES) as absent, absent.running(may_install=False) as url:
        assert url == "postgres://u@db.example/x"


def test_counts_and_failures_come_from_pytest(tmp_path: Path) -> None:
    lines = ["def test_a(): pass", "def test_b(): pass", "def test_c(): assert False", "def test_d(): pytest.skip('x')"]
    result = run_suite("SQLite", "", suite(tmp_path, *lines), is_ci=False)

    assert result.is_failure
    assert "2 passed, 1 failed, 1 skipped" in result.words


@pytest.mark.slow
def test_a_skipped_test_fails_ci_only(tmp_path: Path) -> None:
    arguments = suite(tmp_path, "def test_a(): pass", "def test_b(): pytest.skip('x')")

    assert not run_suite("SQLite", "", arguments, is_ci=False).is_failure
    assert "FAILED (a test was skipped)" in run_suite("SQLite", "", arguments, is_ci=True).words


@pytest.mark.slow
def test_a_run_without_tests_is_a_failure(tmp_path: Path) -> None:
    assert run_suite("SQLite", "", suite(tmp_path), is_ci=False).is_failure


def test_the_summary_says_what_ran_once(capsys: pytest.CaptureFixture[str]) -> None:
    results = [Result(database="SQLite", words="3 passed, 1 s", is_failure=False)]
    print_summary(results, has_ignored=True)
    printed = capsys.readouterr().out

    assert "SQLite      3 passed, 1 s" in printed
    assert "tests/engine" in printed
    assert "ran once" in printed
