from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from django_mediacloud.engine.frames import Frame, frame_at, frames_at
from django_mediacloud.engine.limits import Limits
from django_mediacloud.exceptions import IncompleteMedia, LimitExceeded, UnreadableMedia, UnsupportedMedia

from . import nasty

CONTAINERS = {
    "ramp.mp4": ("-c", "copy"),
    "ramp.mkv": ("-c", "copy"),
    "ramp.ts": ("-c", "copy"),
    "ramp.flv": ("-c", "copy"),
    "ramp.webm": ("-c:v", "libvpx-vp9", "-lossless", "1", "-deadline", "realtime", "-g", "40"),
    "ramp.avi": ("-c:v", "mpeg4", "-q", "1", "-g", "40"),
    "ramp.mpg": ("-c:v", "mpeg2video", "-q", "1"),
    "ramp.ogv": ("-c:v", "libtheora", "-q", "10"),
    "late.mp4": ("-c", "copy", "-output_ts_offset", "3"),
}
TIMES = (0.0, 0.04, 0.99, 1.01, 1.61, 3.2, 5.51, 7.93, 7.97, 2.01, 0.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frames")
    nasty.ramp(folder / "source.mp4")
    nasty.n25_one_group(folder)
    for name, options in CONTAINERS.items():
        nasty.ffmpeg(folder / name, "-i", str(folder / "source.mp4"), *options)
    return folder


def number_of(frame: Frame) -> float:
    """Which frame of the ramp it is: its luma, from the grey of sRGB back to limited range."""
    return float(np.asarray(frame.picture.convert("L")).mean()) * 219 / 255


def expected(times: tuple[float, ...]) -> Any:
    return pytest.approx([min(int(time_s * 25 + 0.03), 199) for time_s in times], abs=0.95)


@pytest.mark.parametrize("name", [*(name for name in CONTAINERS if name != "ramp.mpg"), "one_group.mp4"])
def test_the_frame_of_a_time_is_the_last_that_begins_before_it(folder: Path, name: str) -> None:
    assert [number_of(frame) for frame in frames_at(folder / name, TIMES)] == expected(TIMES)
    assert [number_of(frame_at(folder / name, time_s)) for time_s in TIMES] == expected(TIMES)


def test_program_streams_are_half_a_frame_late_at_most(folder: Path) -> None:
    found = [number_of(frame) for frame in frames_at(folder / "ramp.mpg", TIMES)]
    assert found == pytest.approx([min(time_s * 25, 199) for time_s in TIMES], abs=2)


@pytest.mark.parametrize("name", ["ramp.mp4", "ramp.ts", "ramp.webm"])
def test_the_end(folder: Path, name: str) -> None:
    last, within, beyond = frames_at(folder / name, [7.96, 8.0, 9.5])
    assert [number_of(frame) for frame in (last, within, beyond)] == pytest.approx([199] * 3, abs=0.95)
    assert [frame.is_past_end for frame in (last, within, beyond)] == [False, False, True]


def test_a_file_that_ends_before_its_header_says(tmp_path: Path) -> None:
    source = nasty.n04_cut_off(tmp_path)
    assert number_of(frame_at(source, 1.0)) == pytest.approx(25, abs=0.95)
    with pytest.raises(IncompleteMedia, match=r"of 8\.0 s"):
        frame_at(source, 6.0)


def test_no_film(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia):
        frame_at(nasty.n17_sound_as_film(tmp_path), 0)
    with pytest.raises(UnreadableMedia):
        frame_at(nasty.n02_noise(tmp_path), 0)


def test_pixels_are_counted_as_shown(tmp_path: Path) -> None:
    """Coded 160 x 120, shown 213 x 120."""
    source = nasty.n32_wide_pixels(tmp_path)
    with pytest.raises(LimitExceeded) as caught:
        frame_at(source, 0, limits=Limits(pixels=20_000))
    assert caught.value.code == "too_many_pixels"


def test_turned_frames_stand_upright(tmp_path: Path) -> None:
    """Lab fact: turned by 90, the top left of the output was the top right of the source."""
    turned = frame_at(nasty.n12_turned(tmp_path), 0).picture
    level = frame_at(tmp_path / "level.mp4", 0).picture
    assert turned.size == (level.height, level.width)
    assert turned.getpixel((2, 2)) == pytest.approx(level.getpixel((level.width - 3, 2)), abs=6)


def test_ranges_and_matrices(tmp_path: Path) -> None:
    picture = frame_at(nasty.n34_full_range(tmp_path), 0).picture
    assert picture.getpixel((32, 10)) == (255, 255, 255)
    assert picture.getpixel((32, 80)) == (0, 0, 0)
    for matrix in ("bt709", "smpte170m"):
        graph = f"color=0xFF8000:s=64x48:d=1,format=gbrp,scale=out_color_matrix={matrix},format=yuv444p"
        source = nasty.ffmpeg(
            tmp_path / f"{matrix}.mp4",
            *("-f", "lavfi", "-i", f"{graph},setparams=colorspace={matrix}", "-c:v", "libx264", "-qp", "1"),
        )
        assert frame_at(source, 0).picture.getpixel((32, 24)) == pytest.approx((255, 128, 0), abs=4)


@pytest.mark.slow
def test_a_strip_costs_a_tenth_of_decoding_everything(tmp_path: Path) -> None:
    """Keyframes every second; ten times in 200 s are ten short runs, not 5000 frames."""
    source = nasty.clip(tmp_path / "long.mp4", "-g", "25", source="testsrc2=s=320x240:r=25:d=200")
    times = [10.0 + 20 * number for number in range(10)]
    list(frames_at(source, times[:1]))
    began = time.process_time()
    assert len(list(frames_at(source, times))) == 10
    sought_s = time.process_time() - began
    began = time.process_time()
    assert frame_at_end_by_decoding(source) == 5000
    decoded_s = time.process_time() - began
    assert sought_s * 10 < decoded_s


def frame_at_end_by_decoding(source: Path) -> int:
    with av.open(str(source)) as container:
        container.streams.video[0].thread_count = 1
        return sum(1 for _ in container.decode(video=0))
