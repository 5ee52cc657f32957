from __future__ import annotations

from pathlib import Path

import pytest

from django_mediacloud.engine.packets import Index, is_steady, read_index, usual_step
from django_mediacloud.engine.probe import best_video, open_media
from django_mediacloud.exceptions import UnreadableMedia
from tests.engine import nasty


def index_of(path: Path) -> Index:
    with open_media(path) as container:
        return read_index(container, best_video(container))


def test_every_packet_is_told(tmp_path: Path) -> None:
    index = index_of(nasty.ramp(tmp_path / "a.mkv", "-bf", "2", duration=2))
    assert index.shown().tolist() == [number * 40 for number in range(50)]
    assert index.stamps[index.is_key].tolist() == [0, 1600]
    assert not index.is_hidden.any()
    assert index.last_ticks == 40


def test_what_an_edit_list_hides(tmp_path: Path) -> None:
    whole = nasty.ramp(tmp_path / "whole.mp4", duration=4)
    index = index_of(nasty.ffmpeg(tmp_path / "cut.mp4", "-ss", "1", "-i", f"file:{whole}", "-c", "copy"))
    assert (len(index.stamps), len(index.shown()), index.is_hidden.sum()) == (100, 75, 25)


def test_times_that_jump_back(tmp_path: Path) -> None:
    one = nasty.ramp(tmp_path / "one.ts", "-f", "mpegts", duration=2)
    (tmp_path / "both.ts").write_bytes(one.read_bytes() * 2)
    with pytest.raises(UnreadableMedia, match="jump back"):
        index_of(tmp_path / "both.ts")


@pytest.mark.parametrize(
    ("stamps", "last", "usual"), [([0, 10, 20, 90], 10, 10), ([0, 40], 0, 40), ([5], 7, 7), ([5], 0, 1), ([], 0, 1)]
)
def test_the_usual_step(stamps: list[int], last: int, usual: int) -> None:
    assert usual_step(stamps, last) == usual


@pytest.mark.parametrize(
    ("stamps", "end", "steady"),
    [
        ([0, 10, 20, 30], 40, True),
        ([0, 11, 19, 30], 41, True),
        ([0, 10, 20, 30], 90, False),
        ([0, 50, 60, 70], 80, False),
        ([0, 10, 20, 30, 40, 50, 60, 200, 210, 220, 230, 240, 250, 260], 270, True),
    ],
)
def test_steady_ends(stamps: list[int], end: int, steady: bool) -> None:
    assert is_steady(stamps, end=end, usual=10) is steady
