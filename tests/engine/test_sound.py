from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from django_mediacloud.engine import probe, sound
from django_mediacloud.engine.sound import Block, read_mono, read_sound
from django_mediacloud.exceptions import IncompleteMedia, UnreadableMedia, UnsupportedMedia
from tests.media import MediaFactory

from . import nasty
from .memory import peak_growth

RAMP = "aevalsrc=t/4:s={rate}:d={duration}:c={layout}"
"""A sample tells its own time: four times its value, in seconds."""
CLICK = "aevalsrc='if(between(t,1.5,1.6),0.8*sin(2*PI*1000*t),0)':s=44100:d=2"
LOSSY = {
    "click.mp3": ("-c:a", "libmp3lame"),
    "plain.mp3": ("-c:a", "libmp3lame", "-q:a", "5", "-write_xing", "0", "-id3v2_version", "0"),
    "click.m4a": ("-c:a", "aac"),
    "click.aac": ("-c:a", "aac"),
    "click.ogg": ("-c:a", "libvorbis"),
    "click.opus": ("-c:a", "libopus"),
    "click.webm": ("-c:a", "libopus"),
    "live.mka": ("-c:a", "libvorbis", "-live", "1"),
    "click.wma": ("-c:a", "wmav2"),
    "click.ts": ("-c:a", "aac"),
    "click.ac3": ("-c:a", "ac3"),
    "late.mka": ("-c:a", "libvorbis", "-output_ts_offset", "10"),
    "late.ts": ("-c:a", "aac", "-output_ts_offset", "10"),
}


def ramp(path: Path, *options: str, rate: int = 44100, duration: float = 2, layout: str = "mono") -> Path:
    return nasty.ffmpeg(path, "-f", "lavfi", "-i", RAMP.format(rate=rate, duration=duration, layout=layout), *options)


def wav(path: Path, samples: Any, *, rate: int = 8000, is_float: bool = False) -> Path:
    """``samples``: length x channels."""
    kind = np.float32 if is_float else np.int16
    data = np.ascontiguousarray(samples, kind)
    width = data.itemsize * data.shape[1]
    form = struct.pack("<HHIIHH", 3 if is_float else 1, data.shape[1], rate, rate * width, width, data.itemsize * 8)
    head = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", data.nbytes)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(head) + data.nbytes) + head + data.tobytes())
    return path


def times_of(blocks: list[Block]) -> Any:
    """When each sample of a ramp was drawn, less where it was found."""
    drawn = np.concatenate([block.samples[:, 0] for block in blocks]).astype(float) * 4
    found = np.concatenate([np.arange(block.begin, block.end) for block in blocks]) / blocks[0].rate_hz
    return drawn - found


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_samples_are_those_of_the_file(tmp_path: Path, rate: int, layout: str) -> None:
    source = nasty.ffmpeg(
        tmp_path / "ramp.wav",
        *(
            "-f",
            "lavfi",
            "-i",
            RAMP.format(rate=rate, duration=2, layout="mono"),
            "-af",
            f"aformat=channel_layouts={layout}",
        ),
    )
    blocks = list(read_sound(source))
    assert {block.rate_hz for block in blocks} == {rate}
    assert {block.samples.shape[1] for block in blocks} == {1 if layout == "mono" else 2}
    assert (blocks[0].begin, blocks[-1].end) == (0, 2 * rate)
    assert (len(blocks) > 1) == (rate * 2 * blocks[0].samples.shape[1] > 131_072)
    # Pan law: ffmpeg makes two channels of one at 1/sqrt(2).
    if layout == "mono":
        assert np.abs(times_of(blocks)).max() < 0.001


@pytest.mark.parametrize("name", ["ramp.wav", "ramp.flac", "ramp.mka", "ramp.mov", "ramp.aiff"])
@pytest.mark.parametrize(("start_s", "end_s"), [(0, 0.5), (0.25, 0.75), (1.7, 9.0), (1.5, None), (1.998, None)])
def test_a_part_is_exact(tmp_path: Path, name: str, start_s: float, end_s: float | None) -> None:
    source = ramp(tmp_path / name, *(("-c:a", "pcm_s16le") if name in {"ramp.mka", "ramp.mov"} else ()))
    blocks = list(read_sound(source, start_s=start_s, end_s=end_s))
    assert blocks[0].begin == int(start_s * 44100)
    assert blocks[-1].end == pytest.approx(min(2.0, end_s or 2.0) * 44100, abs=0.001 * 44100 if "mka" in name else 0.5)
    # Matroska keeps time in milliseconds.
    assert np.abs(times_of(blocks)).max() < 0.001


def test_a_part_far_in_is_found_without_decoding_what_is_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ramp(tmp_path / "ramp.flac", duration=3.9)
    taken: list[float] = []
    take = sound._Reader._take

    def noted(reader: sound._Reader, frame: Any) -> Iterator[Block]:
        taken.append(frame.time)
        return take(reader, frame)

    monkeypatch.setattr(sound._Reader, "_take", noted)
    blocks = list(read_sound(source, start_s=3.0))
    assert np.abs(times_of(blocks)).max() < 0.001
    assert 1.8 < min(taken) <= 2.0


@pytest.mark.parametrize("name", LOSSY)
@pytest.mark.parametrize("start_s", [0, 1.25])
def test_every_codec_keeps_its_time(tmp_path: Path, name: str, start_s: float) -> None:
    source = nasty.ffmpeg(tmp_path / name, "-f", "lavfi", "-i", CLICK, *LOSSY[name])
    samples = np.concatenate(list(read_mono(source, 22050, start_s=start_s)))
    (loud,) = np.nonzero(np.abs(samples) > 0.3)
    # These do not tell how much silence their encoders put before.
    slack_s = 0.1 if name.endswith((".aac", ".ts", ".ac3", ".wma", "plain.mp3")) else 0.01
    assert start_s + loud[0] / 22050 == pytest.approx(1.5, abs=slack_s)
    assert (loud[-1] - loud[0]) / 22050 == pytest.approx(0.1, abs=0.01)


def test_mono_is_the_mean(tmp_path: Path) -> None:
    samples = np.tile(np.array([[8000, 16000, -4000]]), (9000, 1))
    source = wav(tmp_path / "three.wav", samples)
    (block,) = read_sound(source, is_mono=True)
    assert block.samples.shape == (9000, 1)
    assert block.samples == pytest.approx(20000 / 3 / 32768, abs=1e-4)
    opposite = nasty.ffmpeg(
        tmp_path / "opposite.wav", "-f", "lavfi", "-i", "aevalsrc=0.5*sin(880*t)|-0.5*sin(880*t):s=44100:d=0.5"
    )
    assert np.abs(np.concatenate(list(read_mono(opposite, 44100)))).max() == 0
    assert max(np.abs(block.samples).max() for block in read_sound(opposite)) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("channels", [6, 8, 9, 64])
def test_many_channels_without_names(tmp_path: Path, channels: int) -> None:
    samples = np.tile(np.arange(channels) * 100, (5000, 1))
    source = wav(tmp_path / "many.wav", samples)
    blocks = list(read_sound(source))
    assert np.concatenate([block.samples for block in blocks]) * 32768 == pytest.approx(samples, abs=0.5)
    mean = np.concatenate(list(read_mono(source, 8000)))
    assert mean * 32768 == pytest.approx(samples.mean(), abs=0.5)


def test_more_channels_than_anybody_has(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="80 channels"):
        list(read_sound(wav(tmp_path / "many.wav", np.zeros((500, 80)))))


def test_a_rate_that_blows_up_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = wav(tmp_path / "slow.wav", np.zeros((200, 1)), rate=1)
    for module in (probe, sound):
        monkeypatch.setattr(module, "LEAST_RATE_HZ", 1)
    assert sum(len(samples) for samples in read_mono(source, 44100)) > 8_000_000
    monkeypatch.undo()
    with pytest.raises(UnsupportedMedia, match="no sound"):
        next(read_mono(source, 44100))
    with pytest.raises(UnsupportedMedia, match="no sound"):
        next(read_mono(wav(tmp_path / "fast.wav", np.zeros((200, 1)), rate=200_000_000), 44100))
    frame = av.AudioFrame(samples=10)
    frame.sample_rate = 1
    with pytest.raises(UnsupportedMedia, match="1 samples a second"):
        sound._check_kind(frame)


def test_sound_that_sets_in_after_the_picture_or_has_a_hole(tmp_path: Path) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x48:d=3", "-map", "0:v", "-map", "1:a", "-c:a", "pcm_s16le")
    tone = "aevalsrc=0.5:s=8000:d=1"
    film = nasty.ffmpeg(tmp_path / "film.mkv", *picture[:4], "-itsoffset", "1", "-f", "lavfi", "-i", tone, *picture[4:])
    (block,) = read_sound(film)
    assert (block.begin, block.end) == (8000, 16000)
    samples = np.concatenate(list(read_mono(film, 8000)))
    assert len(samples) == 16000
    assert (samples[:8000].max(), samples[8000:].min()) == (0, pytest.approx(0.5, abs=1e-3))
    assert len(np.concatenate(list(read_mono(film, 8000, start_s=0.5, end_s=1.25)))) == 6000

    hole = ramp(tmp_path / "hole.mka", "-af", "aselect='lt(t,0.5)+gte(t,1.5)'", "-c:a", "pcm_s16le")
    blocks = list(read_sound(hole))
    assert np.abs(times_of(blocks)).max() < 0.03
    assert sum(block.end - block.begin for block in blocks) == pytest.approx(44100, abs=2000)
    assert blocks[-1].end == pytest.approx(88200, abs=100)


def test_a_hole_of_a_year_is_not_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of sound, the second of them stamped a year later: silence for all that time would be 10^12 bytes."""
    year = ramp(tmp_path / "year.mka", "-af", "asetpts='PTS+gte(T,1)*3e7/TB'", "-c:a", "pcm_s16le")
    monkeypatch.setattr(sound, "_MAX_GAP_S", float("inf"))
    assert [block.begin > 3e7 * 44100 for block in read_sound(year)] == [False, True]
    monkeypatch.undo()
    blocks: list[Any] = []
    with pytest.raises(IncompleteMedia, match=r"ends after 2\.0 s of 300000"):
        blocks.extend(read_mono(year, 8000))
    assert sum(len(samples) for samples in blocks) == pytest.approx(16_000, abs=100)


def test_sound_that_changes_its_kind(tmp_path: Path) -> None:
    """Two MP3 files in one, as recorders and podcasts make them: 22 kHz mono, then 44 kHz stereo."""
    low = nasty.ffmpeg(tmp_path / "low.mp3", "-f", "lavfi", "-i", "sine=d=8:r=22050", "-write_xing", "0")
    high = nasty.ffmpeg(tmp_path / "high.mp3", "-f", "lavfi", "-i", "sine=d=1:r=44100", "-ac", "2", "-write_xing", "0")
    both = tmp_path / "both.mp3"
    both.write_bytes(low.read_bytes() + high.read_bytes())
    blocks = list(read_sound(both))
    assert {(block.rate_hz, block.samples.shape[1]) for block in blocks} == {(22050, 1), (22050, 2)}
    assert blocks[-1].end / 22050 == pytest.approx(9, abs=0.15)
    assert [block.begin for block in blocks[1:]] == [block.end for block in blocks[:-1]]


def test_floating_point_beyond_full_scale(tmp_path: Path) -> None:
    samples = np.array([[4.0], [np.nan], [-np.inf], [0.25]] * 500, np.float32)
    (block,) = read_sound(wav(tmp_path / "wild.wav", samples, is_float=True))
    assert np.array_equal(block.samples, samples, equal_nan=True)


def test_the_wrong_files(tmp_path: Path, media: MediaFactory) -> None:
    with pytest.raises(UnsupportedMedia, match="no sound"):
        next(read_sound(media.video(has_sound=False)))
    with pytest.raises(UnreadableMedia, match="No sound of the file can be decoded"):
        next(read_sound(nasty.n29_no_samples(tmp_path)))
    with pytest.raises(UnreadableMedia):
        next(read_sound(nasty.n02_noise(tmp_path)))
    assert list(read_sound(media.audio(), start_s=60)) == []


@pytest.mark.parametrize(("name", "part"), [("whole.flac", 0.4), ("whole.m4a", 0.6), ("whole.mka", 0.5)])
def test_a_file_that_is_cut_off(tmp_path: Path, name: str, part: float) -> None:
    options = ("-movflags", "+faststart") if name.endswith("m4a") else ()
    whole = nasty.ffmpeg(tmp_path / name, "-f", "lavfi", "-i", "anoisesrc=d=3:a=0.3", *options).read_bytes()
    source = tmp_path / f"cut{Path(name).suffix}"
    source.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(IncompleteMedia, match=r"ends after [01]\.\d s of 3\.0 s"):
        list(read_sound(source))
    assert list(read_sound(source, end_s=0.5))[-1].end == round(0.5 * 48000) or name == "whole.mka"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    source = ramp(tmp_path / "long.flac", duration=300)

    def read() -> int:
        return sum(len(block.samples) for block in read_sound(source))

    def keep() -> int:
        return sum(len(samples) for samples in [block.samples for block in read_sound(source)])

    assert read() == 300 * 44100
    # What is held is 53 MB: the measure would show it.
    assert peak_growth(keep) > 45_000_000
    assert peak_growth(read) < 12_000_000
