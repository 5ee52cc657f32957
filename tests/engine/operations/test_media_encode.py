from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from django_mediacloud.engine.encoding.presets import load_presets
from django_mediacloud.engine.sandbox import run_operation
from django_mediacloud.exceptions import (
    InvalidParameters,
    MediaCloudError,
)
from tests.media import MediaFactory

from .work import H264, LIMITS, Work, frame_times, luma, main_file, streams

RAMP = "color=gray:size=64x48:rate=25:duration=3,geq=lum='16+N*2':cb=128:cr=128"
"""Frame N has the luma 16 + 2 N."""


@pytest.mark.parametrize(
    ("preset", "codecs"),
    [
        ("h264", ["h264", "aac"]),
        ("h264.baseline", ["h264", "aac"]),
        ("h265", ["hevc", "aac"]),
        ("webm", ["vp9", "opus"]),
        ("webm.vp8", ["vp8", "vorbis"]),
        ("ogg", ["theora", "vorbis"]),
        ("mpegts.mpeg2", ["mpeg2video", "mp2"]),
        ("mp3", ["mp3"]),
        ("aac", ["aac"]),
        ("aac.adts", ["aac"]),
        ("vorbis", ["vorbis"]),
        ("prores422", ["prores", "pcm_s16le"]),
    ],
)
def test_presets_make_what_they_say(work: Work, media: MediaFactory, preset: str, codecs: list[str]) -> None:
    chosen = load_presets()[preset]
    source = media.video("source.mkv", duration_s=1, options=("-c:v", "mpeg4", "-c:a", "flac"))
    outcome = work.run(chosen.operation, source, **chosen.parameters)
    path = main_file(outcome)
    assert path.name == f"output{chosen.extname}"
    assert work.left() == [path.name]
    found = [codec.removeprefix("lib").removesuffix("float") for _, codec in streams(path)]
    assert [word.replace("vpx-vp9", "vp9").replace("vpx", "vp8").replace("dav1d", "av1") for word in found] == codecs
    assert outcome.values["copied"] == []
    assert outcome.values["duration"] == pytest.approx(1, abs=0.15)
    assert outcome.values["file_size"] == path.stat().st_size
    assert outcome.source_s == pytest.approx(1, abs=0.1)
    assert work.progress == sorted(work.progress)


def test_mp4_starts_with_its_index(work: Work, media: MediaFactory) -> None:
    data = main_file(work.run("media.encode", media.video(), video_bitrate=100)).read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_a_source_that_fits_is_copied_packet_by_packet(work: Work, media: MediaFactory) -> None:
    source = media.video(
        "fits.mp4", duration_s=1, options=(*H264, "-b:v", "100k", "-c:a", "aac", "-b:a", "64k", "-ac", "2")
    )
    outcome = work.run(
        "media.encode", source, video_bitrate=900, audio_bitrate=128, width=640, height=480, aspect_mode="constrain"
    )
    assert outcome.values["copied"] == ["video", "audio"]
    assert (outcome.values["width"], outcome.values["height"]) == (160, 120)

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(video=0) if packet.size]

    assert packets(main_file(outcome)) == packets(source)


@pytest.mark.parametrize("extname", [".mp4", ".ts"])
def test_clips_begin_and_end_where_they_should(work: Work, media: MediaFactory, extname: str) -> None:
    source = media.draw(
        f"ramp{extname}",
        "-f",
        "lavfi",
        "-i",
        RAMP,
        "-f",
        "lavfi",
        "-i",
        "sine=duration=3",
        *H264,
        "-g",
        "50",
        "-crf",
        "5",
    )
    outcome = work.run("media.encode", source, clip_offset="00:00:01", clip_length="0.8", crf=5)
    path = main_file(outcome)
    assert luma(path)[24, 32] == pytest.approx(16 + 50, abs=2)
    assert len(frame_times(path)) == 20
    assert outcome.values["duration"] == pytest.approx(0.8, abs=0.1)
    assert outcome.source_s == pytest.approx(0.8)
    with pytest.raises(InvalidParameters, match="past the end"):
        work.run("media.encode", source, clip_offset="5")


def test_surround_sound(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "surround.mkv",
        "-f",
        "lavfi",
        "-i",
        "anoisesrc=duration=1:amplitude=0.1,aformat=channel_layouts=5.1",
        "-c:a",
        "flac",
    )
    assert work.run("media.encode", source, extname="m4a").values["audio_channels"] == 2
    assert work.run("media.encode", source, extname="m4a", audio_channels=6).values["audio_channels"] == 6


@pytest.mark.parametrize(
    ("codec", "rate"), [("vorbis", 8000), ("vorbis", 7350), ("opus", 44100), ("mp3", 96000), ("aac", 11025)]
)
def test_any_sample_rate_goes_into_any_codec(work: Work, media: MediaFactory, codec: str, rate: int) -> None:
    tone = media.draw("tone.wav", "-f", "lavfi", "-i", f"sine=duration=0.5:sample_rate={rate}")
    extname = {"vorbis": "oga", "opus": "oga", "mp3": "mp3", "aac": "m4a"}[codec]
    outcome = work.run("media.encode", tone, extname=extname, audio_codec=codec, audio_bitrate=320)
    assert outcome.values["audio_codec"] == codec
    assert outcome.values["duration"] == pytest.approx(0.5, abs=0.15)


def test_two_passes_hit_the_bitrate_and_take_half_the_progress_each(work: Work, media: MediaFactory) -> None:
    source = media.video(
        "noise.mp4", duration_s=6, has_sound=False, options=("-vf", "noise=alls=40:allf=t", *H264, "-crf", "10")
    )
    outcome = work.run("media.encode", source, video_bitrate=200, two_pass=True)
    assert 160 <= outcome.values["video_bitrate"] <= 240
    assert work.progress == sorted(work.progress)
    assert any(progress <= 50 for progress in work.progress)
    assert work.progress[-1] == pytest.approx(100, abs=3)
    assert work.left() == ["output.mp4"]


def test_a_custom_command_is_encoded(work: Work, media: MediaFactory) -> None:
    command = (
        "ffmpeg -i $input_file$ -threads 0 -c:v msmpeg4 -c:a libmp3lame -tag:v MP43 $audio_sample_rate$"
        " $audio_sample_rate$ $video_bitrate$ $audio_bitrate$ $fps$ $filters$ -y $output_file$"
    )
    fields: dict[str, Any] = {"width": 96, "height": 72, "video_bitrate": 200, "audio_bitrate": 96}
    outcome = work.run("media.encode", media.video(duration_s=1), command=command, extname=".avi", **fields)
    assert outcome.values["video_codec"] == "msmpeg4v3"
    assert (outcome.values["width"], outcome.values["height"]) == (96, 72)
    with pytest.raises(InvalidParameters, match="may read"):
        work.run("media.encode", media.video(), command="ffmpeg -i /etc/passwd $output_file$")


def test_screenshots_come_with_the_film(work: Work, media: MediaFactory) -> None:
    outcome = work.run("media.encode", media.video(duration_s=2), crf=30, frame_count=3)
    assert [file.name for file in outcome.files] == ["output.mp4", "output_1.jpg", "output_2.jpg", "output_3.jpg"]
    assert [file.role for file in outcome.files] == ["output", "thumbnail", "thumbnail", "thumbnail"]


def test_in_the_sandbox(media: MediaFactory, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    parameters = {"extname": ".mp4", "crf": 30, "aspect_mode": "constrain"}
    outcome = run_operation(
        "media.encode", parameters=parameters, inputs={"url": [media.video()]}, workdir=folder, limits=LIMITS
    )
    assert streams(main_file(outcome)) == [("video", "h264"), ("audio", "aac")]
    refused = tmp_path / "refused"
    refused.mkdir()
    with pytest.raises(MediaCloudError, match="sound only"):
        run_operation(
            "media.encode", parameters=parameters, inputs={"url": [media.audio()]}, workdir=refused, limits=LIMITS
        )
