"""Sound, against what ffmpeg does with it."""

from __future__ import annotations

from pathlib import Path

from django_mediacloud.engine.ffmpeg import file_url, run_ffmpeg
from django_mediacloud.engine.ffmpeg_program import find_ffmpeg
from django_mediacloud.engine.limits import Limits

from .case import Case, Work

TONES = "aevalsrc='0.6*sin(880*PI*t)*abs(sin(t/7))+0.2*random(0)|0.6*sin(440*PI*t)*abs(sin(t/5))+0.2*random(1)':s=44100"


def draw_sound(folder: Path, *, duration_s: int) -> Path:
    """Two channels of a tone that swells, and noise; drawn once."""
    path = folder / f"sound-{duration_s}.mp3"
    if not path.exists():
        arguments = ["-f", "lavfi", "-i", f"{TONES}:d={duration_s}", "-c:a", "libmp3lame", "-b:a", "128k"]
        run_ffmpeg([*arguments, file_url(path)], limits=Limits(), cwd=folder)
    return path


def _waveform(folder: Path) -> tuple[Work, Work]:
    source = draw_sound(folder, duration_s=600)
    ours = {"operation": "audio.waveform", "parameters": {"format": "png"}, "input": str(source), "times": 1}
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-y", "-i", str(source)]
    command += ["-filter_complex", "showwavespic=s=1024x60", "-frames:v", "1", "wave.png"]
    return ours, {"commands": [command]}


CASES = (
    Case(
        name="waveform of ten minutes",
        what="audio.waveform against the filter showwavespic",
        target=1.6,
        prepare=_waveform,
    ),
)
