"""A film of any size goes through in the memory of a few pieces. Measured in a process of its own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.platforms import facebook, vimeo, vimeo_v2, youtube
from tests.platforms.server import Platform
from tests.servers import Generated

MIB = 1024 * 1024
SIZE = 300 * MIB

PROGRAM = """
import json, sys
from pathlib import Path
import psutil
from django_mediacloud.transport import FetchRules
from django_mediacloud.transport.uploads import upload

me = psutil.Process()
destination, endpoint, given, small, big = sys.argv[1:]
peak, calls = 0, 0

def watch(sent, total):
    global peak, calls
    calls += 1
    if calls % 16 == 1:
        peak = max(peak, me.memory_info().rss)

def send(path):
    return upload(
        destination, Path(path), json.loads(given), filename="a.mp4", content_type="video/mp4", endpoint=endpoint,
        rules=FetchRules(), on_progress=watch,
    )

send(small)  # so that all is imported and warm
before, peak = me.memory_info().rss, 0
send(big)
print(max(peak, me.memory_info().rss) - before)
"""


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("big") / "film"
    with path.open("wb") as file:
        for piece in Generated(size=SIZE).pieces(0, SIZE):
            file.write(piece)
    return path


def _facebook() -> facebook.Facebook:
    platform = facebook.Facebook()
    platform.part_bytes = 64 * MIB
    return platform


@pytest.mark.slow
@pytest.mark.parametrize(
    ("destination", "platform", "given"),
    [
        ("youtube", youtube.YouTube, {"access_token": youtube.TOKEN, "developer_key": youtube.KEY, "title": "a"}),
        ("vimeo", vimeo.Vimeo, {"oauth2_token": vimeo.TOKEN}),
        ("vimeo", vimeo_v2.VimeoV2, vimeo_v2.KEYS),
        ("facebook", _facebook, {"access_token": facebook.TOKEN}),
    ],
)
def test_300_mb_in_flat_memory(
    destination: str, platform: type[Platform], given: Mapping[str, Any], big: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"small")
    with platform() as running:
        arguments = [destination, running.url, json.dumps(given), str(small), str(big)]
        done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with big.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        assert sha256 in arrived(running)
        assert running.complaints == []
    assert int(done.stdout) < 20 * MIB


def arrived(platform: Any) -> list[str]:
    """Hashes of all that the platform got."""
    for name in ("sessions", "videos", "tickets"):
        found = getattr(platform, name, {}).values()
        if hashes := [item.stored.sha256() for item in found if hasattr(item, "stored")]:
            return hashes
    return []
