"""Text read aloud by eSpeak NG, whose library and voices come as a wheel: nothing is fetched, nothing is started.

It is a synthesiser by rules: quick, understandable, and plainly a machine. The text is only ever read: neither SSML
nor phonemes in brackets nor the synthesiser's own commands are heeded in it, as some of those open files.
"""

from __future__ import annotations

import ctypes
import unicodedata
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..exceptions import EngineUnavailable, UnsupportedMedia
from .extras import optional

espeakng_loader = optional("espeakng_loader", extra="speech")

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
"""Without it, the library ends the process when it finds no data."""
_IN_CHARACTERS, _UTF8 = 1, 1
_BUFFER_MS = 200
_LAST_EVENT = 0
_SAMPLE_BYTES = 2


class _Event(ctypes.Structure):
    """``espeak_EVENT`` (speak_lib.h). A list of them ends with one of type 0."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


def speak(text: str, voice: str, path: Path, report: Callable[[float], None] = lambda _progress: None) -> None:
    """Write ``text``, read aloud, to ``path``: a WAV file of one channel with 16 bits, 22,050 samples a second.

    ``voice`` is a name of eSpeak NG's, its variant behind a plus ("en-us+f3"). The samples are written as they come.
    ``report`` takes the progress, 0 to 100. ``UnsupportedMedia`` where the voice finds nothing to say;
    ``EngineUnavailable`` without the library, or if it lacks the voice. One process reads one text at a time.
    """
    library, rate_hz = _load()
    if library.espeak_SetVoiceByName(voice.encode()):
        raise EngineUnavailable(f"eSpeak NG has no voice {voice!r} in {espeakng_loader.get_data_path()}.")
    plain = plain_text(text)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, _SAMPLE_BYTES, rate_hz, 0, "NONE", "not compressed"))
        listener = _Listener(file, max(1, len(plain)), report)
        callback = _CALLBACK(listener.take)
        library.espeak_SetSynthCallback(callback)
        encoded = plain.encode() + b"\0"
        status = library.espeak_Synth(encoded, len(encoded), 0, _IN_CHARACTERS, 0, _UTF8, None, None)
        if listener.error is not None:
            raise listener.error
    if status:
        raise EngineUnavailable(f"eSpeak NG could not read the text aloud (status {status}).")
    if listener.is_silent:
        raise UnsupportedMedia("The text has nothing that can be said aloud.", advice="Give words, or numbers.")


def plain_text(text: str) -> str:
    """``text`` as it is read: control characters, but for the end of a line, are spaces. One of them begins a command
    to the synthesiser, for its speed or a sound file."""
    return "".join(" " if _is_control(character) else character for character in text)


def _is_control(character: str) -> bool:
    return character != "\n" and unicodedata.category(character) == "Cc"


def _load() -> tuple[Any, int]:
    """The library, ready, and the rate of its samples."""
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError as error:
        raise EngineUnavailable(f"eSpeak NG's library cannot be loaded: {error}.") from error
    library.espeak_Synth.argtypes = (
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    )
    data = espeakng_loader.get_data_path()
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data.encode(), _DONT_EXIT)
    if rate_hz <= 0:
        # Paths beyond 200 characters or so are cut off there.
        raise EngineUnavailable(f"eSpeak NG cannot read its data in {data}.")
    return library, rate_hz


class _Listener:
    """Takes the samples. An error of ours must not be lost in the library's C: it is kept, and stops the reading."""

    def __init__(self, file: wave.Wave_write, length: int, report: Callable[[float], None]) -> None:
        self._file = file
        self._length = length
        self._report = report
        self.is_silent = True
        self.error: BaseException | None = None

    def take(self, samples: int | None, count: int, events: Any) -> int:
        """Called by the library; anything but 0 stops it."""
        try:
            if samples and count:
                data = ctypes.string_at(samples, count * _SAMPLE_BYTES)
                self.is_silent = self.is_silent and not data.strip(b"\0")
                self._file.writeframesraw(data)
            self._tell(events)
        except BaseException as error:  # noqa: BLE001 - raised again by ``speak``
            self.error = error
            return 1
        return 0

    def _tell(self, events: Any) -> None:
        number = 0
        while events and events[number].type != _LAST_EVENT:
            self._report(min(100.0, 100 * events[number].text_position / self._length))
            number += 1
