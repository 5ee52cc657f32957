"""Films that are to be turned or mirrored look the same whatever is made of them."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from PIL import Image

from django_mediacloud.engine.probe import probe
from tests.engine import nasty

from .work import Work, main_file

QUARTERS = (
    "color=white:s=160x120:r=25:d=0.4,drawbox=0:0:80:60:red:fill,drawbox=0:60:80:60:black:fill,"
    "drawbox=80:60:80:60:blue:fill"
)
COLORS = {"red": (255, 0, 0), "white": (255, 255, 255), "black": (0, 0, 0), "blue": (0, 0, 255)}
FLIP = "-display_hflip"
CASES = {
    # ffmpeg's words, and the quarters as a player shows them, in the order of reading.
    "level": ((), ("red", "white", "black", "blue")),
    "left and right": ((FLIP,), ("white", "red", "blue", "black")),
    "upside down": (("-display_vflip",), ("black", "blue", "red", "white")),
    "a quarter": (("-display_rotation", "90"), ("white", "blue", "red", "black")),
    "a quarter, mirrored": (("-display_rotation", "90", FLIP), ("blue", "white", "black", "red")),
    "three quarters, mirrored": (("-display_rotation", "270", FLIP), ("red", "black", "white", "blue")),
    "a half, mirrored": (("-display_rotation", "180", FLIP), ("black", "blue", "red", "white")),
}


def quarters(picture: Any) -> tuple[str, ...]:
    width, height = picture.size
    places = [(width * x // 4, height * y // 4) for y in (1, 3) for x in (1, 3)]
    pixels = [picture.convert("RGB").getpixel(place) for place in places]
    return tuple(
        min(COLORS, key=lambda name: sum(abs(a - b) for a, b in zip(COLORS[name], pixel, strict=True)))
        for pixel in pixels
    )


def played(path: Path) -> Any:
    """The first frame as ffmpeg's player shows it."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", str(path), "-frames:v", "1"]
    done = subprocess.run([*command, "-f", "image2pipe", "-c:v", "png", "-"], capture_output=True, check=True)
    return Image.open(io.BytesIO(done.stdout))


@pytest.mark.parametrize("case", CASES)
def test_they_look_the_same_everywhere(case: str, work: Work, tmp_path: Path) -> None:
    words, shown = CASES[case]
    level = nasty.clip(tmp_path / "level.mp4", "-crf", "5", source=QUARTERS)
    film = nasty.ffmpeg(tmp_path / "film.mp4", *words, "-i", f"file:{level}", "-c", "copy")
    assert quarters(played(film)) == shown
    size = played(film).size
    assert probe(film).display_size == size
    for name, given in (("video.thumb", {}), ("video.strip", {"count": 1})):
        with Image.open(main_file(work.run(name, film, format="png", **given))) as picture:
            assert (name, picture.size, quarters(picture)) == (name, size, shown)
    for name in ("video.convert", "video.reverse", "media.encode"):
        picture = played(main_file(work.run(name, film)))
        assert (name, picture.size, quarters(picture)) == (name, size, shown)


@pytest.mark.parametrize(
    ("words", "rotation"),
    [((FLIP,), 0.0), (("-display_vflip",), 180.0), (("-display_rotation", "90", FLIP), 90.0)],
)
def test_who_only_turns_sees_a_mirrored_film_upright(
    words: tuple[str, ...], rotation: float, work: Work, tmp_path: Path
) -> None:
    level = nasty.clip(tmp_path / "level.mp4", "-crf", "5", source=QUARTERS)
    film = nasty.ffmpeg(tmp_path / "film.mp4", *words, "-i", f"file:{level}", "-c", "copy")
    assert work.run("video.info", film).values["rotation"] == rotation
    facts = probe(film).video
    assert facts is not None
    assert facts.is_mirrored
