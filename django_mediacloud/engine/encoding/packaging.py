"""Checks and measures the files of an HLS encode, and writes their master playlist."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.media import MediaInfo
from ...core.spec import ProducedFile
from ...exceptions import EngineError
from ..limits import Limits
from ..probe import open_media, probe
from .hls import (
    AUDIO_WORDS,
    MASTER_NAME,
    MediaPlaylist,
    Variant,
    bandwidth_bps,
    parse_media_playlist,
    playlist_name,
    read_h264_codec_word,
    render_master,
)
from .plan import EncodePlan, Rendition

_PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_SEGMENT_TYPE = "video/mp2t"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """``duration_s`` is that of the shortest rendition: all are promised whole."""

    made: MediaInfo
    duration_s: float
    files: tuple[ProducedFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    rendition: Rendition
    playlist: MediaPlaylist
    made: MediaInfo
    variant: Variant
    segments: tuple[Path, ...]


def package_hls(plan: EncodePlan, folder: Path, *, limits: Limits) -> Packaged:
    """The files of the stream under ``folder``, the one to play first. ``EngineError`` where something is missing."""
    measured = [_measure(plan, rendition, folder, limits) for rendition in plan.renditions]
    files: list[ProducedFile] = []
    if plan.is_ladder:
        # The smallest picture first: a player starts with it, and climbs.
        order = sorted(measured, key=lambda one: (one.rendition.size is None, one.variant.peak_bps))
        (folder / MASTER_NAME).write_text(render_master([one.variant for one in order]), encoding="ascii")
        top = measured[0]
        files.append(_playlist(MASTER_NAME, folder, top, role="output"))
    for one in measured:
        files.append(_playlist(one.variant.uri, folder, one, role="playlist" if plan.is_ladder else "output"))
    for one in measured:
        for path, (_, length_s) in zip(one.segments, one.playlist.segments, strict=True):
            files.append(
                ProducedFile(
                    name=path.relative_to(folder).as_posix(),
                    content_type=_SEGMENT_TYPE,
                    path=path,
                    role="segment",
                    info={"duration_s": length_s},
                )
            )
    shortest_s = min(one.playlist.duration_s for one in measured)
    return Packaged(made=measured[0].made, duration_s=shortest_s, files=tuple(files))


def _playlist(name: str, folder: Path, one: _Measured, *, role: str) -> ProducedFile:
    size = one.rendition.size or (None, None)
    return ProducedFile(
        name=name,
        content_type=_PLAYLIST_TYPE,
        path=folder / name,
        role=role,
        info={
            "name": one.rendition.name,
            "width": size[0],
            "height": size[1],
            "duration_s": round(one.playlist.duration_s, 3),
            "codec": ",".join(one.variant.codecs),
            "bitrate_bps": one.variant.average_bps,
        },
    )


def _measure(plan: EncodePlan, rendition: Rendition, folder: Path, limits: Limits) -> _Measured:
    path = folder / playlist_name(rendition)
    try:
        playlist = parse_media_playlist(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError("The encoder left no playlist.") from error
    segments = tuple(path.parent / Path(uri).name for uri, _ in playlist.segments)
    if not segments or not playlist.is_ended or not all(segment.is_file() for segment in segments):
        raise EngineError("The encoder left a playlist without its segments.")
    made = probe(segments[0], limits=limits)
    peak, average = bandwidth_bps(
        [segment.stat().st_size for segment in segments], [length_s for _, length_s in playlist.segments]
    )
    variant = Variant(
        uri=playlist_name(rendition),
        peak_bps=peak,
        average_bps=average,
        codecs=_codec_words(plan, rendition, segments[0]),
        size=rendition.size,
        frame_rate=made.video.frame_rate if made.video is not None else None,
    )
    return _Measured(rendition=rendition, playlist=playlist, made=made, variant=variant, segments=segments)


def _codec_words(plan: EncodePlan, rendition: Rendition, segment: Path) -> tuple[str, ...]:
    words = []
    if rendition.size is not None:
        with open_media(segment) as container:
            extradata = container.streams.video[0].codec_context.extradata or b""
        word = read_h264_codec_word(bytes(extradata))
        if not word:
            raise EngineError("The encoder left a picture without its parameters.")
        words.append(word)
    if plan.audio is not None:
        words.append(AUDIO_WORDS[plan.audio.codec.name])
    return tuple(words)
