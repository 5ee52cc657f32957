"""HTTP Live Streaming: names, the map of a ladder for ffmpeg, and playlists read and written (RFC 8216)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .framing import Pixels
from .plan import EncodePlan, Rendition

MASTER_NAME = "master.m3u8"
_PLAYLIST = "playlist.m3u8"
_SEGMENT = "segment_%05d.ts"


def playlist_name(rendition: Rendition) -> str:
    return f"{rendition.name}/{_PLAYLIST}" if rendition.name else _PLAYLIST


def segment_name(rendition_name: str) -> str:
    """The pattern of its segments' names, for ffmpeg."""
    return f"{rendition_name}/{_SEGMENT}" if rendition_name else _SEGMENT


def ladder_map(plan: EncodePlan) -> str:
    """Which encoded streams make which rendition: ffmpeg's ``-var_stream_map``."""
    words = []
    pictures = 0
    for number, rendition in enumerate(plan.renditions):
        streams = []
        if rendition.size is not None:
            streams.append(f"v:{pictures}")
            pictures += 1
        if plan.audio is not None:
            streams.append(f"a:{number}")
        words.append(",".join([*streams, f"name:{rendition.name}"]))
    return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPlaylist:
    """``segments`` are (URI, seconds) in playing order."""

    segments: tuple[tuple[str, float], ...]
    is_ended: bool

    @property
    def duration_s(self) -> float:
        return sum(length_s for _, length_s in self.segments)


def parse_media_playlist(text: str) -> MediaPlaylist:
    """A playlist of segments. ValueError if it is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        raise ValueError("not a playlist: it does not start with #EXTM3U")
    segments = []
    length_s: float | None = None
    for line in lines[1:]:
        if line.startswith("#EXTINF:"):
            length_s = float(line.removeprefix("#EXTINF:").partition(",")[0])
        elif not line.startswith("#"):
            if length_s is None:
                raise ValueError(f"no length is given for {line!r}")
            segments.append((line, length_s))
            length_s = None
    return MediaPlaylist(segments=tuple(segments), is_ended="#EXT-X-ENDLIST" in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One line of the master playlist. ``codecs`` as RFC 6381 spells them."""

    uri: str
    peak_bps: int
    average_bps: int
    codecs: tuple[str, ...]
    size: Pixels | None = None
    frame_rate: float | None = None


def bandwidth_bps(sizes_bytes: Sequence[int], lengths_s: Sequence[float]) -> tuple[int, int]:
    """The highest rate of any segment, and the average over all: BANDWIDTH and AVERAGE-BANDWIDTH (RFC 8216 4.3.4.2).

    A last segment of a few frames says nothing about the rate, so one under half a second counts only if it is alone.
    """
    pairs = list(zip(sizes_bytes, lengths_s, strict=True))
    measured = [pair for pair in pairs if pair[1] >= 0.5] or pairs
    peak = max((size * 8 / length_s for size, length_s in measured if length_s > 0), default=0)
    total_s = sum(lengths_s)
    return round(peak), round(sum(sizes_bytes) * 8 / total_s) if total_s > 0 else 0


def render_master(variants: Sequence[Variant]) -> str:
    """The master playlist; players start with the first variant, which is the caller's choice of order."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for variant in variants:
        attributes = [f"BANDWIDTH={variant.peak_bps}", f"AVERAGE-BANDWIDTH={variant.average_bps}"]
        if variant.size is not None:
            attributes.append(f"RESOLUTION={variant.size[0]}x{variant.size[1]}")
        if variant.frame_rate:
            attributes.append(f"FRAME-RATE={variant.frame_rate:.3f}")
        attributes.append(f'CODECS="{",".join(variant.codecs)}"')
        lines += ["#EXT-X-STREAM-INF:" + ",".join(attributes), variant.uri]
    return "\n".join(lines) + "\n"


def h264_codec_word(profile_idc: int, constraints: int, level_idc: int) -> str:
    """``avc1.64001f``: the first three bytes of the sequence parameter set (RFC 6381 3.3)."""
    return f"avc1.{profile_idc:02x}{constraints:02x}{level_idc:02x}"


AUDIO_WORDS = {"aac": "mp4a.40.2", "mp3": "mp4a.40.34"}


def read_h264_codec_word(extradata: bytes) -> str:
    """From the parameter sets of a stream in Annex B. Empty if there is none among them."""
    for mark in (b"\x00\x00\x01\x67", b"\x00\x00\x01\x27", b"\x00\x00\x01\x47"):
        at = extradata.find(mark)
        if at >= 0 and len(extradata) >= at + 7:
            return h264_codec_word(extradata[at + 4], extradata[at + 5], extradata[at + 6])
    return ""
