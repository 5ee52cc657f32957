from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from django_mediacloud.core.spec import ProducedFile
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Outcome
from django_mediacloud.exceptions import InvalidParameters, LimitExceeded, UnsupportedMedia
from tests.engine import nasty

from .work import Work


def picture_of(outcome: Outcome) -> Any:
    (file,) = outcome.files
    assert file.path is not None
    with Image.open(file.path) as picture:
        picture.load()
    assert picture.size == (outcome.values["width"], outcome.values["height"])
    assert outcome.values["content_type"] == file.content_type
    return picture


def frame_numbers(picture: Any, columns: int, rows: int = 1) -> list[float]:
    """Of the ramp, section by section: from the grey in the middle of each."""
    grey = np.asarray(picture.convert("L"), float)
    height, width = grey.shape[0] // rows, grey.shape[1] // columns
    return [
        float(grey[row * height + height // 2, column * width + width // 2]) * 219 / 255
        for row in range(rows)
        for column in range(columns)
    ]


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nasty.ramp(tmp_path_factory.mktemp("ramp") / "ramp.mp4")


def test_thumb_by_default(work: Work, ramp: Path) -> None:
    outcome = work.run("video.thumb", ramp)
    assert dict(outcome.values) == {
        "width": 64,
        "height": 48,
        "original_width": 64,
        "original_height": 48,
        "duration": 8.0,
        "content_type": "image/jpeg",
    }
    (file,) = outcome.files
    assert (file.name, file.role) == ("output.jpg", "output")
    assert isinstance(file, ProducedFile)
    assert frame_numbers(picture_of(outcome), 1) == pytest.approx([0], abs=1)


@pytest.mark.parametrize(("time", "number"), [(0, 0), (3.0, 75), (7.96, 199), (8.0, 199)])
def test_thumb_of_a_time(work: Work, ramp: Path, time: float, number: int) -> None:
    picture = picture_of(work.run("video.thumb", ramp, time=time, format="png"))
    assert frame_numbers(picture, 1) == pytest.approx([number], abs=1)


def test_thumb_past_the_end(work: Work, ramp: Path) -> None:
    with pytest.raises(UnsupportedMedia, match=r"only 8\.0 s long"):
        work.run("video.thumb", ramp, time=8.5)
    assert work.left() == []


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"width": 32}, (32, 24)),
        ({"height": 96}, (128, 96)),
        ({"width": 40, "height": 40}, (40, 30)),
        ({"width": 40, "height": 40, "crop": True}, (40, 40)),
        ({"width": 33, "height": 33, "crop": "true", "poster": True}, (33, 33)),
    ],
)
def test_thumb_sizes(work: Work, ramp: Path, given: dict[str, Any], size: tuple[int, int]) -> None:
    assert picture_of(work.run("video.thumb", ramp, **given)).size == size


def test_thumb_of_turned_wide_and_transparent_films(work: Work, tmp_path: Path) -> None:
    turned = work.run("video.thumb", nasty.n12_turned(tmp_path), width=60)
    assert (turned.values["width"], turned.values["height"]) == (60, 80)
    assert (turned.values["original_width"], turned.values["original_height"]) == (120, 160)
    assert work.run("video.thumb", nasty.n32_wide_pixels(tmp_path)).values["width"] == 213
    clear = nasty.n13_alpha_webm(tmp_path)
    assert picture_of(work.run("video.thumb", clear, format="png")).mode == "RGBA"
    # On white, where there can be no transparency.
    assert picture_of(work.run("video.thumb", clear)).getpixel((5, 5)) == pytest.approx((255, 128, 128), abs=6)


def test_thumb_quality_and_poster(work: Work, tmp_path: Path) -> None:
    source = nasty.clip(tmp_path / "bars.mp4")
    sizes = []
    for quality in (5, 75, 95):
        file = work.run("video.thumb", source, quality=quality).files[0]
        assert file.path is not None
        sizes.append(file.path.stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2]
    assert work.run("video.thumb", source).files[0].path.stat().st_size == sizes[1]
    plain, poster = (
        picture_of(work.run("video.thumb", source, poster=value, format="png", width=320)) for value in (False, True)
    )
    assert poster.getpixel((160, 120)) == (255, 255, 255) != plain.getpixel((160, 120))
    # The sign is in the middle, and nothing else is touched.
    for place in ((5, 5), (160, 20), (60, 120), (315, 235)):
        assert poster.getpixel(place) == plain.getpixel(place)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("video.thumb", {"time": -1}),
        ("video.thumb", {"quality": 96}),
        ("video.thumb", {"format": "gif"}),
        ("video.thumb", {"width": 0}),
        ("video.strip", {"count": 0}),
        ("video.strip", {"wrap": 0}),
        ("video.strip", {"start": 5, "end": 2}),
        ("video.strip", {"unknown": 1}),
    ],
)
def test_parameters_out_of_range(work: Work, ramp: Path, name: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameters):
        work.run(name, ramp, **given)


def test_strip_by_default(work: Work, ramp: Path) -> None:
    outcome = work.run("video.strip", ramp)
    assert dict(outcome.values) == {
        "count": 10,
        "width": 640,
        "height": 48,
        "original_width": 64,
        "original_height": 48,
        "duration": 8.0,
        "frame_rate": 25.0,
        "content_type": "image/jpeg",
    }
    # From the first to the last frame, at equal intervals.
    assert frame_numbers(picture_of(outcome), 10) == pytest.approx([199 * n / 9 for n in range(10)], abs=2)
    assert work.progress == pytest.approx([10.0 * n for n in range(1, 11)])


def test_strip_in_rows(work: Work, ramp: Path) -> None:
    outcome = work.run("video.strip", ramp, count=5, wrap=3, start=1, end=5, width=32, format="png")
    assert (outcome.values["width"], outcome.values["height"]) == (96, 48)
    assert frame_numbers(picture_of(outcome), 3, 2) == pytest.approx([25, 50, 75, 100, 125, 0], abs=1.2)
    assert work.run("video.strip", ramp, count=2, wrap=7).values["width"] == 128


@pytest.mark.parametrize(("count", "wrap", "rows"), [(7, 3, 3), (6, 3, 2), (4, 1, 4), (3, 3, 1), (1, 5, 1)])
def test_strip_fills_row_after_row(work: Work, ramp: Path, count: int, wrap: int, rows: int) -> None:
    columns = min(count, wrap)
    outcome = work.run("video.strip", ramp, count=count, wrap=wrap, start=1, end=7, format="png")
    assert outcome.values["count"] == count
    assert (outcome.values["width"], outcome.values["height"]) == (columns * 64, rows * 48)
    step = 150 / max(1, count - 1)
    numbers = [25 + step * n for n in range(count)] + [0] * (columns * rows - count)
    assert frame_numbers(picture_of(outcome), columns, rows) == pytest.approx(numbers, abs=1.6)


@pytest.mark.parametrize(("given", "size"), [({"width": 32}, (32, 24)), ({"height": 24}, (32, 24)), ({}, (64, 48))])
def test_strip_of_one_size(work: Work, ramp: Path, given: dict[str, int], size: tuple[int, int]) -> None:
    values = work.run("video.strip", ramp, count=2, **given).values
    assert (values["width"], values["height"]) == (2 * size[0], size[1])


@pytest.mark.parametrize("given", [{}, {"end": 7}])
def test_strip_ends_with_the_last_frame_though_the_sound_goes_on(
    work: Work, tmp_path: Path, given: dict[str, float]
) -> None:
    silent = nasty.ramp(tmp_path / "silent.mp4", duration=4)
    source = nasty.ffmpeg(
        tmp_path / "long.mp4", "-i", f"file:{silent}", "-f", "lavfi", "-i", "sine=d=8", "-c:v", "copy", "-c:a", "aac"
    )
    outcome = work.run("video.strip", source, count=4, format="png", **given)
    assert outcome.values["duration"] == pytest.approx(8, abs=0.05)
    assert frame_numbers(picture_of(outcome), 4) == pytest.approx([0, 33, 66, 99], abs=1.2)


def test_strip_fits_or_fills_its_sections(work: Work, ramp: Path) -> None:
    given = {"count": 2, "start": 6, "width": 48, "height": 48, "format": "png"}
    fitted = picture_of(work.run("video.strip", ramp, **given))
    filled = picture_of(work.run("video.strip", ramp, **given, crop=True))
    assert fitted.size == filled.size == (96, 48)
    assert fitted.getpixel((24, 2)) == (0, 0, 0)
    assert fitted.getpixel((24, 24)) == filled.getpixel((24, 2)) != (0, 0, 0)


def test_strip_past_the_end(work: Work, ramp: Path) -> None:
    clamped = picture_of(work.run("video.strip", ramp, count=3, start=7, end=100, format="png"))
    assert frame_numbers(clamped, 3) == pytest.approx([175, 187, 199], abs=1.6)
    with pytest.raises(UnsupportedMedia, match=r"only 8\.0 s long"):
        work.run("video.strip", ramp, start=9)


def test_strip_keeps_transparency_in_png(work: Work, tmp_path: Path) -> None:
    source = nasty.n13_alpha_webm(tmp_path)
    assert picture_of(work.run("video.strip", source, count=2, format="png")).getpixel((5, 5))[3] == 127
    assert picture_of(work.run("video.strip", source, count=2)).mode == "RGB"


def test_a_picture_larger_than_allowed_is_not_begun(work: Work, ramp: Path) -> None:
    for name, given in (
        ("video.thumb", {"width": 16_000, "height": 16_000, "crop": True}),
        ("video.strip", {"width": 2000, "count": 100}),
    ):
        with pytest.raises(LimitExceeded) as caught:
            work.run(name, ramp, **given)
        assert caught.value.code == "too_many_pixels"
    with pytest.raises(LimitExceeded):
        work.run("video.strip", ramp, limits=Limits(pixels=64 * 48 * 9))
    with pytest.raises(UnsupportedMedia, match="65500"):
        work.run("video.strip", ramp, width=100, count=1000)
