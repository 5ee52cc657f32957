from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Outcome
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.engine.sandbox import run_operation, shutdown
from django_mediacloud.exceptions import (
    InvalidParameters,
)
from tests.engine import nasty
from tests.engine.memory import peak_growth
from tests.media import RealMedia

from .work import Work

URL = "http://files.com/image.jpg"
HEAD = (130, 20, 330, 220)
"""Around the face of the portrait, which is 97 pixels wide and has its middle at (225, 115)."""


@pytest.fixture(scope="module", autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    shutdown()


@pytest.fixture
def head(real_media: RealMedia) -> Image.Image:
    """200 x 200, with a face in the middle that takes up half of it."""
    with Image.open(real_media.portrait) as picture:
        return picture.convert("RGB").crop(HEAD)


def faces_of(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.files == ()
    assert outcome.values.keys() == {"faces"}
    faces = outcome.values["faces"]
    assert isinstance(faces, list)
    return faces


def middle(face: dict[str, Any]) -> tuple[float, float]:
    return face["x"] + face["width"] / 2, face["y"] + face["height"] / 2


def test_the_face_of_a_portrait(work: Work, real_media: RealMedia) -> None:
    (face,) = faces_of(work.run("image.face", real_media.portrait))
    assert list(face) == ["x", "y", "width", "height", "type", "confidence"]
    assert middle(face) == pytest.approx((225, 115), abs=8)
    assert face["width"] == face["height"] == pytest.approx(97, abs=10)
    assert face["type"] == "frontal"
    assert 0.8 < face["confidence"] < 1


@pytest.mark.slow
def test_a_profile(work: Work, real_media: RealMedia) -> None:
    (face,) = faces_of(work.run("image.face", real_media.profile))
    assert face["type"] == "profile"
    assert middle(face) == pytest.approx((228, 150), abs=12)


def test_a_picture_without_faces(work: Work, real_media: RealMedia) -> None:
    assert faces_of(work.run("image.face", real_media.photo)) == []


def test_several_faces_are_found_where_they_are(
    work: Work, head: Image.Image, real_media: RealMedia, tmp_path: Path
) -> None:
    with Image.open(real_media.photo) as photo:
        group = photo.convert("RGB")
    group.paste(head, (20, 200))
    group.paste(head.resize((120, 120)), (430, 280))
    group.save(tmp_path / "group.png")
    faces = faces_of(work.run("image.face", tmp_path / "group.png"))
    assert sorted(round(face["width"], -1) for face in faces) == [60, 100]
    for face in faces:
        place = (115, 295) if face["width"] > 80 else (487, 337)
        assert middle(face) == pytest.approx(place, abs=8)
    assert [face["confidence"] for face in faces] == sorted((face["confidence"] for face in faces), reverse=True)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_places_are_those_of_the_upright_picture(
    work: Work, head: Image.Image, tmp_path: Path, orientation: int
) -> None:
    shown = Image.new("RGB", (300, 210), "gray")
    shown.paste(head, (90, 5))
    (face,) = faces_of(work.run("image.face", nasty.save_turned(shown, tmp_path / "a.jpg", orientation)))
    assert middle(face) == pytest.approx((185, 100), abs=8)


@pytest.mark.slow
def test_places_are_those_of_the_whole_picture(work: Work, head: Image.Image, tmp_path: Path) -> None:
    """6 megapixels, of which the search sees 0.6: decoded small as JPEG, made small as PNG."""
    large = Image.new("RGB", (3_000, 2_000), "gray")
    large.paste(head.resize((1_000, 1_000)), (1_750, 750))
    for name in ("a.jpg", "a.png"):
        large.save(tmp_path / name)
        (face,) = faces_of(work.run("image.face", tmp_path / name))
        assert middle(face) == pytest.approx((2_225, 1_225), abs=50)
        assert face["width"] == pytest.approx(485, abs=75)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK"])
def test_pixels_of_every_kind(work: Work, head: Image.Image, tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    head.convert(mode).save(path)
    (face,) = faces_of(work.run("image.face", path))
    assert middle(face) == pytest.approx((95, 95), abs=8)


def test_what_is_transparent_is_not_seen(work: Work, head: Image.Image, tmp_path: Path) -> None:
    head.putalpha(0)
    head.save(tmp_path / "a.png")
    assert faces_of(work.run("image.face", tmp_path / "a.png")) == []


@pytest.mark.parametrize("size", [(1, 1), (30_000, 1), (1, 30_000), (2, 3), (65_000, 12)])
def test_odd_sizes(work: Work, tmp_path: Path, size: tuple[int, int]) -> None:
    Image.effect_noise(size, 60).save(tmp_path / "a.png")
    assert faces_of(work.run("image.face", tmp_path / "a.png")) == []


def test_in_the_sandbox(real_media: RealMedia, tmp_path: Path) -> None:
    """Under the limits of a child: OpenCV and its threads have room in the address space."""
    outcome = run_operation(
        "image.face",
        parameters={"url": URL},
        inputs={"url": [real_media.portrait]},
        workdir=tmp_path,
        limits=Limits(threads=2, memory_bytes=2 * 1024**3),
    )
    (face,) = faces_of(outcome)
    assert face["type"] == "frontal"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "url: this field is required"),
        ({"url": 7}, "url: must be a string"),
        ({"url": "file:///etc/passwd"}, "url: must be an http or https URL"),
        ({"url": URL, "width": 5}, "width: unknown parameter"),
    ],
)
def test_bad_parameters(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        get_operation("image.face").info.parameters.clean(given)
    assert str(caught.value) == message


@pytest.mark.slow
def test_a_large_photo_takes_no_more_memory_than_a_small_one(work: Work, tmp_path: Path) -> None:
    """24 megapixels, 72 MB once decoded: as PNG they have to be, as JPEG not. The search itself takes some 60 MB."""
    gradient = Image.radial_gradient("L").convert("RGB")
    gradient.resize((900, 700)).save(tmp_path / "small.jpg")
    work.run("image.face", tmp_path / "small.jpg")
    growth = {}
    for name in ("large.png", "large.jpg"):
        gradient.resize((6_000, 4_000)).save(tmp_path / name)
        growth[name] = peak_growth(lambda name=name: work.run("image.face", tmp_path / name))
    assert growth["large.jpg"] < 90_000_000 < growth["large.png"]
