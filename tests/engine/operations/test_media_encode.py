from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from django_mediacloud.engine.encoding.presets import load_presets
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.sandbox import run_operation
from django_mediacloud.exceptions import (
    IncompleteMedia,
    InvalidParameters,
    LimitExceeded,
    MediaCloudError,
    UnreadableMedia,
    UnsupportedMedia,
)
from tests.media import MediaFactory

from .work import LIMITS, Work, frame, frame_times, luma, main_file, streams

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
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


def test_rotation_is_put_into_the_pixels(work: Work, media: MediaFactory) -> None:
    lying = media.draw(
        "lying.mp4",
        "-f",
        "lavfi",
        "-i",
        "color=gray:size=160x96:rate=25:duration=0.4,drawbox=0:0:48:48:red:fill",
        *H264,
    )
    turned = media.draw("turned.mp4", "-display_rotation:v:0", "90", "-i", str(lying), "-c", "copy")
    outcome = work.run("media.encode", turned, video_bitrate=300)
    picture = frame(main_file(outcome))
    assert picture.shape[:2] == (160, 96)
    with av.open(str(main_file(outcome))) as container:
        assert next(container.decode(video=0)).rotation == 0
    # Turned counter-clockwise, the corner at the upper left comes to the lower left.
    assert picture[150, 10, 0] > 200 > 100 > picture[150, 10, 1]
    assert abs(int(picture[10, 10, 0]) - int(picture[10, 10, 1])) < 20


def test_pixels_come_out_square_and_sides_even(work: Work, media: MediaFactory) -> None:
    wide = media.video("wide.mp4", duration_s=0.4, options=("-vf", "setsar=4/3", *H264))
    outcome = work.run("media.encode", wide, crf=30)
    with av.open(str(main_file(outcome))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (212, 120)
        assert stream.sample_aspect_ratio in (None, 0, 1)
    odd = media.video("odd.mkv", duration_s=0.4, size=(161, 121), options=("-c:v", "libx264", "-pix_fmt", "yuv444p"))
    outcome = work.run("media.encode", odd, crf=30)
    assert (outcome.values["width"], outcome.values["height"]) == (160, 120)
    with av.open(str(main_file(outcome))) as container:
        assert container.streams.video[0].pix_fmt == "yuv420p"


def test_variable_frame_rate_is_kept_unless_a_rate_is_given(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "vfr.mp4", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=30:duration=2,select='lt(n,30)+not(mod(n,3))'",
        "-fps_mode", "vfr", *H264,
    )  # fmt: skip
    kept = work.run("media.encode", source, crf=30)
    assert frame_times(main_file(kept)) == pytest.approx(frame_times(source), abs=0.002)
    constant = frame_times(main_file(work.run("media.encode", source, crf=30, fps=25)))
    assert {round(after - before, 3) for before, after in itertools.pairwise(constant)} == {0.04}


def test_alpha_is_flattened_for_h264_and_kept_for_vp9(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "alpha.webm", "-f", "lavfi", "-i", "color=red@0.5:size=64x64:rate=25:duration=0.4,format=yuva420p",
        "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-cpu-used", "8",
    )  # fmt: skip
    flat = frame(main_file(work.run("media.encode", source, crf=10)))
    assert flat[32, 32, 0] == pytest.approx(127, abs=10)
    assert flat[32, 32, 1] < 12
    outcome = work.run("media.encode", source, extname="webm", crf=10)
    assert outcome.values["has_alpha"] is True
    kept = frame(main_file(outcome), pixel_format="rgba", decoder="libvpx-vp9")
    assert kept[32, 32, 3] == pytest.approx(127, abs=6)
    assert kept[32, 32, 0] > 235


def test_full_range_becomes_limited(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "full.mp4", "-f", "lavfi", "-i", "color=white:size=64x64:rate=25:duration=0.4,drawbox=0:0:32:64:black:fill",
        "-vf", "scale=out_range=full,format=yuv420p", "-color_range", "pc", "-c:v", "libx264", "-preset", "ultrafast",
    )  # fmt: skip
    assert luma(source)[32, 48] > 250
    made = main_file(work.run("media.encode", source, crf=10))
    assert luma(made)[32, 48] == pytest.approx(235, abs=3)
    assert luma(made)[32, 8] == pytest.approx(16, abs=3)
    with av.open(str(made)) as container:
        assert container.streams.video[0].codec_context.color_range in (0, 1)  # unsaid is limited


def test_hdr_is_mapped_to_bt709(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "hdr.mp4", "-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25:duration=0.4", "-pix_fmt", "yuv420p10le",
        "-c:v", "libx265", "-preset", "ultrafast", "-color_trc", "smpte2084", "-color_primaries", "bt2020",
        "-colorspace", "bt2020nc", "-x265-params",
        "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited",
    )  # fmt: skip
    outcome = work.run("media.encode", source, crf=20)
    assert outcome.values["is_tone_mapped"] is True
    with av.open(str(main_file(outcome))) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.color_trc, context.color_primaries, context.colorspace) == (1, 1, 1)


def test_letterbox_bars_are_black_and_the_picture_is_not(work: Work, media: MediaFactory) -> None:
    source = media.draw("wide.mp4", "-f", "lavfi", "-i", "color=white:size=160x80:rate=25:duration=0.4", *H264)
    picture = frame(main_file(work.run("media.encode", source, width=160, height=120, aspect_mode="letterbox")))
    assert picture.shape[:2] == (120, 160)
    assert picture[:18].max() < 20
    assert picture[102:].max() < 20
    assert picture[24:96].min() > 230


def test_nothing_is_upscaled_unless_asked(work: Work, media: MediaFactory) -> None:
    small = work.run("media.encode", media.video(duration_s=0.4), width=320, height=240, crf=30)
    assert (small.values["width"], small.values["height"]) == (160, 120)
    large = work.run("media.encode", media.video(duration_s=0.4), width=320, height=240, crf=30, upscale=True)
    assert (large.values["width"], large.values["height"]) == (320, 240)


def test_watermark_lies_where_it_was_asked_for(work: Work, media: MediaFactory) -> None:
    source = media.draw("white.mp4", "-f", "lavfi", "-i", "color=white:size=160x120:rate=25:duration=0.4", *H264)
    mark = media.draw("mark.png", "-f", "lavfi", "-i", "color=blue:size=40x40", "-frames:v", "1")
    made = work.run(
        "media.encode",
        source,
        watermark=mark,
        watermark_bottom="10",
        watermark_right="5%",
        watermark_width="20",
        crf=10,
    )
    picture = frame(main_file(made)).astype(int)
    assert made.values["copied"] == []
    is_blue = (picture[..., 2] > 200) & (picture[..., 0] < 60)
    rows, columns = np.nonzero(is_blue)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((90, 109, 132, 151), abs=1)
    with pytest.raises(UnreadableMedia, match="watermark"):
        work.run("media.encode", source, watermark=source)


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


def test_missing_sound_and_missing_picture(work: Work, media: MediaFactory) -> None:
    silent, tone = media.video("silent.mp4", duration_s=0.4, has_sound=False), media.audio("tone.mp3", duration_s=0.5)
    assert work.run("media.encode", silent, crf=30).values["audio_codec"] is None
    with pytest.raises(UnsupportedMedia, match="no sound"):
        work.run("media.encode", silent, extname="mp3")
    with pytest.raises(UnsupportedMedia, match="sound only"):
        work.run("media.encode", tone, extname="mp4")
    assert work.left() == []


def test_metadata_chapters_and_surplus_streams_are_left_out(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text(";FFMETADATA1\ntitle=secret\n[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=5\ntitle=one\n")
    words = ("1\n00:00:00,000 --> 00:00:00,500\nhello\n", tmp_path / "words.srt")
    words[1].write_text(words[0])
    inputs = ["-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=0.6", "-f", "lavfi", "-i", "sine=duration=0.6"]
    tracks = [word for _ in range(63) for word in ("-map", "1:a")]
    source = media.draw(
        "many.mkv", *inputs, "-i", str(notes), "-i", str(words[1]), *tracks, "-map", "0:v", "-map", "3:s",
        "-map_metadata", "2", "-map_chapters", "2", *H264, "-c:a", "flac",
    )  # fmt: skip
    with av.open(str(main_file(work.run("media.encode", source, crf=30)))) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert "title" not in container.metadata
        assert not container.chapters()


def test_a_source_cut_in_half_is_not_a_success(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    whole = media.video("whole.mp4", duration_s=3, options=(*H264, "-movflags", "+faststart", "-g", "10"))
    data = whole.read_bytes()
    half = tmp_path / "half.mp4"
    half.write_bytes(data[: len(data) * 45 // 100])
    for given in ({"crf": 30}, {"extname": "m3u8"}, {"video_bitrate": 5000}, {"extname": "mp3"}, {"extname": "webm"}):
        with pytest.raises(IncompleteMedia, match="ends too early"):
            work.run("media.encode", half, **given)
        assert work.left() == []


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


def test_pixels_beyond_the_limit(work: Work, media: MediaFactory) -> None:
    with pytest.raises((LimitExceeded, UnreadableMedia)):
        work.run("media.encode", media.video(), limits=Limits(pixels=10_000, threads=2))
    with pytest.raises(LimitExceeded):
        work.run("media.encode", media.video(), limits=Limits(pixels=30_000), width=640, height=480, upscale=True)


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


def test_an_animated_gif_is_a_film(work: Work, media: MediaFactory) -> None:
    source = media.draw("loop.gif", "-f", "lavfi", "-i", "color=red:size=65x49:rate=10:duration=1")
    outcome = work.run("media.encode", source, crf=10)
    picture = frame(main_file(outcome))
    assert picture.shape[:2] == (48, 64)
    assert picture[20, 20, 0] > 230
    assert picture[20, 20, 1] < 25
    assert outcome.values["duration"] == pytest.approx(1, abs=0.15)
    still = media.picture("still.png")
    with pytest.raises(UnsupportedMedia, match="is a picture"):
        work.run("media.encode", still)


def test_sound_that_ends_before_the_picture_is_whole(work: Work, media: MediaFactory) -> None:
    inputs = ["-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=3", "-f", "lavfi", "-i", "sine=duration=1"]
    source = media.draw("short-sound.mp4", *inputs, *H264)
    assert work.run("media.encode", source, extname="mp3").values["duration"] == pytest.approx(1, abs=0.1)
    assert work.run("media.encode", source, crf=30).values["duration"] == pytest.approx(3, abs=0.1)
    assert work.run("media.encode", source, crf=30, clip_offset="2").values["audio_codec"] is None
    inputs[3], inputs[7] = inputs[3].replace("=3", "=1"), "sine=duration=3"
    with pytest.raises(IncompleteMedia, match="no picture in the part"):
        work.run("media.encode", media.draw("short-film.mp4", *inputs, *H264), crf=30, clip_offset="2")


@pytest.mark.parametrize("extname", [".mp4", ".mkv", ".ts"])
def test_a_source_that_does_not_begin_at_zero(work: Work, media: MediaFactory, extname: str) -> None:
    source = media.video(f"late{extname}", duration_s=2, options=(*H264, "-output_ts_offset", "10"))
    assert work.run("media.encode", source, crf=30).values["duration"] == pytest.approx(2, abs=0.1)
    with pytest.raises(InvalidParameters, match="past the end"):
        work.run("media.encode", source, crf=30, clip_offset="5")


def test_one_frame_of_ten_hours(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "slow.mp4", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=1/36000:duration=36000", "-frames:v", "1", *H264
    )
    outcome = work.run("media.encode", source, crf=30)
    assert outcome.values["duration"] == pytest.approx(36_000)
    assert len(frame_times(main_file(outcome))) == 1


def test_what_was_concealed_is_reported(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    whole = media.video("whole.mp4", duration_s=3, options=(*H264, "-movflags", "+faststart", "-g", "10"))
    data = bytearray(whole.read_bytes())
    for position in range(6000, len(data), 9000):
        data[position] ^= 0xFF
    scratched = tmp_path / "scratched.mp4"
    scratched.write_bytes(data)
    assert work.run("media.encode", whole, crf=30).values["concealed_errors"] == 0
    assert work.run("media.encode", scratched, crf=30).values["concealed_errors"] > 0
