"""The pitch tells who reads; what is said, nobody here can tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from django_mediacloud.engine.operations.audio_tts import VOICES
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.engine.sound import read_sound
from django_mediacloud.exceptions import InvalidParameters, UnsupportedMedia

from .work import LIMITS, Work, main_file, streams

TEXT = "Hello, this is a test. One, two, three, four."
MEN = {"neospeech:paul", "att:mike", "att:alberto"}
PEOPLE = sorted(VOICES)


def pitch_hz(path: Path) -> float:
    """The median of what the voice is at, by autocorrelation."""
    blocks = list(read_sound(path, is_mono=True))
    samples = np.concatenate([block.samples[:, 0] for block in blocks])
    rate_hz, found = blocks[0].rate_hz, []
    for begin in range(0, len(samples) - 2048, 1024):
        window = samples[begin : begin + 2048]
        if window.std() > 0.02:
            likeness = np.correlate(window, window, "full")[2047:]
            shortest, longest = rate_hz // 400, rate_hz // 60
            lag = shortest + int(likeness[shortest:longest].argmax())
            if likeness[lag] > 0.5 * likeness[0]:
                found.append(rate_hz / lag)
    return float(np.median(found))


@pytest.mark.parametrize(
    ("codec", "kind", "name", "content_type"),
    [("mp3", "mp3", "output.mp3", "audio/mpeg"), ("ogg", "vorbis", "output.ogg", "audio/ogg")],
)
def test_each_codec(work: Work, codec: str, kind: str, name: str, content_type: str) -> None:
    outcome = work.run_on("audio.tts", {}, text=TEXT, codec=codec)
    (file,) = outcome.files
    assert (file.name, file.role, file.content_type) == (name, "output", content_type)
    assert [(sort, found.removesuffix("float")) for sort, found in streams(main_file(outcome))] == [("audio", kind)]
    blocks = list(read_sound(main_file(outcome)))
    heard_s = sum(len(block.samples) for block in blocks) / blocks[0].rate_hz
    assert dict(outcome.values) == {"duration": pytest.approx(heard_s, abs=0.06), "content_type": content_type}
    assert 2 < heard_s < 7
    assert work.left() == [name]
    assert work.progress == sorted(work.progress)
    assert work.progress[-1] == 100


@pytest.mark.parametrize("voice", PEOPLE)
def test_women_and_men(work: Work, voice: str) -> None:
    pitch = pitch_hz(main_file(work.run_on("audio.tts", {}, text=TEXT, voice=voice)))
    assert 80 < pitch < 140 if voice in MEN else 165 < pitch < 280


def test_no_two_voices_are_the_same() -> None:
    assert len(set(VOICES.values())) == len(VOICES) == 9


def test_what_comes_without_a_wish(work: Work) -> None:
    made = work.run_on("audio.tts", {}, text=TEXT)
    julie = work.run_on("audio.tts", {}, text=TEXT, voice="neospeech:julie", codec="mp3")
    assert dict(made.values) == dict(julie.values)
    assert pitch_hz(main_file(made)) == pytest.approx(pitch_hz(main_file(julie)), rel=0.02)


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({}, {"text": ["this field is required"]}),
        ({"text": " \t\n\x01 "}, {"text": ["must have something to say"]}),
        ({"text": "a" * 100_001}, {"text": ["must have at most 100000 characters"]}),
        ({"text": 7}, {"text": ["must be a string"]}),
        ({"text": "a", "codec": "aac"}, {"codec": ["must be one of: mp3, ogg"]}),
        ({"text": "a", "voice": "julie"}, {"voice": [f"must be one of: {', '.join(VOICES)}"]}),
        ({"text": "a", "speed": 2}, {"speed": ["unknown parameter"]}),
    ],
)
def test_bad_parameters_are_named(given: dict[str, object], errors: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidParameters) as caught:
        get_operation("audio.tts").info.parameters.clean(given)
    assert caught.value.errors == errors


def test_a_text_of_nothing_but_dots(work: Work) -> None:
    with pytest.raises(UnsupportedMedia, match="nothing that can be said"):
        work.run_on("audio.tts", {}, text="...")


def test_languages_differ(work: Work) -> None:
    """Read as Spanish, an English text is another sound, beyond the speaker."""
    english, spanish = (
        len(np.concatenate([block.samples for block in read_sound(main_file(work.run_on("audio.tts", {}, **given)))]))
        for given in ({"text": "1999", "voice": "neospeech:kate"}, {"text": "1999", "voice": "att:rosa"})
    )
    assert abs(english - spanish) > 2_000


def test_a_long_text_stays_within_its_limits(work: Work) -> None:
    assert LIMITS.output_bytes > 100_000_000
    outcome = work.run_on("audio.tts", {}, text="All work and no play. " * 400, codec="ogg")
    assert outcome.values["duration"] > 300
