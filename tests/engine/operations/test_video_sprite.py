from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from django_mediacloud.engine.operations.video_sprite import lay_tiles, render_vtt
from django_mediacloud.exceptions import InvalidParameters, UnsupportedMedia
from tests.media import MediaFactory

from .work import Work

RAMP = "color=gray:size=64x48:rate=10:duration=7,geq=lum='16+N*3':cb=128:cr=128"
CUE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)")


def seconds(parts: tuple[str, str, str]) -> float:
    return int(parts[0]) * 3600 + int(parts[1]) * 60 + float(parts[2])


def test_every_cue_leads_to_the_picture_of_its_time(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "ramp.mp4", "-f", "lavfi", "-i", RAMP, "-c:v", "libx264", "-crf", "5", "-g", "30", "-pix_fmt", "yuv420p"
    )
    outcome = work.run("video.sprite", source, interval_s=1, columns=2, tiles_per_sheet=4, width=32, format="png")
    assert [file.name for file in outcome.files] == ["sprite.vtt", "sprite_1.png", "sprite_2.png"]
    assert [file.role for file in outcome.files] == ["output", "sprite", "sprite"]
    assert (outcome.values["count"], outcome.values["width"], outcome.values["height"]) == (7, 32, 24)
    paths = {file.name: file.path for file in outcome.files}
    text = Path(str(paths["sprite.vtt"])).read_text()
    assert text.startswith("WEBVTT\n\n")
    cues = CUE.findall(text)
    assert len(cues) == 7
    for number, cue in enumerate(cues):
        assert seconds(cue[0:3]) == number
        assert seconds(cue[3:6]) == min(7, number + 1)
        x, y, width, height = map(int, cue[7:])
        with Image.open(paths[cue[6]]) as sheet:
            tile = sheet.convert("L").crop((x, y, x + width, y + height))
            assert x + width <= sheet.width
            assert y + height <= sheet.height
        grey = tile.resize((1, 1)).getpixel((0, 0))
        assert grey * 219 / 255 == pytest.approx(number * 10 * 3, abs=4)


@given(
    length_s=st.floats(0.05, 5000),
    interval_s=st.floats(0.5, 100),
    columns=st.integers(1, 20),
    tiles_per_sheet=st.integers(1, 50),
)
def test_tiles_cover_the_film_without_overlap(
    length_s: float, interval_s: float, columns: int, tiles_per_sheet: int
) -> None:
    tiles = lay_tiles(length_s, interval_s, columns=columns, tiles_per_sheet=tiles_per_sheet, size=(16, 9))
    assert tiles[0].start_s == 0
    assert tiles[-1].end_s == pytest.approx(length_s, abs=1e-3)
    assert len({(tile.sheet, tile.corner) for tile in tiles}) == len(tiles)
    for before, after in itertools.pairwise(tiles):
        assert before.end_s == pytest.approx(after.start_s)
        assert after.start_s < length_s
    assert all(tile.corner[0] < columns * 16 for tile in tiles)


def test_times_over_an_hour() -> None:
    (tile,) = lay_tiles(3725.5, 4000, columns=1, tiles_per_sheet=1, size=(16, 9))
    assert "00:00:00.000 --> 01:02:05.500" in render_vtt([tile], ["sprite_1.jpg"], (16, 9))


def test_what_cannot_be(work: Work, media: MediaFactory) -> None:
    with pytest.raises(UnsupportedMedia):
        work.run("video.sprite", media.audio())
    with pytest.raises(InvalidParameters, match="columns"):
        work.run("video.sprite", media.video(), columns=0)
