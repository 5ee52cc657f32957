from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from django_mediacloud.core.spec import ProducedFile
from django_mediacloud.engine.encoding.hls import parse_media_playlist
from tests.media import MediaFactory

from .work import H264, Work, frame, frame_times, streams

RUNGS = [
    {"name": "low", "width": 80, "height": 60, "video_bitrate": 60},
    {"name": "mid", "width": 160, "height": 120, "video_bitrate": 150},
    {"name": "high", "width": 640, "height": 480, "video_bitrate": 600},
    {"name": "huge", "width": 1920, "height": 1080, "video_bitrate": 4000},
    {"name": "audio", "audio_only": True, "audio_bitrate": 56},
]


def by_name(files: tuple[ProducedFile, ...]) -> dict[str, Path]:
    found = {file.name: file.path for file in files}
    assert all(path is not None and path.is_file() for path in found.values())
    return {name: path for name, path in found.items() if path is not None}


def test_single_rung(work: Work, media: MediaFactory) -> None:
    source = media.video("long.mp4", duration_s=5, options=H264)
    outcome = work.run("media.encode", source, extname="m3u8", segment_s=2, video_bitrate=100, audio_bitrate=56)
    files = by_name(outcome.files)
    assert [file.role for file in outcome.files] == ["output", "segment", "segment", "segment"]
    playlist = parse_media_playlist(files["playlist.m3u8"].read_text())
    assert [round(length_s) for _, length_s in playlist.segments] == [2, 2, 1]
    assert set(files) == {"playlist.m3u8", *(uri for uri, _ in playlist.segments)}
    assert streams(files["segment_00001.ts"]) == [("video", "h264"), ("audio", "aac")]
    assert outcome.values["duration"] == pytest.approx(5, abs=0.1)
    assert outcome.values["mime_type"] == "application/vnd.apple.mpegurl"


def test_ladder(work: Work, media: MediaFactory) -> None:
    source = media.video("large.mp4", duration_s=5, size=(320, 240), options=(*H264, "-g", "33"))
    outcome = work.run(
        "media.encode", source, extname="m3u8", variants=RUNGS, segment_s=2, aspect_mode="constrain", keyframe_rate=1
    )
    files = by_name(outcome.files)
    assert outcome.files[0].name == "master.m3u8"
    assert (outcome.values["width"], outcome.values["height"]) == (320, 240)
    assert [(one["name"], one["width"]) for one in outcome.values["renditions"]] == [
        ("high", 320), ("mid", 160), ("low", 80), ("audio", None),
    ]  # fmt: skip
    assert not any(name.startswith("huge") for name in files)

    lines = files["master.m3u8"].read_text().splitlines()
    entries = {uri: line for line, uri in itertools.pairwise(lines) if line.startswith("#EXT-X-STREAM-INF")}
    assert list(entries) == [f"{name}/playlist.m3u8" for name in ("low", "mid", "high", "audio")]
    assert "RESOLUTION=160x120" in entries["mid/playlist.m3u8"]
    assert "RESOLUTION" not in entries["audio/playlist.m3u8"]
    assert re.search(r'CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"', entries["high/playlist.m3u8"])

    starts, key_times = {}, {}
    for uri, line in entries.items():
        rung = uri.partition("/")[0]
        playlist = parse_media_playlist(files[uri].read_text())
        paths = [files[f"{rung}/{name}"] for name, _ in playlist.segments]
        peak = max(path.stat().st_size * 8 / length for path, (_, length) in zip(paths, playlist.segments, strict=True))
        assert int(re.search(r"[:,]BANDWIDTH=(\d+)", line)[1]) == pytest.approx(peak, rel=0.01)
        if rung == "audio":
            assert streams(paths[0]) == [("audio", "aac")]
            continue
        starts[rung] = [round(length, 3) for _, length in playlist.segments]
        key_times[rung] = [frame_times(path, keyframes_only=True) for path in paths]
        width, height = map(int, re.search(r"RESOLUTION=(\d+)x(\d+)", line).groups())
        assert frame(paths[0]).shape[:2] == (height, width)
    assert starts["low"] == starts["mid"] == starts["high"] == [2.0, 2.0, 1.0]
    assert key_times["low"] == key_times["mid"] == key_times["high"] == [[0.0, 1.0], [0.0, 1.0], [0.0]]


def test_ladder_without_sound_and_with_a_mark(work: Work, media: MediaFactory) -> None:
    source = media.draw("white.mp4", "-f", "lavfi", "-i", "color=white:size=160x120:rate=25:duration=1", *H264)
    mark = media.draw("mark.png", "-f", "lavfi", "-i", "color=blue:size=40x30", "-frames:v", "1")
    outcome = work.run("media.encode", source, watermark=mark, extname="m3u8", variants=RUNGS, aspect_mode="constrain")
    files = by_name(outcome.files)
    assert not any(name.startswith("audio") for name in files)
    for rung, (x, y) in {"mid": (20, 15), "low": (10, 7)}.items():
        picture = frame(files[f"{rung}/segment_00000.ts"])
        assert picture[y, x, 2] > 180 > 80 > picture[y, x, 0]
        assert picture[-5, -5].min() > 220


def test_sound_only_ladder_of_a_sound(work: Work, media: MediaFactory) -> None:
    outcome = work.run("media.encode", media.audio(), extname="m3u8", video_codec="none", audio_bitrate=56)
    files = by_name(outcome.files)
    assert streams(files["segment_00000.ts"]) == [("audio", "aac")]
    assert outcome.values["video_codec"] is None
