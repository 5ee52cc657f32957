"""Codecs and containers that the engine writes, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

COPY = "copy"
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCodec:
    """``probe_name`` is what a probe calls it; ``quality`` are the arguments where neither bitrate nor CRF is given."""

    name: str
    encoder: str
    probe_name: str
    quality: tuple[str, ...] = ()
    has_crf: bool = False
    has_two_pass: bool = False
    pixel_format: str = "yuv420p"
    copyable_formats: tuple[str, ...] = ("yuv420p",)
    alpha_format: str = ""
    """The pixel format with alpha, where the codec has one that players show."""
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioCodec:
    name: str
    encoder: str
    probe_name: str
    bitrate_kbps: int | None = None
    """What is used where nothing is asked for. None: lossless."""
    sample_rates_hz: tuple[int, ...] = ()
    """Rates that the encoder takes, ascending; empty for any."""
    least_kbps: int = 1
    most_kbps_per_channel: int | None = None
    most_channels: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The first codec of each tuple is what is used where nothing is asked for."""

    extname: str
    muxer: str
    content_type: str
    video_codecs: tuple[str, ...]
    audio_codecs: tuple[str, ...]
    options: tuple[str, ...] = ()
    is_hls: bool = False
    is_constant_rate: bool = False
    """The format has no times of single frames."""


_X265_QUIET = ("-x265-params", "log-level=error")
_LIBVPX = ("-deadline", "good", "-cpu-used", "4")
# Against 4: a sixth less work at the same SSIM (0.981) and size, measured on 720p to 360p at 500 kb/s.
_LIBVPX_VP9 = ("-deadline", "good", "-cpu-used", "5", "-row-mt", "1")

VIDEO_CODECS: Mapping[str, VideoCodec] = MappingProxyType(
    {
        codec.name: codec
        for codec in (
            VideoCodec(
                name="h264",
                encoder="libx264",
                probe_name="h264",
                quality=("-crf", "23"),
                has_crf=True,
                has_two_pass=True,
            ),
            VideoCodec(
                name="h265",
                encoder="libx265",
                probe_name="hevc",
                quality=("-crf", "28"),
                has_crf=True,
                extra=_X265_QUIET,
            ),
            VideoCodec(
                name="vp9",
                encoder="libvpx-vp9",
                probe_name="vp9",
                quality=("-crf", "32", "-b:v", "0"),
                has_crf=True,
                has_two_pass=True,
                alpha_format="yuva420p",
                extra=_LIBVPX_VP9,
            ),
            VideoCodec(
                name="vp8",
                encoder="libvpx",
                probe_name="vp8",
                quality=("-crf", "10", "-b:v", "2000k"),
                has_crf=True,
                has_two_pass=True,
                alpha_format="yuva420p",
                extra=_LIBVPX,
            ),
            VideoCodec(
                name="av1",
                encoder="libsvtav1",
                probe_name="av1",
                quality=("-crf", "35"),
                has_crf=True,
                extra=("-preset", "8"),
            ),
            VideoCodec(
                name="theora", encoder="libtheora", probe_name="theora", quality=("-q:v", "7"), has_two_pass=True
            ),
            VideoCodec(
                name="mpeg2", encoder="mpeg2video", probe_name="mpeg2video", quality=("-q:v", "4"), has_two_pass=True
            ),
            VideoCodec(name="mpeg4", encoder="mpeg4", probe_name="mpeg4", quality=("-q:v", "4"), has_two_pass=True),
            VideoCodec(
                name="msmpeg4", encoder="msmpeg4", probe_name="msmpeg4v3", quality=("-q:v", "4"), has_two_pass=True
            ),
            VideoCodec(name="wmv2", encoder="wmv2", probe_name="wmv2", quality=("-q:v", "4"), has_two_pass=True),
            VideoCodec(name="flv1", encoder="flv", probe_name="flv1", quality=("-q:v", "4"), has_two_pass=True),
            VideoCodec(
                name="prores",
                encoder="prores_ks",
                probe_name="prores",
                pixel_format="yuv422p10le",
                copyable_formats=("yuv422p10le",),
                extra=("-profile:v", "2"),
            ),
        )
    }
)

_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)

AUDIO_CODECS: Mapping[str, AudioCodec] = MappingProxyType(
    {
        codec.name: codec
        for codec in (
            AudioCodec(name="aac", encoder="aac", probe_name="aac", bitrate_kbps=128, sample_rates_hz=_AAC_RATES),
            AudioCodec(
                name="mp3",
                encoder="libmp3lame",
                probe_name="mp3",
                bitrate_kbps=192,
                sample_rates_hz=_MP3_RATES,
                most_channels=2,
            ),
            AudioCodec(
                name="vorbis",
                encoder="libvorbis",
                probe_name="vorbis",
                bitrate_kbps=128,
                sample_rates_hz=_MP3_RATES,
                most_kbps_per_channel=240,
            ),
            AudioCodec(
                name="opus",
                encoder="libopus",
                probe_name="opus",
                bitrate_kbps=96,
                sample_rates_hz=(8000, 12000, 16000, 24000, 48000),
                most_kbps_per_channel=256,
            ),
            AudioCodec(
                name="mp2",
                encoder="mp2",
                probe_name="mp2",
                bitrate_kbps=192,
                sample_rates_hz=(16000, 22050, 24000, 32000, 44100, 48000),
                most_kbps_per_channel=192,
                most_channels=2,
            ),
            AudioCodec(
                name="ac3",
                encoder="ac3",
                probe_name="ac3",
                bitrate_kbps=192,
                sample_rates_hz=(32000, 44100, 48000),
                most_channels=6,
            ),
            AudioCodec(
                name="wmav1",
                encoder="wmav1",
                probe_name="wmav1",
                bitrate_kbps=128,
                least_kbps=24,
                sample_rates_hz=(22050, 32000, 44100, 48000),
                most_channels=2,
            ),
            AudioCodec(
                name="wmav2",
                encoder="wmav2",
                probe_name="wmav2",
                bitrate_kbps=128,
                least_kbps=24,
                sample_rates_hz=(22050, 32000, 44100, 48000),
                most_channels=2,
            ),
            AudioCodec(name="flac", encoder="flac", probe_name="flac"),
            AudioCodec(name="pcm", encoder="pcm_s16le", probe_name="pcm_s16le"),
        )
    }
)

# The index goes to the front, so that a browser starts to play before it has the whole file.
_FASTSTART = ("-movflags", "+faststart")
_FROM_ZERO = ("-avoid_negative_ts", "make_zero")  # Ogg counts its length from zero, even of sound that sets in late
_MP4_VIDEO = ("h264", "h265", "av1", "mpeg4", "vp9", "mpeg2")
_MP4_AUDIO = ("aac", "mp3", "mp2", "ac3", "opus", "flac")

CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {
        container.extname: container
        for container in (
            Container(
                extname=".mp4",
                muxer="mp4",
                content_type="video/mp4",
                video_codecs=_MP4_VIDEO,
                audio_codecs=_MP4_AUDIO,
                options=_FASTSTART,
            ),
            Container(
                extname=".m4v",
                muxer="mp4",
                content_type="video/x-m4v",
                video_codecs=_MP4_VIDEO,
                audio_codecs=_MP4_AUDIO,
                options=_FASTSTART,
            ),
            Container(
                extname=".mov",
                muxer="mov",
                content_type="video/quicktime",
                video_codecs=("h264", "h265", "prores", "mpeg4", "mpeg2"),
                audio_codecs=("aac", "mp3", "pcm", "ac3"),
                options=_FASTSTART,
            ),
            Container(
                extname=".webm",
                muxer="webm",
                content_type="video/webm",
                video_codecs=("vp9", "vp8", "av1"),
                audio_codecs=("opus", "vorbis"),
            ),
            Container(
                extname=".mkv",
                muxer="matroska",
                content_type="video/x-matroska",
                video_codecs=(
                    "h264",
                    "h265",
                    "vp9",
                    "vp8",
                    "av1",
                    "theora",
                    "mpeg2",
                    "mpeg4",
                    "msmpeg4",
                    "wmv2",
                    "flv1",
                    "prores",
                ),
                audio_codecs=("aac", "opus", "mp3", "vorbis", "mp2", "ac3", "wmav1", "wmav2", "flac", "pcm"),
            ),
            Container(
                extname=".ogg",
                muxer="ogg",
                content_type="video/ogg",
                video_codecs=("theora",),
                audio_codecs=("vorbis", "opus", "flac"),
                options=_FROM_ZERO,
                is_constant_rate=True,
            ),
            Container(
                extname=".ogv",
                muxer="ogg",
                content_type="video/ogg",
                video_codecs=("theora",),
                audio_codecs=("vorbis", "opus", "flac"),
                options=_FROM_ZERO,
                is_constant_rate=True,
            ),
            Container(
                extname=".ts",
                muxer="mpegts",
                content_type="video/mp2t",
                video_codecs=("h264", "h265", "mpeg2"),
                audio_codecs=("aac", "mp3", "mp2", "ac3"),
            ),
            Container(
                extname=".mpg",
                muxer="vob",
                content_type="video/mpeg",
                video_codecs=("mpeg2",),
                audio_codecs=("mp2", "mp3", "ac3"),
                is_constant_rate=True,
            ),
            Container(
                extname=".flv",
                muxer="flv",
                content_type="video/x-flv",
                video_codecs=("flv1", "h264"),
                audio_codecs=("mp3", "aac"),
                is_constant_rate=True,
            ),
            Container(
                extname=".avi",
                muxer="avi",
                content_type="video/x-msvideo",
                video_codecs=("mpeg4", "msmpeg4", "h264", "wmv2"),
                audio_codecs=("mp3", "mp2", "ac3", "aac", "pcm"),
                is_constant_rate=True,
            ),
            Container(
                extname=".wmv",
                muxer="asf",
                content_type="video/x-ms-wmv",
                video_codecs=("wmv2", "msmpeg4", "h264"),
                audio_codecs=("wmav2", "wmav1", "mp3", "aac", "mp2"),
            ),
            Container(
                extname=".m3u8",
                muxer="hls",
                content_type="application/vnd.apple.mpegurl",
                video_codecs=("h264",),
                audio_codecs=("aac", "mp3"),
                is_hls=True,
            ),
            Container(extname=".mp3", muxer="mp3", content_type="audio/mpeg", video_codecs=(), audio_codecs=("mp3",)),
            Container(extname=".aac", muxer="adts", content_type="audio/aac", video_codecs=(), audio_codecs=("aac",)),
            Container(
                extname=".m4a",
                muxer="ipod",
                content_type="audio/mp4",
                video_codecs=(),
                audio_codecs=("aac", "ac3"),
                options=_FASTSTART,
            ),
            Container(
                extname=".oga",
                muxer="ogg",
                content_type="audio/ogg",
                video_codecs=(),
                audio_codecs=("vorbis", "opus", "flac"),
                options=_FROM_ZERO,
            ),
            Container(
                extname=".wma",
                muxer="asf",
                content_type="audio/x-ms-wma",
                video_codecs=(),
                audio_codecs=("wmav2", "wmav1"),
            ),
            Container(
                extname=".flac", muxer="flac", content_type="audio/flac", video_codecs=(), audio_codecs=("flac",)
            ),
            Container(extname=".wav", muxer="wav", content_type="audio/wav", video_codecs=(), audio_codecs=("pcm",)),
        )
    }
)


def sound_bitrate_kbps(codec: AudioCodec, asked_kbps: int | None, *, channels: int, sample_rate_hz: int) -> int | None:
    """The bitrate that ``codec`` can be started with, nearest to the one asked for. None for lossless codecs."""
    if codec.bitrate_kbps is None:
        return None
    bitrate_kbps = asked_kbps if asked_kbps is not None else codec.bitrate_kbps
    if codec.name == "vorbis":
        # libvorbis refuses to start outside the range of its tables for the sample rate (its modes/setup_*.h).
        least, most = _vorbis_range_kbps(sample_rate_hz)
        return min(max(bitrate_kbps, least * channels), most * channels)
    if codec.name == "mp3":
        return min(bitrate_kbps, 320)
    if codec.most_kbps_per_channel is not None:
        bitrate_kbps = min(bitrate_kbps, codec.most_kbps_per_channel * channels)
    return max(bitrate_kbps, codec.least_kbps)


def _vorbis_range_kbps(sample_rate_hz: int) -> tuple[int, int]:
    if sample_rate_hz >= 40_000:
        return 32, 240
    if sample_rate_hz >= 26_000:
        return 30, 190
    if sample_rate_hz >= 15_000:
        return 16, 86
    if sample_rate_hz >= 9_000:
        return 12, 50
    return 8, 32


def nearest_sample_rate_hz(codec: AudioCodec, wanted_hz: int) -> int:
    """``wanted_hz`` where the encoder takes it, else the next higher rate that it takes, else its highest."""
    if not codec.sample_rates_hz:
        return min(wanted_hz, 48_000)
    return next((rate for rate in codec.sample_rates_hz if rate >= wanted_hz), codec.sample_rates_hz[-1])
