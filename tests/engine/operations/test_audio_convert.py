from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from django_mediacloud.engine import probe
from django_mediacloud.engine.sound import read_sound
from django_mediacloud.exceptions import IncompleteMedia, MediaError, UnreadableMedia, UnsupportedMedia
from tests.engine import nasty
from tests.engine.test_sound import wav
from tests.media import MediaFactory, RealMedia

from .work import Work, main_file, streams

CODECS = [
    ("mp3", "output.mp3", "audio/mpeg"),
    ("vorbis", "output.ogg", "audio/ogg"),
    ("aac", "output.m4a", "audio/mp4"),
]
SOURCES = ["tone.wav", "tone.mp3", "tone.ogg", "tone.m4a", "tone.flac", "film.mp4", "film.webm"]


def packets(path: Path) -> list[bytes]:
    """What the encoder made, whatever file it lies in."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def pitch_hz(path: Path) -> float:
    """The strongest tone of the first channel."""
    blocks = list(read_sound(path))
    samples = np.concatenate([block.samples[:, 0] for block in blocks])
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(power.argmax() * blocks[0].rate_hz / len(samples))


def source_of(name: str, media: MediaFactory) -> Path:
    if name == "film.mp4":
        return media.video(name, duration_s=1)
    if name == "film.webm":
        return media.video(name, duration_s=1, options=("-c:v", "libvpx", "-deadline", "realtime"))
    return media.audio(name, duration_s=1)


@pytest.mark.parametrize(("codec", "name", "content_type"), CODECS)
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_in_every_codec(
    work: Work, media: MediaFactory, source: str, codec: str, name: str, content_type: str
) -> None:
    outcome = work.run("audio.convert", source_of(source, media), codec=codec)
    assert dict(outcome.values) == {"duration": pytest.approx(1, abs=0.06), "content_type": content_type}
    (file,) = outcome.files
    assert (file.name, file.role, file.content_type) == (name, "output", content_type)
    assert [(kind, found.removesuffix("float")) for kind, found in streams(main_file(outcome))] == [("audio", codec)]
    assert pitch_hz(main_file(outcome)) == pytest.approx(440, abs=2)
    assert work.left() == [name]


def test_mp3_is_what_comes_without_a_wish(work: Work, media: MediaFactory) -> None:
    outcome = work.run("audio.convert", media.audio("tone.wav"))
    assert outcome.files[0].name == "output.mp3"
    assert work.progress[-1] == 100


@pytest.mark.parametrize(("codec", "name"), [("mp3", "tone.mp3"), ("vorbis", "tone.ogg"), ("aac", "tone.m4a")])
def test_what_has_the_codec_is_copied_unless_forced(work: Work, media: MediaFactory, codec: str, name: str) -> None:
    # Far from what would be made, so that a copy shows.
    source = media.audio(name, options=("-b:a", "64k", "-ac", "1"))
    whole = packets(source)
    copied = packets(main_file(work.run("audio.convert", source, codec=codec)))
    assert copied == whole
    forced = packets(main_file(work.run("audio.convert", source, codec=codec, force=True)))
    assert forced != whole
    assert not set(forced) & set(whole[10:-10])


def test_a_copy_keeps_more_than_an_encode_would(work: Work, media: MediaFactory) -> None:
    surround = media.audio("surround.m4a", options=("-af", "aformat=channel_layouts=5.1", "-b:a", "320k"))
    assert packets(main_file(work.run("audio.convert", surround, codec="aac"))) == packets(surround)
    bare = media.audio("bare.aac")
    assert packets(main_file(work.run("audio.convert", bare, codec="aac")))[5] == packets(bare)[5][7:]


def test_the_sound_of_a_film_begins_at_once(work: Work, tmp_path: Path) -> None:
    """It sets in a second after the picture, and has the codec asked for."""
    film = nasty.ffmpeg(
        tmp_path / "film.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:d=3", "-itsoffset", "1", "-f", "lavfi", "-i", "sine=d=1"),
        *("-map", "0:v", "-map", "1:a", "-c:a", "libvorbis"),
    )
    outcome = work.run("audio.convert", film, codec="vorbis")
    assert outcome.values["duration"] == pytest.approx(1, abs=0.03)
    assert packets(main_file(outcome)) != packets(film)


def test_sound_that_starts_late_is_copied_from_its_start(work: Work, media: MediaFactory) -> None:
    source = media.audio("late.mka", options=("-c:a", "libvorbis", "-output_ts_offset", "10"))
    outcome = work.run("audio.convert", source, codec="vorbis")
    assert outcome.values["duration"] == pytest.approx(2, abs=0.03)
    assert packets(main_file(outcome)) == packets(source)


def test_a_cover_is_no_film(work: Work, tmp_path: Path) -> None:
    outcome = work.run("audio.convert", nasty.n28_surround(tmp_path), codec="mp3")
    assert streams(main_file(outcome)) == [("audio", "mp3float")]
    with av.open(str(main_file(outcome))) as container:
        assert container.streams.audio[0].codec_context.channels == 2


def test_a_real_film(work: Work, real_media: RealMedia) -> None:
    outcome = work.run("audio.convert", real_media.movie, codec="vorbis")
    assert outcome.values["duration"] == pytest.approx(5.3, abs=0.1)
    assert max(np.abs(block.samples).max() for block in read_sound(main_file(outcome))) > 0.1


@pytest.mark.parametrize("rate", [8000, 96000])
@pytest.mark.parametrize("codec", ["mp3", "vorbis", "aac"])
def test_rates_that_not_every_codec_has(work: Work, media: MediaFactory, codec: str, rate: int) -> None:
    source = media.audio("tone.wav", duration_s=1, options=("-ar", str(rate), "-c:a", "pcm_u8"))
    outcome = work.run("audio.convert", source, codec=codec)
    assert outcome.values["duration"] == pytest.approx(1, abs=0.15)
    assert pitch_hz(main_file(outcome)) == pytest.approx(440, abs=2)


def test_what_has_no_sound(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    cases: list[tuple[Path, type[MediaError], str]] = [
        (media.video(has_sound=False), UnsupportedMedia, "no sound"),
        (media.picture(), UnsupportedMedia, "no sound"),
        (nasty.n02_noise(tmp_path), UnreadableMedia, "cannot be read|damaged"),
        (nasty.n01_empty(tmp_path), UnreadableMedia, "empty"),
        (nasty.n29_no_samples(tmp_path), IncompleteMedia, "Nothing came out"),
    ]
    for source, error, words in cases:
        with pytest.raises(error, match=words):
            work.run("audio.convert", source)
        assert work.left() == []


@pytest.mark.parametrize("name", ["noise.flac", "noise.m4a"])
@pytest.mark.parametrize("codec", ["mp3", "aac"])
def test_a_file_that_is_cut_off_is_refused(work: Work, tmp_path: Path, name: str, codec: str) -> None:
    options = ("-movflags", "+faststart") if name.endswith("m4a") else ()
    whole = nasty.ffmpeg(tmp_path / name, "-f", "lavfi", "-i", "anoisesrc=d=4:a=0.3", *options).read_bytes()
    source = tmp_path / f"cut{Path(name).suffix}"
    source.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(IncompleteMedia, match="ends too early"):
        work.run("audio.convert", source, codec=codec)
    assert work.left() == []


def test_a_rate_that_blows_up_is_refused(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = wav(tmp_path / "slow.wav", np.zeros((600, 1)), rate=1)
    monkeypatch.setattr(probe, "LEAST_RATE_HZ", 1)
    assert work.run("audio.convert", source).values["duration"] == pytest.approx(600, abs=10)
    monkeypatch.undo()
    with pytest.raises(UnreadableMedia, match="neither a picture nor sound"):
        work.run("audio.convert", source)
