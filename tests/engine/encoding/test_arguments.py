from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.arguments import build_arguments
from django_mediacloud.engine.encoding.filters import as_rate, frame_filters
from django_mediacloud.engine.encoding.parameters import ASPECT_MODES
from django_mediacloud.engine.encoding.plan import EncodePlan

from .sources import picture, plan, sound, source

GUARD = ("-protocol_whitelist", "file,pipe")


def arguments(made: EncodePlan, **changes: Any) -> list[str]:
    given: dict[str, Any] = {"source_url": "file:/in", "guard": GUARD, "threads": 2, "most_pixels": 1000, **changes}
    return build_arguments(made, **given)


def following(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


def filters(**given: Any) -> list[str]:
    info = given.pop("info", None)
    made = plan(info, **given)
    assert made.video is not None
    return frame_filters(made.video)


def test_guard_stands_before_every_input() -> None:
    words = arguments(plan(), mark=(1, 1), mark_url="file:/mark")
    inputs = [at for at, word in enumerate(words) if word == "-i"]
    assert len(inputs) == 2
    start = 0
    for at in inputs:
        assert list(GUARD) == words[start : start + 2] or GUARD[0] in words[start:at]
        assert "-max_pixels" in words[start:at]
        start = at + 2


def test_mp4_as_every_player_takes_it() -> None:
    words = arguments(
        plan(video_bitrate=300, audio_bitrate=96, h264_profile="main", h264_level="3.1", h264_tune="film")
    )
    assert following(words, "-c:v:0") == "libx264"
    assert following(words, "-pix_fmt:v:0") == "yuv420p"
    assert following(words, "-b:v:0") == "300k"
    assert following(words, "-profile:v:0") == "main"
    assert following(words, "-level:v:0") == "3.1"
    assert following(words, "-tune:v:0") == "film"
    assert following(words, "-movflags") == "+faststart"
    assert following(words, "-map_metadata") == following(words, "-map_chapters") == "-1"
    assert "-dn" in words
    assert "-sn" in words
    assert words[-1] == "output.mp4"


def test_constant_quality_takes_the_bitrate_as_its_ceiling() -> None:
    words = arguments(plan(video_bitrate=300, h264_crf=20))
    assert following(words, "-crf:v:0") == "20"
    assert following(words, "-maxrate:v:0") == "300k"
    assert following(words, "-bufsize:v:0") == "600k"
    assert "-b:v:0" not in words


def test_streams_are_mapped_by_their_index() -> None:
    words = arguments(plan(source(video=picture(index=5), audio=sound(index=9))))
    assert [words[at + 1] for at, word in enumerate(words) if word == "-map"] == ["0:5", "0:9"]


def test_two_passes() -> None:
    made = plan(video_bitrate=300, two_pass=True)
    first, second = arguments(made, pass_number=1), arguments(made, pass_number=2)
    assert made.passes == 2
    assert following(first, "-f") == "null"
    assert following(first, "-pass") == "1"
    assert not any(word.startswith("-c:a") for word in first)
    assert following(second, "-pass") == "2"
    assert following(first, "-passlogfile") == following(second, "-passlogfile")


def test_copies_have_no_filter_and_no_encoder() -> None:
    words = arguments(plan(video_bitrate=500))
    assert following(words, "-c:v:0") == following(words, "-c:a:0") == "copy"
    assert "-vf" not in words


def test_clip_is_sought_before_the_input_but_not_in_transport_streams() -> None:
    words = arguments(plan(clip_offset="1", clip_length="2"))
    assert words.index("-ss") < words.index("-i")
    assert following(words, "-t") == "2.000000"
    words = arguments(plan(source(format="mpegts"), clip_offset="1", clip_length="2"))
    assert words.index("-ss") > words.index("-i")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"sample_aspect_ratio": "4:3"}, ["scale=852:360", "setsar=1"]),
        ({"color_range": "pc"}, ["scale=640:360:in_range=full:out_range=limited"]),
        ({"pixel_format": "gbrp"}, ["scale=640:360:out_color_matrix=bt709:out_range=limited"]),
        ({"width": 641, "height": 361}, ["scale=640:360"]),
        ({"has_alpha": True, "codec": "vp9"}, ["format=yuva420p", "premultiply=inplace=1", "format=yuv420p"]),
    ],
)
def test_filters_of_odd_sources(facts: dict[str, Any], expected: list[str]) -> None:
    assert filters(info=source(video=picture(**facts)), crf=20) == expected


def test_filters_of_frames_rates_and_hdr() -> None:
    assert filters(width=320, height=320, aspect_mode="pad") == ["scale=320:180", "pad=320:320:0:70:color=black"]
    assert filters(width=320, height=320, aspect_mode="crop") == ["scale=570:320", "crop=320:320"]
    assert filters(fps=29.97, deinterlace="keep_fps", crf=1) == [
        "bwdif=mode=send_frame:deint=interlaced",
        "fps=30000/1001",
    ]
    hdr = source(video=picture(color_transfer="smpte2084", pixel_format="yuv420p10le"))
    assert any(word.startswith("tonemap=") for word in filters(info=hdr))
    assert filters(info=hdr, has_zscale=False) == []


def test_alpha_is_kept_where_the_codec_has_it() -> None:
    made = plan(source(video=picture(codec="vp9", has_alpha=True)), extname="webm")
    words = arguments(made)
    assert words.index("libvpx-vp9") < words.index("-i")
    assert following(words, "-pix_fmt:v:0") == "yuva420p"
    assert "-vf" not in words


def test_rates_that_people_round() -> None:
    assert [as_rate(fps) for fps in (29.97, 23.976, 59.94, 25, 12.5)] == [
        "30000/1001",
        "24000/1001",
        "60000/1001",
        "25",
        "25/2",
    ]


def test_ladder_is_one_decode_with_the_same_keyframes_on_every_rung() -> None:
    rungs = [
        {"name": "240p", "width": 426, "height": 240, "video_bitrate": 300},
        {"name": "360p", "width": 640, "height": 360, "video_bitrate": 700},
        {"name": "audio", "audio_only": True},
    ]
    words = arguments(plan(extname="m3u8", aspect_mode="constrain", variants=rungs))
    assert words.count("-i") == 1
    assert following(words, "-filter_complex") == (
        "[0:0]split=2[tap0][tap1];[tap0]null[out0];[tap1]scale=426:240,setsar=1[out1]"
    )
    assert following(words, "-var_stream_map") == "v:0,a:0,name:360p v:1,a:1,name:240p a:2,name:audio"
    assert following(words, "-force_key_frames:v:0") == following(words, "-force_key_frames:v:1")
    assert following(words, "-sc_threshold:v:1") == "0"


@given(
    given=st.fixed_dictionaries(
        {},
        optional={
            "width": st.integers(2, 2000),
            "height": st.integers(2, 2000),
            "aspect_mode": st.sampled_from(ASPECT_MODES),
            "upscale": st.booleans(),
            "video_bitrate": st.integers(1, 9000),
            "crf": st.integers(0, 51),
            "fps": st.floats(0.1, 240),
            "extname": st.sampled_from([".mp4", ".webm", ".m3u8", ".mkv"]),
            "clip_length": st.sampled_from(["1", "00:00:02"]),
            "keyframe_rate": st.floats(0.01, 240),
        },
    )
)
def test_arguments_are_words_without_surprises(given: dict[str, Any]) -> None:
    words = arguments(plan(**given))
    assert all(isinstance(word, str) and word and "\n" not in word for word in words)
    assert words.count("-i") == 1
    assert not words[-1].startswith(("-", "/"))
