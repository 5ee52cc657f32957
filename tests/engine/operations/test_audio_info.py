from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import UnreadableMedia, UnsupportedMedia
from tests.engine import nasty
from tests.engine.test_sound import wav
from tests.media import MediaFactory, RealMedia

from .work import Work


def test_what_it_declares_is_what_the_service_had() -> None:
    info = get_operation("audio.info").info
    assert info.parameters.clean({"url": "https://example.com/a.mp3"}) == {"url": "https://example.com/a.mp3"}
    assert (list(info.results), dict(info.files)) == (["duration", "content_type", "codec"], {})


@pytest.mark.parametrize(
    ("name", "options", "content_type", "codec"),
    [
        ("a.mp3", (), "audio/mpeg", "mp3"),
        ("plain.mp3", ("-q:a", "5", "-write_xing", "0"), "audio/mpeg", "mp3"),
        ("a.ogg", (), "audio/ogg", "vorbis"),
        ("a.opus", (), "audio/ogg", "opus"),
        ("a.m4a", (), "audio/mp4", "aac"),
        ("a.aac", (), "audio/aac", "aac"),
        ("a.flac", ("-ar", "96000"), "audio/flac", "flac"),
        ("a.wav", ("-ar", "8000", "-c:a", "pcm_u8"), "audio/wav", "pcm_u8"),
        ("a.aiff", (), "audio/aiff", "pcm_s16be"),
        ("a.wma", (), "audio/x-ms-wma", "wmav2"),
        ("live.mka", ("-live", "1"), "audio/x-matroska", "vorbis"),
        ("late.mka", ("-output_ts_offset", "10"), "audio/x-matroska", "vorbis"),
    ],
)
def test_kinds_of_sound(
    work: Work, media: MediaFactory, name: str, options: tuple[str, ...], content_type: str, codec: str
) -> None:
    values = work.run("audio.info", media.audio(name, duration_s=2.345, options=options)).values
    assert list(values) == ["duration", "content_type", "codec"]
    assert values["duration"] == pytest.approx(2.345, abs=0.08)
    assert values["duration"] == round(values["duration"], 2)
    assert (values["content_type"], values["codec"]) == (content_type, codec)


def test_films(work: Work, media: MediaFactory, real_media: RealMedia) -> None:
    assert dict(work.run("audio.info", real_media.movie).values) == {
        "duration": 5.31,
        "content_type": "video/mp4",
        "codec": "aac",
    }
    with pytest.raises(UnsupportedMedia, match="The file has no sound"):
        work.run("audio.info", media.video(has_sound=False))


def test_sound_without_a_sample(work: Work, tmp_path: Path) -> None:
    values = work.run("audio.info", nasty.n29_no_samples(tmp_path)).values
    assert values["codec"] == "pcm_s16le"
    assert not values["duration"]


def test_what_is_no_sound(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="The file has no sound"):
        work.run("audio.info", media.picture())
    for source in (nasty.n01_empty(tmp_path), nasty.n02_noise(tmp_path), nasty.n18_playlist(tmp_path)):
        with pytest.raises(UnreadableMedia):
            work.run("audio.info", source)
    with pytest.raises(UnreadableMedia):
        work.run("audio.info", wav(tmp_path / "slow.wav", np.zeros((100, 1)), rate=1))
