from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.codecs import (
    AUDIO_CODECS,
    CONTAINERS,
    VIDEO_CODECS,
    nearest_sample_rate_hz,
    sound_bitrate_kbps,
)


def test_containers_name_codecs_that_exist() -> None:
    for container in CONTAINERS.values():
        assert set(container.video_codecs) <= set(VIDEO_CODECS)
        assert set(container.audio_codecs) <= set(AUDIO_CODECS)
        assert container.audio_codecs


@given(
    codec=st.sampled_from(sorted(AUDIO_CODECS)),
    asked=st.none() | st.integers(1, 2000),
    channels=st.integers(1, 8),
    wanted_hz=st.integers(1000, 200_000),
)
def test_sound_always_gets_rates_that_its_encoder_takes(
    codec: str, asked: int | None, channels: int, wanted_hz: int
) -> None:
    chosen = AUDIO_CODECS[codec]
    rate = nearest_sample_rate_hz(chosen, wanted_hz)
    assert not chosen.sample_rates_hz or rate in chosen.sample_rates_hz
    bitrate = sound_bitrate_kbps(chosen, asked, channels=channels, sample_rate_hz=rate)
    if chosen.bitrate_kbps is None:
        assert bitrate is None
        return
    assert bitrate is not None
    assert bitrate >= chosen.least_kbps
    assert chosen.most_kbps_per_channel is None or bitrate <= chosen.most_kbps_per_channel * channels


def test_ranges_of_single_encoders() -> None:
    vorbis, wma = AUDIO_CODECS["vorbis"], AUDIO_CODECS["wmav2"]
    assert sound_bitrate_kbps(vorbis, 500, channels=1, sample_rate_hz=8000) == 32
    assert sound_bitrate_kbps(vorbis, 8, channels=2, sample_rate_hz=44100) == 64
    assert sound_bitrate_kbps(wma, 8, channels=2, sample_rate_hz=44100) == 24
    assert nearest_sample_rate_hz(AUDIO_CODECS["opus"], 44100) == 48000
    assert nearest_sample_rate_hz(AUDIO_CODECS["mp3"], 96000) == 48000
