from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, TiffImagePlugin

from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import InvalidParameters, UnreadableMedia, UnsupportedMedia
from tests.engine import nasty
from tests.media import MediaFactory

from .work import Work

Ratio = TiffImagePlugin.IFDRational


def photo(path: Path, orientation: int | None = 6) -> Path:
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
        exif[0x0132] = "2010:01:01 00:00:00"
        exif.get_ifd(0x8769).update(
            {0x9003: "2009:11:02 01:21:55", 0x829A: Ratio(1, 640), 0x8827: 640, 0x9209: 16, 0x920A: Ratio(280, 10)}
        )
    Image.new("RGB", (90, 60), "olive").save(path, exif=exif)
    return path


def test_image_info_tells_what_the_camera_wrote(work: Work, tmp_path: Path) -> None:
    outcome = work.run("image.info", photo(tmp_path / "a.jpg"))
    assert dict(outcome.values) == {
        "content_type": "image/jpeg",
        "type": "image",
        "width": 90,
        "height": 60,
        "alpha": False,
        "exif_orientation": 6,
        "rotation": 270.0,
        "date_time": "2009:11:02 01:21:55",
        "flash": False,
        "focal_length": 28.0,
        "iso_speed": 640.0,
        "exposure_time": 0.00156,
    }
    assert outcome.files == ()


@pytest.mark.parametrize(
    ("orientation", "rotation"),
    [(1, 0.0), (2, None), (3, 180.0), (4, None), (5, None), (6, 270.0), (7, None), (8, 90.0)],
)
def test_image_info_rotation(work: Work, tmp_path: Path, orientation: int, rotation: float | None) -> None:
    values = work.run("image.info", nasty.n10_exif(tmp_path, orientation)).values
    assert (values["exif_orientation"], values["rotation"]) == (orientation, rotation)


def test_image_info_without_exif_and_with_nonsense(work: Work, tmp_path: Path) -> None:
    names = ("exif_orientation", "rotation", "date_time", "flash", "focal_length", "iso_speed", "exposure_time")
    plain = work.run("image.info", photo(tmp_path / "a.jpg", orientation=None)).values
    assert {plain[name] for name in names} == {None}
    exif = Image.Exif()
    exif[0x0112] = 77
    exif.get_ifd(0x8769).update({0x829A: Ratio(1, 0), 0x9003: "\0 "})
    Image.new("RGB", (9, 9)).save(tmp_path / "b.jpg", exif=exif)
    odd = work.run("image.info", tmp_path / "b.jpg").values
    assert {odd[name] for name in names} == {None}


@pytest.mark.parametrize(("mode", "alpha"), [("RGB", False), ("RGBA", True), ("LA", True), ("L", False), ("P", False)])
def test_image_info_alpha(work: Work, tmp_path: Path, mode: str, alpha: bool) -> None:
    Image.new(mode, (9, 9)).save(tmp_path / "a.png")
    assert work.run("image.info", tmp_path / "a.png").values["alpha"] is alpha


def test_video_info(work: Work, media: MediaFactory) -> None:
    outcome = work.run("video.info", media.video())
    assert dict(outcome.values) == {
        "content_type": "video/mp4",
        "width": 160,
        "height": 120,
        "duration": pytest.approx(2, abs=0.05),
        "frame_rate": 25.0,
        "alpha": False,
        "rotation": 0.0,
        "audio_codec": "aac",
        "video_codec": "h264",
    }
    assert outcome.source_s == outcome.values["duration"]


def test_video_info_of_turned_silent_and_transparent_films(work: Work, tmp_path: Path) -> None:
    turned = work.run("video.info", nasty.n12_turned(tmp_path)).values
    assert (turned["width"], turned["height"], turned["rotation"], turned["audio_codec"]) == (160, 120, 90.0, None)
    assert work.run("video.info", nasty.n13_alpha_webm(tmp_path)).values["alpha"] is True
    gif = work.run("video.info", nasty.n15_animated_gif(tmp_path)).values
    assert (gif["content_type"], gif["frame_rate"]) == ("image/gif", pytest.approx(5))


def test_audio_info(work: Work, media: MediaFactory) -> None:
    assert dict(work.run("audio.info", media.audio(duration_s=1.234)).values) == {
        "duration": pytest.approx(1.23, abs=0.03),
        "content_type": "audio/mpeg",
        "codec": "mp3",
    }
    film = work.run("audio.info", media.video()).values
    assert (film["content_type"], film["codec"]) == ("video/mp4", "aac")
    assert round(film["duration"], 2) == film["duration"]


def test_the_wrong_kind_of_file(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    film, tone, picture = media.video(has_sound=False), media.audio(), media.picture()
    for name, source in (
        ("image.info", film),
        ("image.info", tone),
        ("video.info", tone),
        ("video.info", picture),
        ("audio.info", film),
        ("audio.info", picture),
        ("video.thumb", tone),
        ("video.thumb", picture),
        ("video.strip", tone),
    ):
        with pytest.raises(UnsupportedMedia):
            work.run(name, source)
    for name in ("image.info", "video.info", "audio.info", "video.thumb", "video.strip"):
        with pytest.raises(UnreadableMedia):
            work.run(name, nasty.n02_noise(tmp_path))
        with pytest.raises(InvalidParameters, match="url: this field is required"):
            get_operation(name).info.parameters.clean({})
