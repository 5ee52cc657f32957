from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.codecs import AUDIO_CODECS
from django_mediacloud.engine.encoding.plan import AudioPlan
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.reverse.sound import decode_sound, pad_sound, reverse_samples
from django_mediacloud.exceptions import LimitExceeded
from tests.engine.nasty import ffmpeg

PLAN = AudioPlan(index=0, codec=AUDIO_CODECS["aac"], is_copied=False, channels=1, sample_rate_hz=8000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sound")


@given(st.integers(0, 60), st.integers(1, 3), st.integers(1, 70))
def test_samples_are_turned_round_whatever_the_block(folder: Path, moments: int, channels: int, block: int) -> None:
    samples = np.arange(moments * channels, dtype=np.int16).reshape(moments, channels)
    path = folder / "samples.pcm"
    path.write_bytes(samples.tobytes())
    reverse_samples(path, channels, block_frames=block)
    turned = np.frombuffer(path.read_bytes(), np.int16).reshape(moments, channels)
    assert turned.tolist() == samples[::-1].tolist()


def test_gaps_are_silence(tmp_path: Path) -> None:
    """A tone from 1 s to 2 s and from 3 s to 4 s."""
    source = ffmpeg(
        tmp_path / "gaps.mkv",
        *("-f", "lavfi", "-i", "sine=r=8000:d=6", "-af", "aselect='between(t,1,2)+between(t,3,4)'", "-c:a", "flac"),
        *("-f", "matroska"),
    )
    length_s = decode_sound(source, tmp_path / "sound.pcm", PLAN, limits=Limits())
    samples = np.frombuffer((tmp_path / "sound.pcm").read_bytes(), np.int16)
    # The film begins with its first stream: there is nothing before the tone.
    assert length_s == pytest.approx(3, abs=0.2)
    middles = [samples[half * 4000 + 1500 : half * 4000 + 2500] for half in range(6)]
    loud = [int(np.abs(middle).max()) > 1000 for middle in middles]
    assert loud == [True, True, False, False, True, True]


def test_a_gap_beyond_measure_is_not_filled(tmp_path: Path) -> None:
    """The sound jumps to 1000 s. Filled with silence it is 16 MB; a header that tells 1 s allows 2 minutes."""
    jump = "asetpts='if(gt(N,5),PTS+1000/TB,PTS)'"
    source = ffmpeg(tmp_path / "a.mkv", "-f", "lavfi", "-i", "sine=r=8000:d=1", "-af", jump, "-c:a", "flac")
    assert decode_sound(source, tmp_path / "a.pcm", PLAN, limits=Limits()) == pytest.approx(1001, abs=0.2)
    with pytest.raises(LimitExceeded):
        decode_sound(source, tmp_path / "b.pcm", PLAN, limits=Limits(), duration_s=1)
    assert (tmp_path / "b.pcm").stat().st_size < 2_000_000
    with pytest.raises(LimitExceeded, match="sound of 1001 s needs"):
        decode_sound(source, tmp_path / "c.pcm", PLAN, limits=Limits(output_bytes=1_000_000), duration_s=1001)
    assert not (tmp_path / "c.pcm").exists()


def test_silence_is_added_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.pcm"
    path.write_bytes(b"\1\0" * 80)
    pad_sound(path, PLAN, 0.02)
    assert np.frombuffer(path.read_bytes(), np.int16).tolist() == [1] * 80 + [0] * 80
    pad_sound(path, PLAN, 0.001)
    assert path.stat().st_size == 320


def test_sound_beyond_the_limit_is_not_written(tmp_path: Path) -> None:
    source = ffmpeg(tmp_path / "long.mp3", "-f", "lavfi", "-i", "sine=d=30", "-c:a", "libmp3lame")
    assert decode_sound(source, tmp_path / "whole.pcm", PLAN, limits=Limits()) == pytest.approx(30, abs=0.1)
    with pytest.raises(LimitExceeded) as caught:
        decode_sound(source, tmp_path / "sound.pcm", PLAN, limits=Limits(output_bytes=100_000))
    assert caught.value.code == "output_size"
    assert (tmp_path / "sound.pcm").stat().st_size <= 100_000
