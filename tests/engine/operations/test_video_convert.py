from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import IncompleteMedia, UnreadableMedia, UnsupportedMedia
from tests.engine import nasty
from tests.media import MediaFactory

from .work import H264, Work, frame, frame_times, main_file, streams

CONTAINERS = {
    "aac": (".mp4", "video/mp4"),
    "mp3": (".mp4", "video/mp4"),
    "mp2": (".mp4", "video/mp4"),
    "wmav1": (".wmv", "video/x-ms-wmv"),
    "wmav2": (".wmv", "video/x-ms-wmv"),
}
RATES = (22050, 44100, 48000)
LAYERS = {"mp3": 0b01, "mp2": 0b10}
"""MP4 has one code for MP2 and MP3. The header of each frame tells them apart (ISO 11172-3, 2.4.2.3)."""


def test_defaults_are_those_of_the_service() -> None:
    defaults = get_operation("video.convert").info.parameters.clean({"url": "https://example.com/a.mp4"})
    assert defaults == {
        "url": "https://example.com/a.mp4", "width": None, "height": None, "crop": False, "audio_codec": "aac",
        "video_codec": "h264", "video_bitrate": 3000, "audio_bitrate": 128, "sample_rate": 44100, "crf": 23, "gop": 250,
    }  # fmt: skip


def test_its_values_are_those_of_the_service(work: Work, media: MediaFactory) -> None:
    outcome = work.run("video.convert", media.video(duration_s=1, size=(160, 90)))
    assert dict(outcome.values) == {
        "content_type": "video/mp4",
        "width": 160,
        "height": 90,
        "original_width": 160,
        "original_height": 90,
        "duration": pytest.approx(1, abs=0.05),
        "frame_rate": pytest.approx(25),
        "audio_codec": "aac",
        "video_codec": "h264",
        "alpha": False,
        "rotation": 0.0,
    }
    assert outcome.source_s == pytest.approx(1, abs=0.05)
    (file,) = outcome.files
    assert (file.name, file.role) == ("output.mp4", "output")


def packets(path: Path, kind: str = "audio") -> list[Any]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(**{kind: 0}) if packet.size]


def heard_hz(path: Path) -> tuple[int, float, str]:
    """Sample rate, pitch and codec of the sound."""
    with av.open(str(path)) as container:
        decoded = list(container.decode(audio=0))
        name = container.streams.audio[0].codec_context.name
    samples = np.concatenate([one.to_ndarray().reshape(-1) if one.format.is_planar else one.to_ndarray()[0] for one in
                              decoded])  # fmt: skip
    rate = decoded[0].sample_rate
    power = np.abs(np.fft.rfft(samples[: rate // 2] * np.hanning(rate // 2)))
    return rate, float(power.argmax()) * 2, name


@pytest.mark.parametrize(("codec", "rate"), list(itertools.product(CONTAINERS, RATES)))
def test_every_sound_at_every_rate(work: Work, media: MediaFactory, codec: str, rate: int) -> None:
    extname, content_type = CONTAINERS[codec]
    outcome = work.run("video.convert", media.video(duration_s=1), audio_codec=codec, sample_rate=rate)
    assert (outcome.values["audio_codec"], outcome.values["video_codec"]) == (codec, "h264")
    assert outcome.values["content_type"] == outcome.files[0].content_type == content_type
    assert main_file(outcome).suffix == extname
    assert [kind for kind, _ in streams(main_file(outcome))] == ["video", "audio"]
    found_rate, pitch_hz, name = heard_hz(main_file(outcome))
    assert (found_rate, pitch_hz) == (rate, pytest.approx(440, abs=8))
    if codec in LAYERS:
        header = bytes(packets(main_file(outcome))[0])
        assert (header[0], header[1] >> 1 & 0b11) == (0xFF, LAYERS[codec])
    else:
        assert name == codec


@pytest.mark.parametrize("codec", CONTAINERS)
def test_the_sound_s_bitrate(work: Work, tmp_path: Path, codec: str) -> None:
    """Noise takes all that it may."""
    source = nasty.ffmpeg(
        tmp_path / "noise.mkv",
        *("-f", "lavfi", "-i", "color=black:s=64x48:d=3", "-f", "lavfi", "-i", "anoisesrc=d=3:r=44100"),
        *(*H264, "-c:a", "flac", "-ac", "2"),
    )
    sizes = [
        sum(packet.size for packet in packets(main_file(work.run("video.convert", source, audio_codec=codec, **given))))
        for given in ({"audio_bitrate": 64}, {}, {"audio_bitrate": 192})
    ]
    assert [size * 8 / 3 / 1000 for size in sizes] == pytest.approx([64, 128, 192], rel=0.15)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, (160, 90)),
        ({"width": 80}, (80, 44)),
        ({"height": 180}, (320, 180)),
        ({"width": 80, "height": 80}, (80, 44)),
        ({"width": 320, "height": 320}, (320, 180)),
        ({"width": 80, "height": 80, "crop": True}, (80, 80)),
        ({"width": 200, "height": 200, "crop": "true"}, (200, 200)),
        ({"width": 101, "height": 51, "crop": True}, (100, 50)),
    ],
)
def test_the_box_is_fitted_or_filled(
    work: Work, media: MediaFactory, given: dict[str, Any], size: tuple[int, int]
) -> None:
    source = media.video("wide.mp4", duration_s=0.4, size=(160, 90), options=H264)
    outcome = work.run("video.convert", source, **given)
    assert frame(main_file(outcome)).shape[1::-1] == size
    assert (outcome.values["width"], outcome.values["height"]) == size
    assert (outcome.values["original_width"], outcome.values["original_height"]) == (160, 90)


def test_crop_keeps_the_middle(work: Work, tmp_path: Path) -> None:
    """Red, lime and blue thirds: a square out of the middle is lime."""
    thirds = "color=red:s=40x40:d=0.2,pad=120:40:0:0:blue,drawbox=40:0:40:40:lime:fill"
    source = nasty.clip(tmp_path / "thirds.mp4", source=thirds)
    filled = frame(main_file(work.run("video.convert", source, width=80, height=80, crop=True)))
    assert [int(np.argmax(filled[40, column])) for column in (8, 40, 71)] == [1, 1, 1]
    fitted = frame(main_file(work.run("video.convert", source, width=120, height=120)))
    assert [int(np.argmax(fitted[20, column])) for column in (8, 60, 110)] == [0, 1, 2]


def test_crf_bitrate_and_gop(work: Work, media: MediaFactory) -> None:
    """Also of a source that is H.264 already: nothing that was asked for is left out by copying it."""
    source = media.video("bars.mp4", duration_s=2, has_sound=False, options=(*H264, "-crf", "20", "-g", "30"))

    def size(**given: Any) -> int:
        return main_file(work.run("video.convert", source, **given)).stat().st_size

    assert size(crf=40) < size() < size(crf=10, video_bitrate=50_000)
    assert size(crf=10, video_bitrate=40) < size(crf=10, video_bitrate=50_000) / 4
    for gop, expected in ((10, [0, 0.4, 0.8, 1.2, 1.6]), (250, [0])):
        made = main_file(work.run("video.convert", source, gop=gop))
        assert frame_times(made, keyframes_only=True) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("moved", ["if(eq(N,0),0,(2+N/25)/TB)", "if(eq(N,24),3/TB,N/25/TB)"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_pauses_at_the_ends(work: Work, tmp_path: Path, moved: str, codec: str) -> None:
    """As films of a screen have them. B-frames made the muxer of MP4 forget the last one."""
    options = ("-vf", f"setpts='{moved}'", "-fps_mode", "vfr")
    source = nasty.clip(tmp_path / "a.mkv", *options, source="testsrc2=s=160x120:r=25:d=1")
    length_s = work.run("video.info", source).values["duration"]
    assert length_s == pytest.approx(3, abs=0.05)
    given = {} if codec == "h264" else {"video_codec": codec}
    made = work.run("media.encode" if given else "video.convert", source, **given)
    assert made.values["duration"] == pytest.approx(length_s, abs=0.05)
    assert frame_times(main_file(made)) == pytest.approx(frame_times(source), abs=0.002)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_pause_at_the_end_of_a_film_whose_sound_is_over(is_told: bool, work: Work, tmp_path: Path) -> None:
    """Nobody spoke any more when the recording of a screen came to its last page."""
    source = nasty.ffmpeg(
        tmp_path / "a.mkv", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=6", "-f", "lavfi", "-i", "sine=duration=1",
        "-vf", "select='lt(t,1)+gte(t,5.95)'", "-fps_mode", "vfr", *nasty.H264, "-bf", "2", "-c:a", "aac",
        *(() if is_told else ("-live", "1")),
    )  # fmt: skip
    assert work.run("video.info", source).values["duration"] == pytest.approx(6, abs=0.05)
    made = work.run("video.convert", source)
    assert made.values["duration"] == pytest.approx(6, abs=0.05)
    assert frame_times(main_file(made)) == pytest.approx(frame_times(source), abs=0.002)


def test_without_sound(work: Work, media: MediaFactory) -> None:
    for codec in ("aac", "wmav2"):
        outcome = work.run("video.convert", media.video(duration_s=0.4, has_sound=False), audio_codec=codec)
        assert outcome.values["audio_codec"] is None
        assert [kind for kind, _ in streams(main_file(outcome))] == ["video"]


def test_turned_odd_wide_and_transparent_films(work: Work, tmp_path: Path) -> None:
    turned = work.run("video.convert", nasty.n12_turned(tmp_path), width=60)
    assert (turned.values["width"], turned.values["height"], turned.values["rotation"]) == (60, 80, 0.0)
    assert (turned.values["original_width"], turned.values["original_height"]) == (120, 160)
    odd = work.run("video.convert", nasty.n23_odd_size(tmp_path)).values
    assert (odd["width"], odd["height"], odd["original_width"], odd["original_height"]) == (320, 240, 321, 241)
    wide = work.run("video.convert", nasty.n32_wide_pixels(tmp_path)).values
    assert (wide["width"], wide["height"], wide["original_width"]) == (212, 120, 213)
    for source in (nasty.n13_alpha_webm(tmp_path), nasty.n14_alpha_prores(tmp_path)):
        clear = work.run("video.convert", source)
        assert clear.values["alpha"] is False
        # Half of red, laid on black.
        assert frame(main_file(clear))[5, 5] == pytest.approx((128, 0, 0), abs=8)


@pytest.mark.parametrize(
    ("draw", "error"),
    [
        (nasty.n01_empty, UnreadableMedia),
        (nasty.n02_noise, UnreadableMedia),
        (nasty.n04_cut_off, IncompleteMedia),
        (nasty.n17_sound_as_film, UnsupportedMedia),
        (nasty.n09_grey16_png, UnsupportedMedia),
        (nasty.n18_playlist, UnreadableMedia),
    ],
    ids=lambda value: value.__name__,
)
def test_files_that_are_no_film_or_not_all_of_one(work: Work, tmp_path: Path, draw: Any, error: Any) -> None:
    with pytest.raises(error):
        work.run("video.convert", draw(tmp_path))
    assert work.left() == []
