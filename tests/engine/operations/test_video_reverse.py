from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from django_mediacloud.engine.registry import get_operation
from django_mediacloud.engine.reverse import frames as backward
from django_mediacloud.exceptions import IncompleteMedia
from tests.engine import nasty
from tests.media import MediaFactory

from .work import Work, frame, frame_times, main_file, streams

OPEN_GROUPS = ("-x264-params", "open-gop=1:bframes=3:keyint=25")


def shown(path: Path) -> list[tuple[int, float]]:
    """Number and time of every frame of a film that was made of the ramp."""
    with av.open(str(path)) as container:
        pictures = [
            (float(picture.to_ndarray()[: picture.height].mean()) - 16, picture.time)
            for picture in container.decode(video=0)
        ]
    return [(round(number), round(time_s, 3)) for number, time_s in pictures]


def samples_of(path: Path) -> tuple[Any, int]:
    """The sound as a player starts it: one channel, and its rate."""
    with av.open(str(path)) as container:
        decoded = list(container.decode(audio=0))
    return np.concatenate([one.to_ndarray()[0] for one in decoded]), decoded[0].sample_rate


def backwards(count: int, rate: int = 25) -> list[tuple[int, float]]:
    return [(count - 1 - number, round(number / rate, 3)) for number in range(count)]


def draw(folder: Path, name: str, *options: str, duration: float = 4) -> Path:
    return nasty.ffmpeg(folder / name, "-f", "lavfi", "-i", nasty.RAMP.format(duration=duration), *options)


FILMS = {
    "mp4": lambda folder: nasty.ramp(folder / "a.mp4", duration=4),
    "open groups": lambda folder: nasty.ramp(folder / "a.mkv", "-bf", "3", *OPEN_GROUPS, duration=4),
    "transport stream": lambda folder: nasty.ramp(folder / "a.ts", "-bf", "3", *OPEN_GROUPS, duration=4),
    "mpeg": lambda folder: draw(folder, "a.mpg", "-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-g", "12"),
    # Its frames tell when they were to be decoded, and no more.
    "avi": lambda folder: draw(folder, "a.avi", "-c:v", "libx264", "-bf", "2", "-g", "12"),
    "wmv": lambda folder: draw(folder, "a.wmv", "-c:v", "wmv2", "-q:v", "2"),
    "webm": lambda folder: draw(folder, "a.webm", "-c:v", "libvpx-vp9", "-crf", "4", "-deadline", "realtime"),
    "ogg": lambda folder: draw(folder, "a.ogv", "-c:v", "libtheora", "-q:v", "9"),
    "prores": lambda folder: draw(folder, "a.mov", "-c:v", "prores_ks"),
    "live": lambda folder: nasty.ramp(folder / "a.mkv", "-live", "1", duration=4),
    "late": lambda folder: nasty.ramp(folder / "a.mkv", "-output_ts_offset", "10", duration=4),
}


@pytest.mark.parametrize("kind", FILMS)
def test_the_last_frame_comes_first(work: Work, tmp_path: Path, kind: str) -> None:
    outcome = work.run("video.reverse", FILMS[kind](tmp_path))
    assert outcome.values == {"duration": pytest.approx(4, abs=0.001)}
    assert shown(main_file(outcome)) == backwards(100)
    assert work.left() == ["output.mp4"]


def test_what_it_gives(work: Work, media: MediaFactory) -> None:
    source = media.video("tone.mp4", duration_s=2)
    outcome = work.run("video.reverse", source)
    (file,) = outcome.files
    assert (file.name, file.role, file.content_type) == ("output.mp4", "output", "video/mp4")
    assert outcome.values == {"duration": pytest.approx(2, abs=0.05)}
    assert outcome.source_s == pytest.approx(2, abs=0.05)
    assert streams(main_file(outcome)) == [("video", "h264"), ("audio", "aac")]
    assert work.progress == sorted(work.progress)
    assert 0 < work.progress[-1] <= 100
    # The index comes first, so that a browser starts before it has the whole file.
    data = main_file(outcome).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_twice_is_as_before(work: Work, tmp_path: Path) -> None:
    source = nasty.ramp(tmp_path / "a.mp4", duration=3)
    once = main_file(work.run("video.reverse", source, crf=1))
    assert shown(main_file(work.run("video.reverse", once, crf=1))) == shown(source)


@pytest.mark.parametrize("memory", [1, 30])
def test_a_long_group_is_split(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
    """No more than so many frames wait, in memory and on the disk, and the order is the same."""
    frame_bytes = 64 * 48 * 3 // 2
    monkeypatch.setattr(backward, "MEMORY_BYTES", memory * frame_bytes)
    monkeypatch.setattr(backward, "DISK_BYTES", 70 * frame_bytes)
    most = 0
    fill = backward.BackwardFrames._fill

    def watched(self: Any, span: Any, spool: Any, keys_back: int) -> list[int]:
        nonlocal most
        stamps = fill(self, span, spool, keys_back)
        most = max(most, spool.tell() // frame_bytes)
        return stamps

    monkeypatch.setattr(backward.BackwardFrames, "_fill", watched)
    source = nasty.n25_one_group(tmp_path)
    assert shown(main_file(work.run("video.reverse", source))) == backwards(200)
    assert 60 < most <= 70


def test_key_frames_that_are_none(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Intra refresh: the first third of the frames after a "key frame" comes out only if decoding began before it."""
    monkeypatch.setattr(backward, "MEMORY_BYTES", 10 * 160 * 120 * 3 // 2)
    options = ("-preset", "veryfast", "-x264-params", "intra-refresh=1:keyint=25:min-keyint=25:bframes=0")
    source = nasty.clip(tmp_path / "a.ts", *options, "-f", "mpegts")
    made = main_file(work.run("video.reverse", source, crf=1, video_bitrate=50_000))
    before, after = lumas(source), lumas(made)
    assert len(before) == len(after) == 50
    assert max(np.abs(one - other).mean() for one, other in zip(before, reversed(after), strict=True)) < 1
    monkeypatch.setattr(backward, "_KEYS_BACK", (0,))
    with pytest.raises(IncompleteMedia):
        work.run("video.reverse", source)


def lumas(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return [picture.to_ndarray()[: picture.height].astype(int) for picture in container.decode(video=0)]


def test_a_film_that_changes_its_size(work: Work, tmp_path: Path) -> None:
    small = nasty.ramp(tmp_path / "small.ts", "-f", "mpegts", duration=2)
    options = ("-vf", "scale=128:96", "-output_ts_offset", "2", "-f", "mpegts")
    large = nasty.ramp(tmp_path / "large.ts", *options, duration=2)
    source = tmp_path / "both.ts"
    source.write_bytes(small.read_bytes() + large.read_bytes())
    for given, size in (({}, (64, 48)), ({"width": 100, "height": 100, "crop": True}, (100, 100))):
        made = main_file(work.run("video.reverse", source, **given))
        assert [number for number, _ in shown(made)] == [*reversed(range(50)), *reversed(range(50))]
        assert frame(made).shape[1::-1] == size


def test_varying_rates_are_mirrored(work: Work, tmp_path: Path) -> None:
    source = nasty.n11_varying_rate(tmp_path)
    outcome = work.run("video.reverse", source)
    length_s = work.run("video.info", source).values["duration"]
    assert outcome.values["duration"] == pytest.approx(length_s, abs=0.002)
    before, after = frame_times(source), frame_times(main_file(outcome))
    ends = [*before[1:], length_s]
    assert after == pytest.approx([length_s - end_s for end_s in reversed(ends)], abs=0.002)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        # The first frame is shown for 2 s: it comes last, and is sent twice so that its end is told.
        ("if(eq(N,0),0,(2+N/25)/TB)", [*(number / 25 for number in range(25)), 2.96]),
        # The last but one is.
        ("if(eq(N,24),3/TB,N/25/TB)", [0, 0.04, *(2.12 + number / 25 for number in range(23))]),
    ],
)
def test_pauses_at_the_ends(work: Work, tmp_path: Path, moved: str, expected: list[float]) -> None:
    source = nasty.clip(
        tmp_path / "a.mkv", "-vf", f"setpts='{moved}'", "-fps_mode", "vfr", source="testsrc2=s=160x120:r=25:d=1"
    )
    outcome = work.run("video.reverse", source)
    length_s = work.run("video.info", source).values["duration"]
    assert outcome.values["duration"] == pytest.approx(length_s, abs=0.01)
    assert frame_times(main_file(outcome)) == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("rate", ["1/400", "1/5", "5"])
def test_slides(work: Work, tmp_path: Path, rate: str) -> None:
    source = nasty.clip(tmp_path / "a.mp4", source=f"testsrc2=s=64x48:r={rate}:d=800")
    assert work.run("video.reverse", source).values["duration"] == pytest.approx(800, abs=0.01)


def test_one_frame_of_ten_hours(work: Work, tmp_path: Path) -> None:
    values = work.run("video.reverse", nasty.n24_ten_hours(tmp_path)).values
    assert values["duration"] == pytest.approx(36_000, abs=0.1)


def clicks(folder: Path, *, sound_s: float, picture_s: float, extra: tuple[str, ...] = ()) -> Path:
    """A click of 10 ms at 0.5 s, and a deeper one at 1.2 s; the picture is the ramp."""
    tone = f"aevalsrc='between(t,0.5,0.51)*sin(2000*PI*2*t)+between(t,1.2,1.21)*sin(500*PI*2*t)':s=44100:d={sound_s}"
    return nasty.ffmpeg(
        folder / "clicks.mkv",
        *("-f", "lavfi", "-i", nasty.RAMP.format(duration=picture_s), *extra, "-f", "lavfi", "-i", tone),
        *("-map", "0:v", "-map", "1:a", *nasty.H264, "-crf", "1", "-g", "20", "-c:a", "flac"),
    )


def loud_at(path: Path) -> list[tuple[float, int]]:
    """Middle of each click, s, and its pitch, Hz."""
    samples, rate = samples_of(path)
    places = np.flatnonzero(np.abs(samples) > 0.3)
    groups = np.split(places, np.flatnonzero(np.diff(places) > rate // 10) + 1)
    found = []
    for group in groups:
        piece = samples[group[0] : group[-1]]
        pitch = np.abs(np.fft.rfft(piece, rate)).argmax()
        found.append((float(group.mean()) / rate, int(pitch)))
    return found


@pytest.mark.parametrize(("sound_s", "picture_s"), [(2.0, 2.0), (3.0, 2.0), (2.0, 3.2)])
def test_the_sound_is_reversed_and_in_step(work: Work, tmp_path: Path, sound_s: float, picture_s: float) -> None:
    length_s = max(sound_s, picture_s)
    outcome = work.run("video.reverse", clicks(tmp_path, sound_s=sound_s, picture_s=picture_s))
    assert outcome.values["duration"] == pytest.approx(length_s, abs=0.05)
    (deep_s, deep_hz), (high_s, high_hz) = loud_at(main_file(outcome))
    assert deep_s == pytest.approx(length_s - 1.205, abs=0.015)
    assert high_s == pytest.approx(length_s - 0.505, abs=0.015)
    assert (deep_hz, high_hz) == (pytest.approx(500, abs=60), pytest.approx(2000, abs=60))
    samples, rate = samples_of(main_file(outcome))
    assert len(samples) / rate == pytest.approx(length_s, abs=0.05)
    # Frame 12 was shown together with the first click.
    at_s = next(time_s for number, time_s in shown(main_file(outcome)) if number == 12)
    assert at_s <= high_s <= at_s + 0.04 + 0.015


def test_the_sound_starts_late(work: Work, tmp_path: Path) -> None:
    """The picture is there from 0 s on, the sound half a second later: its clicks are at 1.0 and 1.7 s."""
    level = clicks(tmp_path, sound_s=2, picture_s=2.4)
    source = nasty.ffmpeg(
        tmp_path / "late.mkv",
        *("-i", f"file:{level}", "-itsoffset", "0.5", "-i", f"file:{level}", "-map", "0:v", "-map", "1:a"),
        *("-c", "copy"),
    )
    (deep_s, _), (high_s, _) = loud_at(main_file(work.run("video.reverse", source)))
    assert (deep_s, high_s) == (pytest.approx(2.5 - 1.705, abs=0.015), pytest.approx(2.5 - 1.005, abs=0.015))


def test_an_edit_list_hides_what_lies_before(work: Work, tmp_path: Path) -> None:
    """Cut without encoding at 1 s, between two key frames: the frames before it are there, and not shown."""
    whole = nasty.ramp(tmp_path / "whole.mp4", duration=4)
    source = nasty.ffmpeg(tmp_path / "cut.mp4", "-ss", "1", "-i", f"file:{whole}", "-c", "copy")
    with av.open(str(source)) as container:
        stored = sum(1 for packet in container.demux(video=0) if packet.size)
    assert stored == 100
    made = shown(main_file(work.run("video.reverse", source)))
    assert [number for number, _ in made] == list(range(99, 24, -1))


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, (160, 120)),
        ({"width": 80}, (80, 60)),
        ({"height": 240}, (320, 240)),
        ({"width": 100, "height": 100}, (100, 76)),
        ({"width": 100, "height": 100, "crop": True}, (100, 100)),
        ({"width": 33, "height": 33, "crop": True}, (32, 32)),
    ],
)
def test_sizes(work: Work, media: MediaFactory, given: dict[str, Any], size: tuple[int, int]) -> None:
    source = media.video("still.mp4", duration_s=0.4, has_sound=False)
    assert frame(main_file(work.run("video.reverse", source, **given))).shape[1::-1] == size


@pytest.mark.parametrize(("turn", "corner"), [(0, (0, 0)), (90, (-1, 0)), (180, (-1, -1)), (270, (0, -1))], ids=str)
def test_turned_films_come_out_upright(work: Work, tmp_path: Path, turn: int, corner: tuple[int, int]) -> None:
    """White in the stored picture's left upper corner: where it is after so many degrees counter-clockwise."""
    level = nasty.clip(tmp_path / "level.mp4", source="color=white:s=64x32:d=0.4,pad=128:64:0:0:black")
    source = nasty.ffmpeg(tmp_path / "turned.mp4", "-display_rotation", f"{turn}", "-i", f"file:{level}", "-c", "copy")
    made = frame(main_file(work.run("video.reverse", source)))
    assert made.shape[:2] == ((128, 64) if turn % 180 else (64, 128))
    row, column = corner
    assert made[row, column].tolist() == pytest.approx([255] * 3, abs=6)
    assert made[-1 - row, -1 - column].tolist() == pytest.approx([0] * 3, abs=6)


def test_odd_sizes_wide_pixels_and_alpha(work: Work, tmp_path: Path) -> None:
    assert frame(main_file(work.run("video.reverse", nasty.n23_odd_size(tmp_path)))).shape[:2] == (240, 320)
    wide = main_file(work.run("video.reverse", nasty.n32_wide_pixels(tmp_path)))
    assert frame(wide).shape[:2] == (120, 212)
    with av.open(str(wide)) as container:
        assert container.streams.video[0].sample_aspect_ratio in {None, 0, 1}
    for source in (nasty.n13_alpha_webm(tmp_path), nasty.n14_alpha_prores(tmp_path)):
        # Half of red, laid on black.
        assert frame(main_file(work.run("video.reverse", source)))[5, 5] == pytest.approx((128, 0, 0), abs=8)


def test_levels_and_colours_are_kept(work: Work, tmp_path: Path) -> None:
    full = frame(main_file(work.run("video.reverse", nasty.n34_full_range(tmp_path))))
    assert (full[5, 5].tolist(), full[-5, 5].tolist()) == ([255] * 3, [0] * 3)
    tags = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    tagged = nasty.clip(tmp_path / "tagged.mp4", "-vf", tags)
    made = work.run("media.info", main_file(work.run("video.reverse", tagged))).values["video"]
    assert [made[name] for name in ("color_primaries", "color_transfer", "color_space", "color_range")] == [
        "bt709",
        "bt709",
        "bt709",
        "tv",
    ]


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_high_dynamic_range_looks_as_a_converted_film(work: Work, tmp_path: Path, transfer: str) -> None:
    source = nasty.n35_hdr(tmp_path, transfer)
    ours = frame(main_file(work.run("video.reverse", source)))[20, 20]
    theirs = frame(main_file(work.run("video.convert", source)))[20, 20]
    assert ours.tolist() == pytest.approx(theirs.tolist(), abs=4)


def test_a_gif(work: Work, tmp_path: Path) -> None:
    made = main_file(work.run("video.reverse", nasty.n15_animated_gif(tmp_path)))
    colors = [frame(made, time_s)[20, 20].tolist() for time_s in (0, 0.2, 0.4)]
    assert [int(np.argmax(color)) for color in colors] == [2, 1, 0]


def test_crf_gop_and_bitrate(work: Work, media: MediaFactory) -> None:
    source = media.video("bars.mp4", duration_s=2, has_sound=False)

    def size(**given: Any) -> int:
        return main_file(work.run("video.reverse", source, **given)).stat().st_size

    assert size(crf=40) < size() < size(crf=10, video_bitrate=50_000)
    assert size(crf=10, video_bitrate=40) < size(crf=10, video_bitrate=50_000) / 4
    keys = frame_times(main_file(work.run("video.reverse", source, gop=10)), keyframes_only=True)
    assert keys == pytest.approx([0, 0.4, 0.8, 1.2, 1.6], abs=0.01)


@pytest.mark.parametrize(
    ("name", "options"), [("film.flv", ()), ("film.ogv", ()), ("film.mkv", ("-output_ts_offset", "100"))]
)
def test_a_film_that_tells_no_bitrate_is_not_starved(
    name: str, options: tuple[str, ...], work: Work, tmp_path: Path
) -> None:
    """Sound whose codec promises more than the whole file has; a header that counts from zero what starts late."""
    flash = "drawbox=0:0:160:120:white:fill:enable='between(n,25,27)'"
    codecs = ("-c:v", "libtheora") if name.endswith("ogv") else (*nasty.H264,)
    film = nasty.ffmpeg(
        tmp_path / name, "-f", "lavfi", "-i", f"color=black:s=160x120:r=25:d=3,{flash}",
        "-f", "lavfi", "-i", "anullsrc=d=3", *codecs, *options,
    )  # fmt: skip
    with av.open(str(main_file(work.run("video.reverse", film)))) as container:
        lightest = max(float(picture.to_ndarray(format="gray").mean()) for picture in container.decode(video=0))
    assert lightest > 240


def test_the_source_s_bitrate_is_the_ceiling(work: Work, tmp_path: Path) -> None:
    """Noise, in 200 kb/s: without a ceiling its reverse would need several times that."""
    noise = "nullsrc=s=160x120:r=25:d=4,geq=random(1)*255:128:128"
    source = nasty.clip(tmp_path / "noise.mp4", "-b:v", "200k", "-maxrate", "200k", "-bufsize", "100k", source=noise)
    capped = main_file(work.run("video.reverse", source, crf=5)).stat().st_size
    free = main_file(work.run("video.reverse", source, crf=5, video_bitrate=20_000)).stat().st_size
    assert capped < 1.5 * source.stat().st_size
    assert free > 2 * capped


def test_defaults_are_those_of_the_service() -> None:
    defaults = get_operation("video.reverse").info.parameters.clean({"url": "https://example.com/a.mp4"})
    assert defaults == {
        "url": "https://example.com/a.mp4", "width": None, "height": None, "crop": False, "video_codec": "h264",
        "video_bitrate": None, "crf": 23, "gop": 250,
    }  # fmt: skip
