from __future__ import annotations

import pytest

from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import InvalidParameters
from tests.media import MediaFactory

from .work import Work, frame, main_file, streams

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
VALUES = {
    "content_type", "width", "height", "original_width", "original_height", "duration", "frame_rate", "audio_codec",
    "video_codec", "alpha", "rotation", "copied",
}  # fmt: skip


def test_defaults_are_those_of_the_service() -> None:
    defaults = get_operation("video.convert").info.parameters.clean({"url": "https://example.com/a.mp4"})
    assert defaults == {
        "url": "https://example.com/a.mp4", "width": None, "height": None, "crop": False, "audio_codec": "aac",
        "video_codec": "h264", "video_bitrate": 3000, "audio_bitrate": 128, "sample_rate": 44100, "crf": 23, "gop": 250,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("codec", "extname", "content_type"),
    [
        ("aac", ".mp4", "video/mp4"),
        ("mp3", ".mp4", "video/mp4"),
        ("mp2", ".mp4", "video/mp4"),
        ("wmav1", ".wmv", "video/x-ms-wmv"),
        ("wmav2", ".wmv", "video/x-ms-wmv"),
    ],
)
def test_all_its_sounds(work: Work, media: MediaFactory, codec: str, extname: str, content_type: str) -> None:
    outcome = work.run("video.convert", media.video(duration_s=1), audio_codec=codec, sample_rate=48000)
    assert set(outcome.values) == VALUES
    assert outcome.values["content_type"] == content_type
    assert outcome.values["audio_codec"] == codec
    assert main_file(outcome).suffix == extname
    assert [kind for kind, _ in streams(main_file(outcome))] == ["video", "audio"]


def test_the_box_is_fitted_or_filled(work: Work, media: MediaFactory) -> None:
    source = media.video("wide.mp4", duration_s=0.4, size=(160, 90), options=H264)
    fitted = work.run("video.convert", source, width=80, height=80)
    assert (fitted.values["width"], fitted.values["height"]) == (80, 44)
    filled = work.run("video.convert", source, width=80, height=80, crop=True)
    assert frame(main_file(filled)).shape[:2] == (80, 80)
    assert (filled.values["original_width"], filled.values["original_height"]) == (160, 90)
    assert filled.values["frame_rate"] == pytest.approx(25)
    assert (filled.values["alpha"], filled.values["rotation"]) == (False, 0)


def test_what_it_does_not_have_is_refused() -> None:
    parameters = get_operation("video.convert").info.parameters
    with pytest.raises(InvalidParameters) as caught:
        parameters.clean({"url": "https://example.com/a.mp4", "video_codec": "av1", "sample_rate": 8000, "gop": 0})
    assert set(caught.value.errors) == {"video_codec", "sample_rate", "gop"}
