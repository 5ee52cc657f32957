from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.probe import probe, probe_film
from django_mediacloud.exceptions import LimitExceeded, UnsupportedMedia
from tests.media import RealMedia

from . import nasty

FILMS = {
    "a.mp4": ("video/mp4", "h264"),
    "a.mov": ("video/quicktime", "h264"),
    "a.mkv": ("video/x-matroska", "h264"),
    "a.webm": ("video/webm", "vp9"),
    "a.ts": ("video/mp2t", "mpeg2video"),
    "a.mpg": ("video/mpeg", "mpeg1video"),
    "a.avi": ("video/x-msvideo", "mpeg4"),
    "a.flv": ("video/x-flv", "flv1"),
    "a.ogv": ("video/ogg", "theora"),
    "a.wmv": ("video/x-ms-wmv", "msmpeg4v3"),
    "a.3gp": ("video/3gpp", "h263"),
}
SOUNDS = {
    "a.mp3": ("audio/mpeg", "mp3"),
    "a.m4a": ("audio/mp4", "aac"),
    "a.aac": ("audio/aac", "aac"),
    "a.ogg": ("audio/ogg", "vorbis"),
    "a.opus": ("audio/ogg", "opus"),
    "a.flac": ("audio/flac", "flac"),
    "a.wav": ("audio/wav", "pcm_s16le"),
    "a.wma": ("audio/x-ms-wma", "wmav2"),
    "a.ac3": ("audio/ac3", "ac3"),
    "a.aiff": ("audio/aiff", "pcm_s16be"),
    "a.weba": ("audio/webm", "opus"),
}
PICTURES = {
    "a.jpg": ("image/jpeg", "mjpeg"),
    "a.png": ("image/png", "png"),
    "a.gif": ("image/gif", "gif"),
    "a.webp": ("image/webp", "webp"),
    "a.bmp": ("image/bmp", "bmp"),
    "a.tiff": ("image/tiff", "tiff"),
    "a.avif": ("image/avif", "av1"),
}


@pytest.mark.parametrize("name", FILMS)
def test_films(name: str, tmp_path: Path) -> None:
    source = nasty.ffmpeg(
        tmp_path / name, "-f", "lavfi", "-i", "testsrc2=s=176x144:r=25:d=1", "-pix_fmt", "yuv420p", "-t", "1"
    )
    # The name must not matter.
    info = probe(source.rename(tmp_path / "picture.jpg"))
    assert (info.kind, info.content_type) == ("video", FILMS[name][0])
    assert info.video is not None
    assert (info.video.codec, info.display_size, info.video.has_alpha) == (FILMS[name][1], (176, 144), False)
    assert info.video.frame_rate == pytest.approx(25, abs=0.1)
    assert info.duration_s == pytest.approx(1, abs=0.1)
    assert info.audio is None


@pytest.mark.parametrize("name", SOUNDS)
def test_sounds(name: str, tmp_path: Path) -> None:
    options = ("-c:a", "libopus", "-f", "webm") if name == "a.weba" else ()
    source = nasty.ffmpeg(tmp_path / name, "-f", "lavfi", "-i", "sine=d=2:sample_rate=48000", *options)
    info = probe(source.rename(tmp_path / "film.mp4"))
    assert (info.kind, info.content_type, info.video) == ("audio", SOUNDS[name][0], None)
    assert info.audio is not None
    assert (info.audio.codec, info.audio.channels, info.audio.layout) == (SOUNDS[name][1], 1, "mono")
    assert info.duration_s == pytest.approx(2, abs=0.06)
    with pytest.raises(UnsupportedMedia):
        probe_film(tmp_path / "film.mp4")


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str, tmp_path: Path) -> None:
    Image.new("RGB", (32, 24), "red").save(tmp_path / name)
    info = probe((tmp_path / name).rename(tmp_path / "film.mp4"))
    assert (info.kind, info.content_type) == ("image", PICTURES[name][0])
    assert info.video is not None
    assert (info.video.codec, info.display_size, info.duration_s) == (PICTURES[name][1], (32, 24), None)
    with pytest.raises(UnsupportedMedia):
        probe_film(tmp_path / "film.mp4")


@pytest.mark.parametrize("name", ["a.mp3", "a.aac"])
def test_headerless_sound_of_changing_rate_is_measured(name: str, tmp_path: Path) -> None:
    """Two seconds of silence and two of noise: a guess from the first packets' bit rate is far off."""
    graph = "aevalsrc=0:d=2[a];anoisesrc=d=2:a=0.9[b];[a][b]concat=n=2:v=0:a=1"
    options = ("-c:a", "libmp3lame", "-q:a", "2", "-write_xing", "0") if name == "a.mp3" else ("-q:a", "2")
    source = nasty.ffmpeg(tmp_path / name, "-filter_complex", graph, *options)
    assert probe(source).duration_s == pytest.approx(4, abs=0.1)


def test_pixels_are_limited_before_decoding(tmp_path: Path) -> None:
    source = nasty.clip(tmp_path / "a.mp4")
    with pytest.raises(LimitExceeded) as caught:
        probe(source, limits=Limits(pixels=160 * 120 - 1))
    assert caught.value.code == "too_many_pixels"
    assert probe(source, limits=Limits(pixels=160 * 120)).kind == "video"


def test_facts_survive_the_way_through_json(tmp_path: Path) -> None:
    info = probe(nasty.n13_alpha_webm(tmp_path))
    assert type(info).from_dict(info.as_dict()) == info


def test_a_real_film_and_a_real_photo() -> None:
    real = RealMedia()
    film = probe(real.movie)
    assert film.video is not None
    assert film.audio is not None
    assert (film.content_type, film.display_size, film.video.frame_rate) == ("video/mp4", (1280, 720), 25.0)
    assert (film.audio.codec, film.audio.channels, film.audio.layout) == ("aac", 6, "5.1")
    assert film.duration_s == pytest.approx(5.3, abs=0.1)
    assert probe(real.photo).display_size == (640, 427)


def test_bare_dv_has_its_rate(tmp_path: Path) -> None:
    """FFmpeg tells the container's clock as its average rate: 60,000."""
    film = nasty.ffmpeg(
        tmp_path / "a.dv",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=720x576:r=25:d=0.4",
        "-c:v",
        "dvvideo",
        "-pix_fmt",
        "yuv420p",
    )
    facts = probe(film).video
    assert facts is not None
    assert facts.frame_rate == 25
