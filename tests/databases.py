"""Runs the suite on SQLite, PostgreSQL and MariaDB, and says at the end what ran and what did not: ``make test``.

SQLite comes with Python. For the other two, the first of these that works:

1. the server named by ``TEST_POSTGRES_URL`` or ``TEST_MARIADB_URL``
2. a server on this machine, at its usual port, that lets its usual administrator in without a password
3. the server's programs, where they are installed: a server of our own, in a temporary folder, gone afterwards
4. in CI, as root: the same after installing Debian's package
5. not as root, PostgreSQL only: the same with the programs of the wheel in the ``[postgres-server]`` extra

What cannot be had is named in the summary. With ``CI=true`` it is an error, and so is a test that was skipped.

Several processes share the tests (pytest-xdist), file by file: each has a database, a home and ports of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .database_servers import MARIADB, POSTGRES, Server, Unavailable

ROOT = Path(__file__).resolve().parent.parent
NO_DATABASE = ("tests/core", "tests/engine", "tests/transport", "tests/clouds/stupeflix/wire")
"""These have no database to talk to (tests/conftest.py holds them to it), so one run says all."""
OWN_SITES = ("tests/test_extension.py",)
"""These make sites of their own, with SQLite, whatever the database."""
ONE_DATABASE = (
    "tests/clouds/test_conformance.py",
    "tests/clouds/stupeflix/test_client.py",
    "tests/clouds/stupeflix/test_client_failures.py",
    "tests/clouds/stupeflix/test_reference.py",
    "tests/clouds/stupeflix/test_stream.py",
    "tests/clouds/stupeflix/server/test_bad_input.py",
    "tests/clouds/stupeflix/server/test_documentation.py",
    "tests/clouds/stupeflix/server/test_our_client.py",
    "tests/clouds/stupeflix/server/test_recordings.py",
    "tests/clouds/stupeflix/server/test_reference_tasks.py",
    "tests/clouds/stupeflix/server/test_same_task.py",
)
"""These hold the words of a protocol against its documents. What they store, others store on every database."""

NOT_PASSED_ON = {"DATABASE_URL", "TEST_DATABASE_URL", "PYTHONDONTWRITEBYTECODE"}
"""With the last, each of hundreds of processes would compile the same code anew."""
WORKERS = (os.cpu_count() or 1) + 1
"""One more than there are cores: many tests wait."""
TIMEOUT_S = 1200
"""Of one test with its fixtures. A machine that others use too may take minutes for what takes seconds at home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    database: str
    words: str
    is_failure: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["sqlite", "postgresql", "mariadb"], action="append")
    parser.add_argument("--everything", action="store_true", help="tests without a database too, on each of the three")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes that share the tests; 0: none but one")
    parser.add_argument("pytest_arguments", nargs="*", help="after --")
    arguments = parser.parse_args()
    is_ci = os.environ.get("CI", "").lower() in {"1", "true"}
    wanted = arguments.only or ["sqlite", "postgresql", "mariadb"]
    extra = [*shared_by(arguments.workers), *arguments.pytest_arguments]
    results: list[Result] = []
    if "sqlite" in wanted:
        results.append(run_suite("SQLite", "", extra, is_ci=is_ci))
    if not arguments.everything:
        extra += [f"--ignore={folder}" for folder in (*NO_DATABASE, *OWN_SITES, *ONE_DATABASE)]
    for server in (POSTGRES, MARIADB):
        if server.name.lower() in wanted:
            results.append(run_on(server, extra, is_ci=is_ci))
    print_summary(results, has_ignored=not arguments.everything and len(results) > 1)
    return int(any(result.is_failure for result in results))


def shared_by(workers: int) -> list[str]:
    """pytest's arguments. A file is never torn apart: its fixtures are made once. ``conftest.py`` has the order."""
    return ["--numprocesses", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]


def run_on(server: Server, extra: list[str], *, is_ci: bool) -> Result:
    try:
        with server.running(may_install=is_ci) as url:
            return run_suite(server.name, url, extra, is_ci=is_ci)
    except Unavailable as error:
        return Result(database=server.name, words=f"NOT RUN: {error}", is_failure=is_ci)


def run_suite(database: str, url: str, extra: list[str], *, is_ci: bool) -> Result:
    print(f"\n=== The suite on {database} ===\n", flush=True)
    environ = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    if url:
        environ["TEST_DATABASE_URL"] = url
    started = time.monotonic()
    with temporary_file() as report:
        command = [sys.executable, "-m", "pytest", f"--junitxml={report}", f"--timeout={TIMEOUT_S}", *extra]
        exit_code = subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode
        counts = read_counts(report)
    took = f"{time.monotonic() - started:.0f} s"
    words = ", ".join(f"{number} {word}" for word, number in counts.items() if number or word == "passed")
    has_gaps = is_ci and counts["skipped"] > 0
    if exit_code or has_gaps:
        reason = "a test was skipped" if not exit_code else f"pytest ended with exit code {exit_code}"
        return Result(database=database, words=f"FAILED ({reason}): {words}, {took}", is_failure=True)
    return Result(database=database, words=f"{words}, {took}", is_failure=False)


@contextlib.contextmanager
def temporary_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "report.xml"


def read_counts(report: Path) -> dict[str, int]:
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    if report.exists():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped = int(suite.get("skipped", 0))
            counts["failed"] += failed
            counts["skipped"] += skipped
            counts["passed"] += int(suite.get("tests", 0)) - failed - skipped
    return counts


def print_summary(results: list[Result], *, has_ignored: bool) -> None:
    print("\n=== Summary ===")
    for result in results:
        print(f"{result.database:<11} {result.words}")
    if has_ignored:
        names = ", ".join((*NO_DATABASE, *OWN_SITES))
        print(f"{names} use no database, or one of their own, and ran once, with SQLite;")
        print(f"so did {', '.join(ONE_DATABASE)}, whose subject is a protocol.")


if __name__ == "__main__":
    sys.exit(main())
