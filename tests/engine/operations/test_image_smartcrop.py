from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import smartcrop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from django_mediacloud.engine.operation import Outcome
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import (
    InvalidParameters,
)
from tests.engine import nasty
from tests.engine.memory import peak_growth
from tests.media import RealMedia

from .work import Work

URL = "http://files.com/image.jpg"
Box = tuple[int, int, int, int]


def boxes_of(outcome: Outcome) -> list[Box]:
    assert outcome.files == ()
    assert outcome.values.keys() == {"points"}
    return [(left, top, right, bottom) for left, top, right, bottom in outcome.values["points"]]


def shared(one: Box, other: Box) -> int:
    """Pixels that both have."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, width) * max(0, height)


def area(box: Box) -> int:
    return shared(box, box)


def spotted(path: Path, spot: Box, size: tuple[int, int] = (640, 360)) -> Path:
    """Plain grey, with something of many colours at ``spot``."""
    picture = Image.new("RGB", size, (90, 90, 90))
    noise = np.random.default_rng(1).integers(0, 256, (9, 9, 3), np.uint8)
    picture.paste(Image.fromarray(noise).resize((spot[2] - spot[0], spot[3] - spot[1]), Image.Resampling.NEAREST), spot)
    picture.save(path)
    return path


def test_the_documented_task_with_nothing_but_an_address(work: Work, real_media: RealMedia) -> None:
    boxes = boxes_of(work.run("image.smartcrop", real_media.photo))
    assert len(boxes) == 10
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= 640
        assert 0 <= top < bottom <= 427
        assert (right - left) / (bottom - top) == pytest.approx(16 / 9, abs=0.02)
        assert np.hypot(right - left, bottom - top) == pytest.approx(0.3 * np.hypot(640, 427), abs=2)


def test_defaults_are_those_of_the_documentation() -> None:
    assert get_operation("image.smartcrop").info.parameters.clean({"url": URL}) == {
        "url": URL,
        "aspect_ratio": 16 / 9,
        "boxes_number": 10,
        "step_ratio": 0.03,
        "diag_ratio": 0.3,
        "reverse": False,
    }


@pytest.mark.parametrize("spot", [(40, 30, 120, 75), (500, 280, 580, 325), (290, 160, 370, 205)])
def test_what_there_is_to_see_is_in_the_first_box(work: Work, tmp_path: Path, spot: Box) -> None:
    first = boxes_of(work.run("image.smartcrop", spotted(tmp_path / "a.png", spot)))[0]
    assert shared(first, spot) == area(spot)


def test_reversed_the_first_boxes_show_nothing(work: Work, tmp_path: Path) -> None:
    spot = (240, 100, 420, 220)
    boxes = boxes_of(work.run("image.smartcrop", spotted(tmp_path / "a.png", spot), reverse="true", boxes_number=4))
    assert len(boxes) == 4
    assert [shared(box, spot) for box in boxes] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("aspect", "size"), [(1, (360, 360)), (0.5, (180, 360)), (16 / 9, (640, 360)), (4, (640, 160)), (100, (640, 6))]
)
def test_the_largest_cut_of_an_aspect(work: Work, tmp_path: Path, aspect: float, size: tuple[int, int]) -> None:
    """As large as can be, and where there is something to see."""
    spot = (560, 280, 640, 360)
    source = spotted(tmp_path / "a.png", spot)
    (found,) = boxes_of(
        work.run("image.smartcrop", source, aspect_ratio=aspect, diag_ratio=1, boxes_number=1, step_ratio=0.01)
    )
    assert (found[2] - found[0], found[3] - found[1]) == size
    assert shared(found, spot) == min(80, size[0]) * min(80, size[1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_those_of_the_upright_picture(work: Work, tmp_path: Path, orientation: int) -> None:
    spot = (80, 40, 120, 62)
    with Image.open(spotted(tmp_path / "a.png", spot, (360, 240))) as shown:
        source = nasty.save_turned(shown, tmp_path / "a.jpg", orientation)
    first = boxes_of(work.run("image.smartcrop", source))[0]
    assert shared(first, spot) == area(spot)


def test_boxes_are_those_of_the_whole_picture(work: Work, tmp_path: Path) -> None:
    spot = (3_000, 2_000, 3_400, 2_200)
    for name in ("a.png", "a.jpg"):
        first = boxes_of(work.run("image.smartcrop", spotted(tmp_path / name, spot, (4_000, 3_000))))[0]
        assert first[2] - first[0] == pytest.approx(1_307, abs=2)
        assert shared(first, spot) == area(spot)


def test_a_plain_picture_is_best_in_its_middle(work: Work, tmp_path: Path) -> None:
    Image.new("L", (400, 300), 250).save(tmp_path / "a.png")
    # The trap: the library sees edges all around a picture, the brighter the stronger, and its offset elsewhere.
    with Image.open(tmp_path / "a.png") as plain:
        seen = np.asarray(smartcrop.SmartCrop().prepare_features_image(plain.convert("RGB")))[..., 1]
    assert (seen[0].min(), seen[1:-1, 1:-1].max()) == (250, 1)
    left, top, right, bottom = boxes_of(work.run("image.smartcrop", tmp_path / "a.png"))[0]
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((200, 150), abs=7)


def test_what_is_transparent_is_not_seen(work: Work, tmp_path: Path) -> None:
    spot = (500, 280, 580, 325)
    with Image.open(spotted(tmp_path / "a.png", spot)) as picture:
        picture.putalpha(Image.new("L", picture.size, 0))
        picture.save(tmp_path / "b.png")
    assert shared(boxes_of(work.run("image.smartcrop", tmp_path / "b.png"))[0], spot) == 0


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    aspect=st.floats(0.01, 100),
    count=st.integers(1, 30),
    step=st.floats(0.01, 1),
    diagonal=st.floats(0.01, 1),
    is_reversed=st.booleans(),
)
def test_boxes_of_any_kind(
    work: Work, size: tuple[int, int], aspect: float, count: int, step: float, diagonal: float, is_reversed: bool
) -> None:
    Image.effect_noise(size, 50).save(work.root / "a.png")
    boxes = boxes_of(
        work.run(
            "image.smartcrop",
            work.root / "a.png",
            aspect_ratio=aspect,
            boxes_number=count,
            step_ratio=step,
            diag_ratio=diagonal,
            reverse=is_reversed,
        )
    )
    assert 1 <= len(boxes) <= count
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
    assert len({(right - left, bottom - top) for left, top, right, bottom in boxes}) == 1
    for one, other in itertools.combinations(boxes, 2):
        assert shared(one, other) <= area(one) / 2


@pytest.mark.parametrize("size", [(1, 1), (30_000, 1), (1, 30_000), (2, 3), (65_000, 12)])
def test_odd_sizes(work: Work, tmp_path: Path, size: tuple[int, int]) -> None:
    Image.effect_noise(size, 60).save(tmp_path / "a.png")
    boxes = boxes_of(work.run("image.smartcrop", tmp_path / "a.png"))
    assert 1 <= len(boxes) <= 10
    assert all(0 <= box[0] < box[2] <= size[0] and 0 <= box[1] < box[3] <= size[1] for box in boxes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "url: this field is required"),
        ({"url": 7}, "url: must be a string"),
        ({"url": URL, "aspect_ratio": 0}, "aspect_ratio: must be at least 0.01"),
        ({"url": URL, "aspect_ratio": "16/9"}, "aspect_ratio: must be a number"),
        ({"url": URL, "aspect_ratio": 1e300}, "aspect_ratio: must be at most 100"),
        ({"url": URL, "boxes_number": 0}, "boxes_number: must be at least 1"),
        ({"url": URL, "boxes_number": 1_001}, "boxes_number: must be at most 1000"),
        ({"url": URL, "step_ratio": 0}, "step_ratio: must be at least 0.01"),
        ({"url": URL, "step_ratio": -0.5}, "step_ratio: must be at least 0.01"),
        ({"url": URL, "diag_ratio": 1.5}, "diag_ratio: must be at most 1"),
        ({"url": URL, "diag_ratio": [1]}, "diag_ratio: must be a number"),
        ({"url": URL, "reverse": "maybe"}, "reverse: must be true or false"),
        ({"url": URL, "width": 5}, "width: unknown parameter"),
    ],
)
def test_bad_parameters(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        get_operation("image.smartcrop").info.parameters.clean(given)
    assert str(caught.value) == message


@pytest.mark.slow
def test_many_boxes_of_a_large_picture_take_little_memory(work: Work, tmp_path: Path) -> None:
    """As many boxes as can be asked for."""
    Image.effect_noise((4_000, 3_000), 80).save(tmp_path / "a.jpg", quality=50)
    asked = {"step_ratio": 0.01, "diag_ratio": 0.01, "boxes_number": 1_000}
    work.run("image.smartcrop", tmp_path / "a.jpg")
    found: list[Box] = []
    assert peak_growth(lambda: found.extend(boxes_of(work.run("image.smartcrop", tmp_path / "a.jpg", **asked)))) < 5e7
    assert len(found) == 1_000
