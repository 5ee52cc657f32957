"""A file of any size goes through in the memory of a few chunks. Measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import Generated, LocalServer, Reply

MIB = 1024 * 1024

PROGRAM = """
import sys
from pathlib import Path
import psutil
from django_mediacloud.transport import FetchRules, fetch

me = psutil.Process()
rules = FetchRules(allow=("127.0.0.1",), max_bytes=int(sys.argv[3]))
fetch(sys.argv[4], Path(sys.argv[2] + ".small"), rules=rules)  # so that all is imported and warm
before, peak, calls = me.memory_info().rss, 0, 0

def watch(done, total):
    global peak, calls
    calls += 1
    if calls % 64 == 1:
        peak = max(peak, me.memory_info().rss)

fetched = fetch(sys.argv[1], Path(sys.argv[2]), rules=rules, on_chunk=watch)
print(fetched.size_bytes, max(peak, me.memory_info().rss) - before)
"""


def memory_growth_bytes(server: LocalServer, target: Path, size: int) -> int:
    server.routes |= {"/big": Reply(body=Generated(size=size)), "/small": Reply(body=b"x")}
    arguments = [server.url("/big"), str(target), str(size), server.url("/small")]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fetched, growth = map(int, done.stdout.split())
    assert fetched == target.stat().st_size == size
    with target.open("rb") as file:
        file.seek(size - 1)
        assert file.read() == bytes([(size - 1) % 251])
    target.unlink()
    return growth


@pytest.mark.slow
def test_300_mb_in_flat_memory(serve: Callable[..., LocalServer], tmp_path: Path) -> None:
    assert memory_growth_bytes(serve(), tmp_path / "big", 300 * MIB) < 20 * MIB


@pytest.mark.big
def test_2_gb_in_flat_memory(serve: Callable[..., LocalServer], tmp_path: Path) -> None:
    assert memory_growth_bytes(serve(), tmp_path / "big", 2048 * MIB) < 64 * MIB
