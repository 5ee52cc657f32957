from __future__ import annotations

from pathlib import Path

import mir_eval
import numpy as np
import pytest

from django_mediacloud.exceptions import UnreadableMedia, UnsupportedMedia
from tests.engine import nasty
from tests.engine.beats import development
from tests.engine.beats.score import record
from tests.media import MediaFactory

from .work import Work


def test_the_beats_and_bars_of_a_song(work: Work, tmp_path: Path) -> None:
    song = record(development.PIECES[0])
    outcome = work.run("audio.beats", song.save(tmp_path / "song.wav"))
    assert set(outcome.values) == {"beats", "downbeats", "duration"}
    assert mir_eval.beat.f_measure(song.beats, np.array(outcome.values["beats"])) > 0.95
    assert mir_eval.beat.f_measure(song.downbeats, np.array(outcome.values["downbeats"])) > 0.95
    assert set(outcome.values["downbeats"]) <= set(outcome.values["beats"])
    assert outcome.values["duration"] == round(len(song.samples) / 22050)
    assert isinstance(outcome.values["duration"], int)
    assert outcome.source_s == pytest.approx(len(song.samples) / 22050, abs=0.1)
    assert outcome.files == ()
    assert work.left() == []
    assert work.progress == sorted(work.progress)
    assert work.progress[-1] == 100


def test_silence_and_a_moment_have_no_beats(work: Work, media: MediaFactory) -> None:
    silence = media.draw("silence.wav", "-f", "lavfi", "-i", "anullsrc=r=44100:d=20")
    assert dict(work.run("audio.beats", silence).values) == {"beats": [], "downbeats": [], "duration": 20}
    moment = media.draw("moment.wav", "-f", "lavfi", "-i", "sine=frequency=440:duration=0.3")
    assert dict(work.run("audio.beats", moment).values) == {"beats": [], "downbeats": [], "duration": 0}


def test_a_film_without_sound_and_what_is_no_sound_at_all(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="The file has no sound"):
        work.run("audio.beats", media.video(has_sound=False))
    with pytest.raises(UnreadableMedia):
        work.run("audio.beats", nasty.n02_noise(tmp_path))
