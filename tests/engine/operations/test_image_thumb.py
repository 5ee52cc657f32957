from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageFilter, ImageStat

from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Outcome
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import (
    InvalidParameters,
    LimitExceeded,
    UnsupportedMedia,
)
from tests.engine import nasty

from .work import Work

URL = "http://files.com/image.jpg"
CORNERS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def quarters(path: Path, size: tuple[int, int] = (120, 80)) -> Path:
    """Red, lime, blue and white, from the top left in the order of reading."""
    picture = Image.new("RGB", size)
    middle_x, middle_y = size[0] // 2, size[1] // 2
    for number, color in enumerate(CORNERS):
        row, column = divmod(number, 2)
        left, top = column * middle_x, row * middle_y
        picture.paste(color, (left, top, left + middle_x, top + middle_y))
    picture.save(path, **({"quality": 95, "subsampling": 0} if path.suffix == ".jpg" else {}))
    return path


def picture_of(outcome: Outcome) -> Any:
    (file,) = outcome.files
    assert file.path is not None
    with Image.open(file.path) as picture:
        picture.load()
    assert picture.size == (outcome.values["width"], outcome.values["height"])
    assert Image.MIME[picture.format] == file.content_type
    return picture


def corner_names(picture: Any) -> list[str]:
    """The colours of the corners, in the order of reading."""
    width, height = picture.size
    names = []
    for place in ((4, 4), (width - 5, 4), (4, height - 5), (width - 5, height - 5)):
        pixel = picture.convert("RGB").getpixel(place)
        names.append(min(CORNERS, key=lambda name: sum(abs(a - b) for a, b in zip(CORNERS[name], pixel, strict=True))))
    return names


def test_the_documented_task_with_nothing_but_an_address(work: Work, tmp_path: Path) -> None:
    outcome = work.run("image.thumb", quarters(tmp_path / "a.png"))
    assert dict(outcome.values) == {"width": 120, "height": 80, "original_width": 120, "original_height": 80}
    (file,) = outcome.files
    assert (file.name, file.role, file.content_type) == ("output.jpg", "output", "image/jpeg")
    assert corner_names(picture_of(outcome)) == ["red", "lime", "blue", "white"]


def test_defaults_are_those_of_the_reference() -> None:
    assert get_operation("image.thumb").info.parameters.clean({"url": URL}) == {
        "url": URL,
        "width": None,
        "height": None,
        "crop": False,
        "rotation": 0,
        "poster": False,
        "format": "jpeg",
    }


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"width": 60}, (60, 40)),
        ({"height": 20}, (30, 20)),
        ({"width": "60", "height": 60}, (60, 40)),
        ({"width": 60, "height": 60, "crop": True}, (60, 60)),
        ({"width": 60, "height": 60, "crop": "true", "rotation": 90}, (60, 60)),
        ({"rotation": 90}, (80, 120)),
        ({"rotation": 270, "width": 40}, (40, 60)),
        ({"rotation": 180, "width": 40}, (40, 27)),
        ({"rotation": 90, "width": 50, "height": 50}, (33, 50)),
        ({"rotation": 90, "width": 50, "height": 20, "crop": True}, (50, 20)),
        ({"width": 240}, (240, 160)),
        ({"width": 1, "height": 1}, (1, 1)),
    ],
)
def test_sizes_are_those_of_the_result(
    work: Work, tmp_path: Path, given: dict[str, Any], size: tuple[int, int]
) -> None:
    outcome = work.run("image.thumb", quarters(tmp_path / "a.jpg"), **given)
    assert picture_of(outcome).size == size
    assert (outcome.values["original_width"], outcome.values["original_height"]) == (120, 80)


@pytest.mark.parametrize(
    ("rotation", "corners"),
    [
        (0, ["red", "lime", "blue", "white"]),
        (90, ["lime", "white", "red", "blue"]),
        (180, ["white", "blue", "lime", "red"]),
        (270, ["blue", "red", "white", "lime"]),
    ],
)
def test_rotation_is_counter_clockwise(work: Work, tmp_path: Path, rotation: int, corners: list[str]) -> None:
    outcome = work.run("image.thumb", quarters(tmp_path / "a.png"), rotation=rotation, width=60, format="png")
    assert corner_names(picture_of(outcome)) == corners


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotation_comes_on_top_of_what_exif_says(work: Work, tmp_path: Path, orientation: int) -> None:
    """The source is 60 x 40 as seen, with its red quarter at the top left: afterwards it is at the bottom left."""
    outcome = work.run("image.thumb", nasty.n10_exif(tmp_path, orientation), rotation=90, width=20, format="png")
    assert dict(outcome.values) == {"width": 20, "height": 30, "original_width": 60, "original_height": 40}
    picture = picture_of(outcome)
    assert picture.getpixel((4, 25)) == pytest.approx((254, 0, 0), abs=12)
    assert picture.getpixel((4, 4)) == pytest.approx((255, 255, 255), abs=12)


def test_what_was_decoded_small_keeps_its_size_to_the_pixel(work: Work, tmp_path: Path) -> None:
    """1201 x 805 at an eighth is 151 x 101, which is another aspect."""
    source = quarters(tmp_path / "a.jpg", (1201, 805))
    for width in range(30, 150, 7):
        height = round(width * 805 / 1201)
        assert picture_of(work.run("image.thumb", source, width=width)).size == (width, height)


def test_a_line_is_fitted_whole(work: Work, tmp_path: Path) -> None:
    """A ribbon of 1000 x 2 in a box of 100: all of it, not its middle."""
    picture = Image.new("RGB", (1000, 2), "blue")
    picture.paste("red", (0, 0, 500, 2))
    picture.save(tmp_path / "a.png")
    thumb = picture_of(work.run("image.thumb", tmp_path / "a.png", width=100, height=100, format="png"))
    assert thumb.size == (100, 1)
    assert (thumb.getpixel((5, 0)), thumb.getpixel((95, 0))) == ((255, 0, 0), (0, 0, 255))


def test_crop_takes_the_middle(work: Work, tmp_path: Path) -> None:
    picture = Image.new("RGB", (300, 100), "red")
    picture.paste("blue", (100, 0, 200, 100))
    picture.save(tmp_path / "a.png")
    thumb = picture_of(work.run("image.thumb", tmp_path / "a.png", width=50, height=50, crop=True, format="png"))
    for place in ((2, 25), (47, 25)):
        assert thumb.getpixel(place) == pytest.approx((0, 0, 255), abs=3)


@pytest.mark.parametrize("format", ["jpeg", "gif", "png"])
def test_a_poster_has_its_sign_upright_in_the_middle(work: Work, tmp_path: Path, format: str) -> None:
    Image.new("RGB", (160, 120), "gray").save(tmp_path / "a.png")
    outcome = work.run("image.thumb", tmp_path / "a.png", poster=True, rotation=270, format=format)
    poster = picture_of(outcome).convert("RGB")
    assert poster.getpixel((62, 80)) == pytest.approx((255, 255, 255), abs=8)
    # The tip is on the right, whatever the rotation.
    assert sum(poster.getpixel((68, 80))) > 3 * 200 > sum(poster.getpixel((50, 80)))


def test_what_is_transparent(work: Work, tmp_path: Path) -> None:
    picture = Image.new("RGBA", (40, 40), (0, 0, 255, 255))
    picture.paste((255, 0, 0, 0), (0, 0, 20, 40))
    picture.save(tmp_path / "a.png")
    found = {}
    for format in ("jpeg", "gif", "png"):
        thumb = picture_of(work.run("image.thumb", tmp_path / "a.png", width=20, format=format))
        found[format] = thumb.convert("RGBA")
    assert found["jpeg"].getpixel((3, 10)) == pytest.approx((255, 255, 255, 255), abs=5)
    assert found["gif"].getpixel((3, 10))[3] == found["png"].getpixel((3, 10))[3] == 0
    for thumb in found.values():
        assert thumb.getpixel((16, 10)) == pytest.approx((0, 0, 255, 255), abs=3)


@pytest.mark.parametrize("draw", [nasty.n15_animated_gif, nasty.n16_animated_webp])
def test_of_an_animation_it_is_the_first_picture(work: Work, tmp_path: Path, draw: Any) -> None:
    outcome = work.run("image.thumb", draw(tmp_path), width=32, format="png")
    assert picture_of(outcome).convert("RGB").getpixel((16, 12)) == pytest.approx((255, 0, 0), abs=4)


def test_gif_of_a_photo_is_dithered_not_banded(work: Work, tmp_path: Path) -> None:
    """Seen from a little way off, it is the photo."""
    source = Image.radial_gradient("L").resize((320, 240))
    Image.merge("RGB", (source, ImageChops.invert(source), source.rotate(90))).save(tmp_path / "a.png")
    photo, thumb = (
        picture_of(work.run("image.thumb", tmp_path / "a.png", format=format)).convert("RGB")
        for format in ("png", "gif")
    )
    blurred = [picture.filter(ImageFilter.GaussianBlur(2)) for picture in (photo, thumb)]
    assert max(ImageStat.Stat(ImageChops.difference(*blurred)).rms) < 2.5


def test_nothing_of_the_source_s_metadata_goes_along(work: Work, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera that knows where it was"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (32, 32)).save(tmp_path / "a.jpg", exif=exif, comment=b"hush", icc_profile=profile)
    for format in ("jpeg", "png", "gif"):
        file = work.run("image.thumb", tmp_path / "a.jpg", format=format).files[0]
        assert file.path is not None
        data = file.path.read_bytes()
        for word in (b"camera", b"hush", b"icc", b"ICC", b"iCCP"):
            assert word not in data


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "url: this field is required"),
        ({"url": ""}, "url: this field is required"),
        ({"url": 7}, "url: must be a string"),
        ({"url": "file:///etc/passwd"}, "url: must be an http or https URL"),
        ({"url": URL, "width": "wide"}, "width: must be an integer"),
        ({"url": URL, "width": True}, "width: must be an integer"),
        ({"url": URL, "width": 0}, "width: must be at least 1"),
        ({"url": URL, "width": 16_385}, "width: must be at most 16384"),
        ({"url": URL, "height": [1]}, "height: must be an integer"),
        ({"url": URL, "height": -3}, "height: must be at least 1"),
        ({"url": URL, "height": 10**9}, "height: must be at most 16384"),
        ({"url": URL, "crop": "maybe"}, "crop: must be true or false"),
        ({"url": URL, "rotation": 45}, "rotation: must be one of: 0, 90, 180, 270"),
        ({"url": URL, "rotation": "left"}, "rotation: must be an integer"),
        ({"url": URL, "poster": {}}, "poster: must be true or false"),
        ({"url": URL, "format": "webp"}, "format: must be one of: jpeg, gif, png"),
        ({"url": URL, "format": 1}, "format: must be a string"),
        ({"url": URL, "quality": 90}, "quality: unknown parameter"),
    ],
)
def test_bad_parameters(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        get_operation("image.thumb").info.parameters.clean(given)
    assert str(caught.value) == message


def test_an_animation_of_many_frames_costs_no_more_than_its_first(work: Work, tmp_path: Path) -> None:
    """3000 frames of 4 megapixels in 2 MB."""
    bomb = frame_bomb(tmp_path / "bomb.gif", side=2000, frames=3000)
    with Image.open(bomb) as animation:
        # The attack: each frame that is looked at is decoded to its full size.
        animation.seek(2)
        assert animation.convert("RGB").size == (2000, 2000)
        assert animation.n_frames == 3000
    assert picture_of(work.run("image.thumb", bomb, width=100)).size == (100, 100)


def frame_bomb(path: Path, *, side: int, frames: int) -> Path:
    """An animated GIF of one colour whose frame, a few hundred bytes, is said ``frames`` times."""
    Image.new("P", (side, side)).save(path)
    data = path.read_bytes()
    start = data.index(b"\x2c" + bytes(4) + side.to_bytes(2, "little") * 2)
    path.write_bytes(data[:start] + data[start:-1] * frames + b";")
    return path


def test_a_result_that_is_too_large_is_not_begun(work: Work, tmp_path: Path) -> None:
    source = quarters(tmp_path / "a.png")
    for given in ({"width": 16_384, "height": 16_384, "crop": True}, {"width": 16_384, "rotation": 90}):
        with pytest.raises(LimitExceeded, match="that was asked for has more than 100000000 pixels") as caught:
            work.run("image.thumb", source, **given)
        assert caught.value.code == "too_many_pixels"
        assert work.left() == []
    with pytest.raises(LimitExceeded):
        work.run("image.thumb", source, width=200, height=200, crop=True, limits=Limits(pixels=39_999))
    # A box is no size: what fits into it is small enough.
    Image.new("L", (16_000, 16)).save(tmp_path / "ribbon.png")
    assert work.run("image.thumb", tmp_path / "ribbon.png", width=16_000, height=16_000).values["height"] == 16


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_tiff_on_its_side_keeps_its_aspect(orientation: int, work: Work, tmp_path: Path) -> None:
    with Image.open(nasty.n10_exif(tmp_path, orientation)) as stored:
        stored.save(tmp_path / "a.tif", exif=stored.getexif())
    outcome = work.run("image.thumb", tmp_path / "a.tif", width=30)
    assert dict(outcome.values) == {"width": 30, "height": 20, "original_width": 60, "original_height": 40}
    facts = work.run("image.info", tmp_path / "a.tif").values
    assert (facts["width"], facts["height"], facts["exif_orientation"]) == (40, 60, orientation)


@pytest.mark.parametrize(("format", "most"), [("jpeg", 65_500), ("gif", 65_535)])
def test_what_is_too_long_for_its_format_is_refused(format: str, most: int, work: Work, tmp_path: Path) -> None:
    Image.new("RGB", (5_000, 1)).save(tmp_path / "a.png")
    with pytest.raises(UnsupportedMedia, match=f"{format.upper()} has at most {most} pixels a side.* 100000"):
        work.run("image.thumb", tmp_path / "a.png", height=20, format=format)
