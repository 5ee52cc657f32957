from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.hls import (
    Variant,
    bandwidth_bps,
    parse_media_playlist,
    read_h264_codec_word,
    render_master,
)

# RFC 8216, 8.1.
SIMPLE = """#EXTM3U
#EXT-X-TARGETDURATION:10
#EXT-X-VERSION:3
#EXTINF:9.009,
http://media.example.com/first.ts
#EXTINF:9.009,
http://media.example.com/second.ts
#EXTINF:3.003,
http://media.example.com/third.ts
#EXT-X-ENDLIST
"""


def test_a_playlist_of_the_rfc() -> None:
    playlist = parse_media_playlist(SIMPLE)
    assert [length_s for _, length_s in playlist.segments] == [9.009, 9.009, 3.003]
    assert playlist.duration_s == pytest.approx(21.021)
    assert playlist.is_ended


@given(st.text(max_size=200))
def test_other_texts_are_refused_or_have_no_segments(text: str) -> None:
    try:
        playlist = parse_media_playlist(text)
    except ValueError:
        return
    assert playlist.segments == ()


def test_bandwidth_is_the_peak_and_a_few_last_frames_do_not_count() -> None:
    assert bandwidth_bps([100_000, 50_000, 9_000], [4.0, 4.0, 0.04]) == (200_000, round(159_000 * 8 / 8.04))
    assert bandwidth_bps([1000], [0.1]) == (80_000, 80_000)
    assert bandwidth_bps([], []) == (0, 0)


def test_master_playlist() -> None:
    text = render_master(
        [
            Variant(
                uri="240p/playlist.m3u8",
                peak_bps=400_000,
                average_bps=300_000,
                codecs=("avc1.64000d", "mp4a.40.2"),
                size=(426, 240),
                frame_rate=25.0,
            ),
            Variant(uri="audio/playlist.m3u8", peak_bps=60_000, average_bps=58_000, codecs=("mp4a.40.2",)),
        ]
    )
    assert text.splitlines()[3:] == [
        "#EXT-X-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=300000,RESOLUTION=426x240,FRAME-RATE=25.000,"
        'CODECS="avc1.64000d,mp4a.40.2"',
        "240p/playlist.m3u8",
        '#EXT-X-STREAM-INF:BANDWIDTH=60000,AVERAGE-BANDWIDTH=58000,CODECS="mp4a.40.2"',
        "audio/playlist.m3u8",
    ]


def test_codec_word_is_read_from_the_parameter_set() -> None:
    assert read_h264_codec_word(bytes.fromhex("000000016764001facd9")) == "avc1.64001f"
    assert read_h264_codec_word(b"") == ""
