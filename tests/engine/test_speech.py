"""eSpeak NG, listened to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_mediacloud.engine.speech import plain_text, speak
from django_mediacloud.exceptions import EngineUnavailable, UnsupportedMedia

READ = """
import sys
from pathlib import Path
from django_mediacloud.engine.speech import speak
from django_mediacloud.exceptions import EngineUnavailable
try:
    speak("Hello", "en-us", Path(sys.argv[1]))
except EngineUnavailable as error:
    print(error)
"""


def heard(text: str, folder: Path, voice: str = "en-us+f3") -> Any:
    """The samples, in -1 to 1."""
    path = folder / "speech.wav"
    speak(text, voice, path)
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768


def length_s(text: str, folder: Path) -> float:
    return len(heard(text, folder)) / 22_050


def said_after(preparation: str, path: Path, **environment: str) -> str:
    """What a reading says in a process of its own."""
    command = [sys.executable, "-c", preparation + READ, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    return result.stdout.strip()


def test_a_text_is_heard_for_as_long_as_it_takes_to_say_it(tmp_path: Path) -> None:
    samples = heard("Good morning. How do you do?", tmp_path)
    assert 1 < len(samples) / 22_050 < 4
    assert 0.1 < np.abs(samples).max() <= 1
    assert len(heard("Good morning. How do you do? " * 10, tmp_path)) > 8 * len(samples)


def test_progress_tells_how_far_the_reading_is(tmp_path: Path) -> None:
    told: list[float] = []
    speak("One two three four five six seven eight nine ten. " * 4, "en-us", tmp_path / "a.wav", told.append)
    assert told == sorted(told)
    assert len(told) > 20
    assert 0 <= told[0] < 10 < 90 < told[-1] <= 100


def test_an_error_of_whoever_listens_ends_the_reading(tmp_path: Path) -> None:
    told: list[float] = []

    def stop(progress: float) -> None:
        told.append(progress)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        speak("word " * 2_000, "en-us", tmp_path / "a.wav", stop)
    assert len(told) == 3
    assert length_s("Hello", tmp_path) < 2, "the next reading is not disturbed"


def test_a_new_paragraph_is_a_pause(tmp_path: Path) -> None:
    assert length_s("one two\n\nthree four", tmp_path) > length_s("one two three four", tmp_path) + 0.1


def likeness(one: Any, other: Any) -> tuple[float, float]:
    """How much longer and how much louder ``one`` is. The hiss of two readings is never the same."""
    return len(one) / len(other), float(np.abs(one).mean() / np.abs(other).mean())


@pytest.mark.parametrize(
    ("command", "plain"),
    [
        pytest.param("one \x01200S two three", "one  200S two three", id="speed"),
        pytest.param("one \x0190B two three", "one  90B two three", id="pause"),
        pytest.param("one \x0115A two three four five", "one  15A two three four five", id="loudness"),
    ],
)
def test_commands_to_the_synthesiser_are_only_read(
    command: str, plain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = pytest.approx((1, 1), rel=0.02)
    assert likeness(heard(command, tmp_path), heard(plain, tmp_path)) == same
    monkeypatch.setattr("django_mediacloud.engine.speech.plain_text", lambda text: text)
    assert likeness(heard(command, tmp_path), heard(plain, tmp_path)) != same, "the attack is none"


@pytest.mark.parametrize(
    "text", ["<speak><audio src='/dev/zero'/>hi</speak>", "<break time='60s'/> two", "[[h@'loU]]", "{{}} %s $(id)"]
)
def test_markup_is_only_read(text: str, tmp_path: Path) -> None:
    """Heeded, the first would be silent and the second a minute long."""
    assert 1 < length_s(text, tmp_path) < 20


@pytest.mark.parametrize("text", ["...", "\u200b", " \n ", "\U000e0041", "((" * 500])
def test_nothing_to_say(text: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="nothing that can be said"):
        heard(text, tmp_path)


# Always the same texts: what crashes a library in C would take the whole run along.
@settings(max_examples=60, derandomize=True)
@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("speech")
    try:
        assert len(heard(text, folder)) > 0
    except UnsupportedMedia as error:
        assert "nothing that can be said" in str(error)
    finally:
        shutil.rmtree(folder)


@given(text=st.text())
def test_plain_text_keeps_every_character_in_its_place(text: str) -> None:
    plain = plain_text(text)
    assert len(plain) == len(text)
    assert all(kept == given or (kept == " " and ord(given) < 0xA0) for kept, given in zip(plain, text, strict=True))


def test_a_voice_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no voice 'xx-yy'"):
        heard("Hello", tmp_path, "xx-yy")


def test_without_the_library_the_extra_is_named(tmp_path: Path) -> None:
    said = said_after("import sys; sys.modules['espeakng_loader'] = None", tmp_path / "a.wav")
    assert "comes with django-mediacloud[speech]" in said


def test_data_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """The library cuts long paths off."""
    folder = tmp_path / ("d" * 200)
    shutil.copytree(Path(espeakng_loader.__file__).parent, folder / "espeakng_loader")
    said = said_after("", tmp_path / "a.wav", PYTHONPATH=os.pathsep.join([str(folder), str(Path.cwd())]))
    assert said.startswith("eSpeak NG ")
    assert str(folder) in said
