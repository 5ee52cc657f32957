from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from django_mediacloud.engine.geometry import Size
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.probe import probe
from django_mediacloud.engine.stills import (
    is_picture,
    load_upright,
    open_picture,
    produce_picture,
    resized,
    save_picture,
    stored_size,
    upright_size,
    with_play_icon,
)
from django_mediacloud.exceptions import EngineError, IncompleteMedia, LimitExceeded, UnreadableMedia, UnsupportedMedia

from . import nasty


def upright(path: Path, box: Size | None = None) -> Any:
    with open_picture(path) as picture:
        return load_upright(picture, box)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_set_upright(orientation: int, tmp_path: Path) -> None:
    picture = upright(nasty.n10_exif(tmp_path, orientation))
    assert picture.size == (60, 40)
    assert picture.getpixel((10, 8)) == pytest.approx((254, 0, 0), abs=8)
    for corner in ((50, 8), (10, 32), (50, 32)):
        assert picture.getpixel(corner) == pytest.approx((255, 255, 255), abs=8)


def test_cmyk_stored_upside_down(tmp_path: Path) -> None:
    picture = upright(nasty.n08_cmyk_jpeg(tmp_path))
    assert picture.mode == "RGB"
    assert picture.getpixel((5, 5)) == pytest.approx((0, 255, 255), abs=4)


def test_grey_of_16_bits_is_scaled_not_clipped(tmp_path: Path) -> None:
    assert upright(nasty.n09_grey16_png(tmp_path)).getpixel((5, 5)) == pytest.approx((128, 128, 128), abs=1)


def test_transparent_grey_and_palettes_keep_their_transparency(tmp_path: Path) -> None:
    Image.new("LA", (8, 8), (200, 0)).save(tmp_path / "la.png")
    palette = Image.new("P", (8, 8), 3)
    palette.save(tmp_path / "p.gif", transparency=3)
    for name in ("la.png", "p.gif"):
        picture = upright(tmp_path / name)
        assert picture.mode == "RGBA"
        assert picture.getpixel((1, 1))[3] == 0


def test_profiles_are_brought_to_srgb(tmp_path: Path) -> None:
    """Pure green of a profile whose red and green are exchanged looks red."""
    Image.new("RGB", (8, 8), (250, 100, 50)).save(
        tmp_path / "same.png", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    )
    assert upright(tmp_path / "same.png").getpixel((1, 1)) == pytest.approx((250, 100, 50), abs=1)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for broken in (b"no profile", lab):
        Image.new("RGB", (8, 8), (250, 100, 50)).save(tmp_path / "broken.png", icc_profile=broken)
        assert upright(tmp_path / "broken.png").getpixel((1, 1)) == (250, 100, 50)


def linear_profile() -> bytes:
    """sRGB without its curve: half of the light is 188 of 255 in sRGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag in (b"rTRC", b"gTRC", b"bTRC"):
        place = profile.index(tag)
        offset = int.from_bytes(profile[place + 4 : place + 8], "big")
        profile[offset : offset + 12] = b"curv\0\0\0\0\0\0\0\0"  # no points: the identity
        profile[place + 8 : place + 12] = (12).to_bytes(4, "big")
    return bytes(profile)


def linear_grey_profile() -> bytes:
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    head = struct.pack(">4sI4s4s4s", b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ ") + bytes(12) + b"acsp"
    head += bytes(28) + white[8:]
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 12)
    body = head.ljust(124, b"\0") + tags + white + b"curv\0\0\0\0\0\0\0\0"
    return struct.pack(">I", 4 + len(body)) + body


def test_a_linear_profile_is_made_lighter(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (128, 128, 128)).save(tmp_path / "linear.png", icc_profile=linear_profile())
    assert upright(tmp_path / "linear.png").getpixel((1, 1)) == pytest.approx((188, 188, 188), abs=2)


@pytest.mark.parametrize("mode", ["P", "RGBA", "LA", "L"])
def test_a_profile_counts_in_every_mode(mode: str, tmp_path: Path) -> None:
    profile = linear_grey_profile() if mode in {"L", "LA"} else linear_profile()
    path = tmp_path / "a.png"
    grey = Image.new("RGB", (8, 8), (128, 128, 128))
    (grey.quantize(2) if mode == "P" else grey.convert(mode)).save(path, icc_profile=profile)
    assert upright(path).getpixel((1, 1))[:3] == pytest.approx((188, 188, 188), abs=2)


@pytest.mark.parametrize(
    ("mode", "clear", "opaque"), [("RGB", (1, 2, 3), (128, 128, 128)), ("L", 7, 128), ("P", 7, 128)]
)
def test_a_profile_takes_no_transparency_away(mode: str, clear: Any, opaque: Any, tmp_path: Path) -> None:
    picture = Image.new(mode, (8, 8), clear)
    if mode == "P":
        picture.putpalette([level for grey in range(256) for level in (grey, grey, grey)])
    picture.paste(opaque, (4, 0, 8, 8))
    profile = linear_grey_profile() if mode == "L" else linear_profile()
    picture.save(tmp_path / "a.png", transparency=clear, icc_profile=profile)
    seen = upright(tmp_path / "a.png")
    assert seen.getpixel((1, 1))[3] == 0
    assert seen.getpixel((6, 1)) == pytest.approx((188, 188, 188, 255), abs=2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_that_lies_on_its_side(orientation: int, tmp_path: Path) -> None:
    """Pillow turns these by itself, and tells their upright size before it has."""
    with Image.open(nasty.n10_exif(tmp_path, orientation)) as stored:
        stored.save(tmp_path / "a.tif", exif=stored.getexif())
    with open_picture(tmp_path / "a.tif") as picture:
        assert upright_size(picture) == (60, 40)
        assert stored_size(picture) == ((60, 40) if orientation < 5 else (40, 60))
        shown = load_upright(picture)
    assert shown.size == (60, 40)
    assert shown.getpixel((10, 8)) == pytest.approx((254, 0, 0), abs=8)
    assert probe(tmp_path / "a.tif").display_size == (60, 40)


def test_light_in_floating_point_goes_from_0_to_1(tmp_path: Path) -> None:
    Image.new("F", (8, 8), 0.5).save(tmp_path / "a.tif")
    assert upright(tmp_path / "a.tif").getpixel((1, 1)) == pytest.approx((127, 127, 127), abs=1)
    Image.new("F", (8, 8), 100.0).save(tmp_path / "b.tif")
    assert upright(tmp_path / "b.tif").getpixel((1, 1)) == (100, 100, 100)


def test_lab_has_no_alpha(tmp_path: Path) -> None:
    profiles = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
    lab = ImageCms.profileToProfile(Image.new("RGB", (8, 8), (200, 100, 50)), *profiles, outputMode="LAB")
    lab.save(tmp_path / "a.tif")
    picture = upright(tmp_path / "a.tif")
    assert picture.mode == "RGB"
    assert picture.getpixel((1, 1)) == pytest.approx((200, 100, 50), abs=2)


def test_large_jpegs_are_decoded_small(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("RGB", (1600, 1200), "teal").save(path)
    picture = upright(path, Size(160, 160))
    assert 160 <= picture.width <= 400


@pytest.mark.parametrize("format", ["jpeg", "png", "gif"])
def test_a_full_disk_is_told_as_such(format: str) -> None:
    with pytest.raises(EngineError) as caught:
        save_picture(Image.effect_noise((300, 300), 80), Path("/dev/full"), format)
    assert (caught.value.code, caught.value.is_retryable) == ("disk_full", True)


def test_cut_off_pictures(tmp_path: Path) -> None:
    with pytest.raises(IncompleteMedia):
        upright(nasty.n06_cut_off_jpeg(tmp_path))
    for suffix in ("png", "gif", "bmp", "tiff", "webp"):
        path = tmp_path / f"cut.{suffix}"
        Image.effect_noise((200, 150), 80).convert("RGB").save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises((IncompleteMedia, UnreadableMedia)):
            upright(path)


def test_formats_that_start_programs_are_no_pictures(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.eps")
    with Image.open(tmp_path / "a.eps") as known_to_pillow:
        assert known_to_pillow.format == "EPS"
    (tmp_path / "a.eps").rename(tmp_path / "a.jpg")
    assert not is_picture(tmp_path / "a.jpg")
    with pytest.raises(UnreadableMedia):
        upright(tmp_path / "a.jpg")


@pytest.mark.filterwarnings("error")
def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded), open_picture(nasty.n07_png_bomb(tmp_path)):
        pass
    Image.new("RGB", (100, 100)).save(tmp_path / "a.png")
    with pytest.raises(LimitExceeded) as caught, open_picture(tmp_path / "a.png", limits=Limits(pixels=9_999)):
        pass
    assert caught.value.code == "too_many_pixels"


def test_a_limit_above_that_of_pillow_counts(tmp_path: Path) -> None:
    with open_picture(nasty.n07_png_bomb(tmp_path), limits=Limits(pixels=900_000_000)) as picture:
        assert picture.size == (30_000, 30_000)


@pytest.mark.parametrize(
    ("box", "crop", "size"),
    [
        (Size(80, 80), False, (80, 60)),
        (Size(80, 80), True, (80, 80)),
        (Size(320, 100), False, (133, 100)),
        (Size(320, 100), True, (320, 100)),
        (Size(160, 120), True, (160, 120)),
        (Size(1, 1000), False, (1, 1)),
    ],
)
def test_sizes(box: Size, crop: bool, size: tuple[int, int]) -> None:
    assert resized(Image.new("RGB", (160, 120)), box, crop=crop).size == size


def test_crop_takes_the_middle() -> None:
    picture = Image.new("RGB", (300, 100), "red")
    picture.paste((0, 0, 255), (100, 0, 200, 100))
    cropped = resized(picture, Size(50, 50), crop=True)
    for left in (2, 47):
        assert cropped.getpixel((left, 25)) == pytest.approx((0, 0, 255), abs=3)


@pytest.mark.parametrize("size", [(160, 120), (9, 200), (1, 1)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_poster_has_its_sign_in_the_middle(mode: str, size: tuple[int, int]) -> None:
    picture = Image.new(mode, size, "gray")
    poster = with_play_icon(picture)
    assert (poster.size, poster.mode) == (size, mode)
    assert poster.getpixel((0, 0)) == picture.getpixel((0, 0)) or min(size) < 10
    if size == (160, 120):
        assert poster.getpixel((80, 60))[:3] == (255, 255, 255)
        assert poster.getpixel((60, 60))[0] < 100


def test_files(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    for format, content_type in (("jpeg", "image/jpeg"), ("png", "image/png"), ("gif", "image/gif")):
        file = produce_picture(picture, tmp_path, format)
        assert file.content_type == content_type
        assert file.path is not None
        with Image.open(file.path) as made:
            assert made.format == format.upper()
            pixel = made.convert("RGBA").getpixel((1, 1))
            # JPEG knows no transparency: on white.
            assert pixel == (255, 255, 255, 255) if format == "jpeg" else pixel[3] == 0


def test_a_jpeg_has_an_end(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="65500"):
        produce_picture(Image.new("L", (70_000, 1)), tmp_path, "jpeg")
