"""What the engine answers to inputs that break naive code: one line of the table each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Context, Outcome
from django_mediacloud.engine.probe import probe
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import (
    IncompleteMedia,
    LimitExceeded,
    MediaError,
    UnreadableMedia,
    UnsupportedMedia,
)

from . import nasty

Error = type[MediaError]


@dataclass(frozen=True, kw_only=True)
class Case:
    """``probe``: facts by name (``video.x`` and ``audio.x`` for streams), or the error. ``pixel``: of a thumb at 0.5 s,
    near its upper left corner; ``size``: of that thumb. ``thumb`` and ``strip``: the error, if there is one."""

    make: Callable[[Path], Path]
    probe: dict[str, Any] | Error
    thumb: Error | None = None
    strip: Error | None = None
    image: Error | None = UnsupportedMedia
    size: tuple[int, int] | None = None
    pixel: tuple[int, ...] | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


def refused(make: Callable[[Path], Path], error: Error = UnreadableMedia) -> Case:
    return Case(make=make, probe=error, thumb=error, strip=error, image=error)


def sound(make: Callable[[Path], Path], **facts: Any) -> Case:
    return Case(make=make, probe={"kind": "audio", **facts}, thumb=UnsupportedMedia, strip=UnsupportedMedia)


def still(make: Callable[[Path], Path], image: Error | None = None, **facts: Any) -> Case:
    return Case(
        make=make,
        probe={"kind": "image", "audio": None, **facts},
        thumb=UnsupportedMedia,
        strip=UnsupportedMedia,
        image=image,
    )


def film(make: Callable[[Path], Path], **given: Any) -> Case:
    names = {"thumb", "strip", "image", "size", "pixel", "parameters"}
    answers = {name: value for name, value in given.items() if name in names}
    facts = {name.replace("video_", "video."): value for name, value in given.items() if name not in names}
    return Case(make=make, probe={"kind": "video", **facts}, **answers)


HALF_RED = (254, 0, 0, 127)

CASES = {
    "01 empty": refused(nasty.n01_empty),
    "02 noise": refused(nasty.n02_noise),
    "03 without its index": refused(nasty.n03_without_index),
    "04 cut off": film(
        nasty.n04_cut_off, duration_s=8.0, parameters={"time": 6}, thumb=IncompleteMedia, strip=IncompleteMedia
    ),
    "05 damaged": film(nasty.n05_damaged, duration_s=2.0, size=(160, 120)),
    "06 cut off JPEG": still(nasty.n06_cut_off_jpeg, **{"video.codec": "mjpeg", "display_size": (200, 150)}),
    "07 PNG bomb": refused(nasty.n07_png_bomb, LimitExceeded),
    "08 CMYK JPEG": still(nasty.n08_cmyk_jpeg, **{"video.pixel_format": "CMYK", "content_type": "image/jpeg"}),
    "09 grey of 16 bits": still(nasty.n09_grey16_png, **{"video.codec": "png", "video.has_alpha": False}),
    **{
        f"10 EXIF {orientation}": still(partial(nasty.n10_exif, orientation=orientation), display_size=(60, 40))
        for orientation in range(1, 9)
    },
    "11 varying rate": film(nasty.n11_varying_rate, **{"video_frame_rate": pytest.approx(20.69, abs=0.01)}),
    "12 turned": film(nasty.n12_turned, video_rotation_deg=90, display_size=(120, 160), size=(120, 160)),
    "13 alpha in VP9": film(
        nasty.n13_alpha_webm,
        video_has_alpha=True,
        video_pixel_format="yuv420p",
        pixel=HALF_RED,
        content_type="video/webm",
    ),
    "14 alpha in ProRes": film(
        nasty.n14_alpha_prores, video_has_alpha=True, pixel=HALF_RED, content_type="video/quicktime"
    ),
    "15 animated GIF": Case(
        make=nasty.n15_animated_gif,
        probe={
            "kind": "image",
            "duration_s": pytest.approx(0.6),
            "video.frame_count": 3,
            "video.frame_rate": pytest.approx(5),
        },
        pixel=(0, 0, 255, 255),
        image=None,
    ),
    "16 animated WebP": still(nasty.n16_animated_webp, duration_s=pytest.approx(0.6), **{"video.frame_count": 3}),
    "17 sound as a film": sound(
        nasty.n17_sound_as_film, content_type="audio/mpeg", duration_s=pytest.approx(2, abs=0.05)
    ),
    "18 playlist": refused(nasty.n18_playlist),
    "18 playlist as AVI": refused(partial(nasty.n18_playlist, name="film.avi")),
    "18 playlist as MP4": refused(partial(nasty.n18_playlist, name="film.mp4")),
    "19 concat": refused(nasty.n19_concat),
    "20 manifest": refused(nasty.n20_manifest),
    "21 transport stream": film(
        nasty.n21_transport_stream, content_type="video/mp2t", start_s=pytest.approx(1.4), pixel=(14, 14, 14)
    ),
    "22 SVG": refused(nasty.n22_svg),
    "23 odd size": film(nasty.n23_odd_size, display_size=(321, 241), size=(321, 241)),
    "24 ten hours in a frame": film(
        nasty.n24_ten_hours, duration_s=36_000.0, video_frame_count=1, pixel=(128, 128, 128)
    ),
    "25 a single group": film(nasty.n25_one_group, duration_s=8.0, pixel=(14, 14, 14)),
    "26 line break in the name": film(nasty.n26_line_break_in_name, duration_s=2.0, size=(160, 120)),
    "27 dash in the name": film(nasty.n27_dash_in_name, duration_s=2.0, size=(160, 120)),
    "28 surround and a cover": sound(
        nasty.n28_surround, content_type="audio/mp4", **{"audio.channels": 6, "audio.layout": "5.1", "video": None}
    ),
    "29 no samples": sound(nasty.n29_no_samples, duration_s=0.0, content_type="audio/wav"),
    "30 64 tracks": sound(nasty.n30_many_tracks, **{"audio.index": 0}),
    "31 late start": film(
        nasty.n31_late_start, start_s=pytest.approx(10), duration_s=pytest.approx(3), pixel=(14, 14, 14)
    ),
    "32 wide pixels": film(nasty.n32_wide_pixels, display_size=(213, 120), size=(213, 120)),
    "33 without a duration": film(nasty.n33_without_duration, duration_s=pytest.approx(2, abs=0.05)),
    "34 full range": film(nasty.n34_full_range, video_color_range="pc", pixel=(255, 255, 255)),
    "35 PQ": film(nasty.n35_hdr, video_color_transfer="smpte2084", pixel=(232, 232, 232)),
    "35 HLG": film(
        partial(nasty.n35_hdr, transfer="arib-std-b67"), video_color_transfer="arib-std-b67", pixel=(232, 232, 232)
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def source(case: Case, tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return case.make(folder)


def run(name: str, source: Path, folder: Path, **given: Any) -> Outcome:
    operation = get_operation(name)
    workdir = folder / "work"
    workdir.mkdir(exist_ok=True)
    parameters = operation.info.parameters.clean(given, bound=frozenset({"url"}))
    return operation.run(Context(parameters=parameters, inputs={"url": [source]}, workdir=workdir, limits=Limits()))


def expect(error: Error, action: Callable[[], Any], source: Path) -> None:
    with pytest.raises(error) as caught:
        action()
    assert type(caught.value) is error
    # What an editor reads names nothing of this machine.
    assert str(source.parent) not in str(caught.value) + caught.value.log
    assert str(caught.value).endswith(".")


def test_answers(case: Case, source: Path, tmp_path: Path) -> None:
    if isinstance(case.probe, type):
        expect(case.probe, lambda: probe(source), source)
    else:
        info = probe(source)
        for name, value in case.probe.items():
            found: Any = info
            for part in name.split("."):
                found = getattr(found, part)
            assert found == value, name
    check_thumb(case, source, tmp_path)
    check_strip(case, source, tmp_path)
    if case.image is not None:
        expect(case.image, lambda: run("image.info", source, tmp_path), source)
    else:
        assert run("image.info", source, tmp_path).values["type"] == "image"


def check_thumb(case: Case, source: Path, folder: Path) -> None:
    given = {"time": 0.5, **case.parameters, "format": "png"}
    if case.thumb is not None:
        expect(case.thumb, lambda: run("video.thumb", source, folder, **given), source)
        return
    (file,) = run("video.thumb", source, folder, **given).files
    assert file.path is not None
    with Image.open(file.path) as picture:
        if case.size is not None:
            assert picture.size == case.size
        if case.pixel is not None:
            assert list(picture.getpixel((4, 4))) == pytest.approx(
                list(getattr(case.pixel, "expected", case.pixel)), abs=4
            )


def check_strip(case: Case, source: Path, folder: Path) -> None:
    given = {"count": 3, "width": 32}
    if case.strip is not None:
        expect(case.strip, lambda: run("video.strip", source, folder, **given), source)
        return
    values = run("video.strip", source, folder, **given).values
    assert (values["count"], values["width"]) == (3, 96)
