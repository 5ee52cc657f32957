from __future__ import annotations

import pytest

from django_mediacloud.engine.encoding.plan import Features, build_plan
from django_mediacloud.exceptions import InvalidParameters, LimitExceeded, UnsupportedMedia

from .sources import options, picture, plan, sound, source


def test_a_source_that_fits_is_copied() -> None:
    made = plan(width=640, height=480, aspect_mode="constrain", video_bitrate=500, audio_bitrate=128)
    assert made.copied == ["video", "audio"]


@pytest.mark.parametrize(
    "given",
    [
        {"video_bitrate": 300},
        {"width": 320},
        {"fps": 30},
        {"clip_offset": "1"},
        {"clip_length": "5"},
        {"h264_profile": "main"},
        {"h264_level": "3.0"},
        {"deinterlace": "keep_fps"},
        {"video_codec": "h265"},
        {"height": 480, "width": 640, "aspect_mode": "letterbox"},
        {"extname": ".m3u8"},
    ],
)
def test_what_would_change_the_picture_is_never_a_copy(given: dict[str, object]) -> None:
    assert "video" not in plan(**{"video_bitrate": 500, **given}).copied


@pytest.mark.parametrize(
    "facts",
    [
        {"rotation_deg": 90, "width": 360, "height": 640},
        {"sample_aspect_ratio": "4:3"},
        {"pixel_format": "yuv444p"},
        {"pixel_format": "yuvj420p", "color_range": "pc"},
        {"color_transfer": "smpte2084"},
        {"codec": "vp9"},
        {"width": 641},
        {"bitrate_bps": 900_000},
        {"has_alpha": True},
    ],
)
def test_a_source_that_does_not_fit_is_encoded(facts: dict[str, object]) -> None:
    assert "video" not in plan(source(video=picture(**facts)), video_bitrate=500).copied


def test_without_a_ceiling_the_picture_is_encoded() -> None:
    assert plan().copied == ["audio"]
    assert plan(h264_crf=23).copied == ["audio"]
    assert "video" in plan(h264_crf=23, max_video_bitrate=500).copied


@pytest.mark.parametrize(
    ("facts", "given"),
    [
        ({"channels": 6}, {}),
        ({"bitrate_bps": 320_000}, {}),
        ({"codec": "mp3"}, {}),
        ({"bitrate_bps": None}, {}),
        ({}, {"audio_sample_rate": 48000}),
        ({}, {"audio_channels": 1}),
    ],
)
def test_sound_that_does_not_fit_is_encoded(facts: dict[str, object], given: dict[str, object]) -> None:
    made = plan(source(audio=sound(**facts)), video_bitrate=500, **given)
    assert made.copied == ["video"]


def test_surround_becomes_stereo_unless_channels_are_asked_for() -> None:
    surround = source(audio=sound(channels=6))
    stereo, kept, mp3 = plan(surround), plan(surround, audio_channels=6), plan(surround, extname="mp3")
    assert (stereo.audio and stereo.audio.channels) == 2
    assert (kept.audio and kept.audio.channels) == 6
    assert (mp3.audio and mp3.audio.channels) == 2


def test_streams_are_chosen_by_the_probe() -> None:
    made = plan(source(video=picture(index=7), audio=sound(index=63)))
    assert (made.video and made.video.index, made.audio and made.audio.index) == (7, 63)


def test_no_sound_no_picture() -> None:
    silent, blind = source(audio=None), source(video=None, kind="audio")
    assert plan(silent).audio is None
    with pytest.raises(UnsupportedMedia, match="no sound"):
        plan(silent, extname="mp3")
    with pytest.raises(UnsupportedMedia, match="sound only"):
        plan(blind)
    with pytest.raises(UnsupportedMedia, match="is a picture"):
        plan(source(kind="image", format="png_pipe"))


def test_a_clip_past_the_end_is_refused_and_a_long_one_cuts_nothing() -> None:
    with pytest.raises(InvalidParameters, match=r"10\.00 s") as caught:
        plan(clip_offset="00:00:10")
    assert list(caught.value.errors) == ["clip_offset"]
    assert plan(clip_length="00:20:00", video_bitrate=500).copied == ["video", "audio"]
    assert plan(clip_offset="4", clip_length="20").source_s == 6


def test_a_clip_of_a_transport_stream_is_cut_after_decoding() -> None:
    assert plan(source(format="mpegts"), clip_offset="3").clip.is_cut_after_decoding
    assert not plan(clip_offset="3").clip.is_cut_after_decoding


def test_pixels_beyond_the_limit_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="pixels"):
        build_plan(source(), options(width=4000, upscale=True), features=Features(), most_pixels=1_000_000)


RUNGS = [
    {"name": "240p", "width": 426, "height": 240, "video_bitrate": 300},
    {"name": "360p", "width": 640, "height": 360, "video_bitrate": 700},
    {"name": "720p", "width": 1280, "height": 720, "video_bitrate": 2500},
    {"name": "audio", "audio_only": True, "audio_bitrate": 56},
]


def test_a_ladder_has_no_rung_above_the_source_and_no_two_alike() -> None:
    made = plan(extname=".m3u8", aspect_mode="constrain", variants=RUNGS)
    assert [(one.name, one.size) for one in made.renditions] == [
        ("360p", (640, 360)),
        ("240p", (426, 240)),
        ("audio", None),
    ]
    assert made.renditions[0].rate.bitrate_kbps == 700
    assert made.copied == []


def test_a_ladder_of_a_standing_film_stands() -> None:
    made = plan(source(video=picture(width=720, height=1280)), extname="m3u8", aspect_mode="constrain", variants=RUNGS)
    assert [one.size for one in made.renditions][:3] == [(720, 1280), (360, 640), (240, 426)]


def test_a_ladder_of_a_source_below_all_rungs_is_one_rung() -> None:
    made = plan(source(video=picture(width=160, height=90)), extname="m3u8", aspect_mode="constrain", variants=RUNGS)
    assert (made.renditions[0].name, made.renditions[0].size) == ("240p", (160, 90))
    upscaled = plan(source(video=picture(width=160, height=90)), extname="m3u8", upscale=True, variants=RUNGS)
    assert upscaled.renditions[0].size == (1280, 720)


def test_keyframes_divide_segments() -> None:
    for segment_s in (2, 4, 5, 6, 7.5, 10):
        made = plan(extname="m3u8", segment_s=segment_s)
        assert made.video
        assert made.video.keyframe_s
        assert (segment_s / made.video.keyframe_s) % 1 == 0
