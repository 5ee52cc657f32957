"""Sources that are damaged, lack something or have too much of it."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from django_mediacloud.engine.limits import Limits
from django_mediacloud.exceptions import (
    IncompleteMedia,
    InvalidParameters,
    LimitExceeded,
    UnreadableMedia,
    UnsupportedMedia,
)
from tests.media import MediaFactory

from .work import H264, Work, frame_times, main_file


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


def test_pixels_beyond_the_limit(work: Work, media: MediaFactory) -> None:
    with pytest.raises((LimitExceeded, UnreadableMedia)):
        work.run("media.encode", media.video(), limits=Limits(pixels=10_000, threads=2))
    with pytest.raises(LimitExceeded):
        work.run("media.encode", media.video(), limits=Limits(pixels=30_000), width=640, height=480, upscale=True)


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
