"""Decides whether a stream of the source already fits the options, and is copied instead of encoded again.

How far apart a copied stream's key frames are is not looked at, except that HLS, whose segments start at key frames,
never takes a copied picture.
"""

from __future__ import annotations

from ...core.media import AudioStream, MediaInfo, VideoStream
from .codecs import AudioCodec, VideoCodec
from .framing import Pixels
from .options import EncodeOptions
from .parameters import H264_PROFILES

_RATE_TOLERANCE = 1.05
"""A bitrate is an average that encoders miss by a little."""
_FPS_TOLERANCE = 0.005
_H264_PROFILE_NAMES = {"baseline": "baseline", "constrained baseline": "baseline", "main": "main", "high": "high"}


def video_fits(info: MediaInfo, stream: VideoStream, options: EncodeOptions, codec: VideoCodec, size: Pixels) -> bool:
    """Whether the source's video stream can be copied as it is."""
    is_shown_as_stored = (
        stream.codec == codec.probe_name
        and (stream.width, stream.height) == size
        and stream.rotation_deg % 360 == 0
        and not stream.is_mirrored
        and stream.sample_aspect_ratio in {"1:1", "", "0:1"}
        and stream.pixel_format in codec.copyable_formats
        and stream.color_range not in {"pc", "jpeg", "full"}
        and stream.color_transfer not in {"smpte2084", "arib-std-b67"}
        and not stream.has_alpha
    )
    is_left_alone = not (options.container.is_hls or options.watermark or options.deinterlace or options.h264_tune)
    return (
        is_shown_as_stored
        and is_left_alone
        and _frame_rate_fits(stream, options)
        and _profile_fits(stream, options)
        and _bitrate_fits(stream.bitrate_bps or info.bitrate_bps, _ceiling_kbps(options))
    )


def _ceiling_kbps(options: EncodeOptions) -> int | None:
    return options.rate.max_bitrate_kbps or options.rate.bitrate_kbps


def _bitrate_fits(bitrate_bps: int | None, ceiling_kbps: int | None) -> bool:
    """Without a ceiling nothing says that the source is small enough, and constant quality would make it smaller."""
    return bitrate_bps is not None and ceiling_kbps is not None and bitrate_bps <= ceiling_kbps * 1000 * _RATE_TOLERANCE


def _frame_rate_fits(stream: VideoStream, options: EncodeOptions) -> bool:
    if options.fps is None:
        return True
    return stream.frame_rate is not None and abs(stream.frame_rate - options.fps) <= options.fps * _FPS_TOLERANCE


def _profile_fits(stream: VideoStream, options: EncodeOptions) -> bool:
    rate = options.rate
    if rate.h264_level:
        return False  # a probe does not tell the level
    if not rate.h264_profile or stream.codec != "h264":
        return True
    known = _H264_PROFILE_NAMES.get(stream.profile.lower())
    return known is not None and H264_PROFILES.index(known) <= H264_PROFILES.index(rate.h264_profile)


def audio_fits(info: MediaInfo, stream: AudioStream, options: EncodeOptions, codec: AudioCodec, channels: int) -> bool:
    """Whether the source's audio stream can be copied as it is."""
    ceiling_kbps = options.audio_bitrate_kbps or codec.bitrate_kbps
    is_alone = info.video is None
    bitrate_bps = stream.bitrate_bps or (info.bitrate_bps if is_alone else None)
    return (
        stream.codec == codec.probe_name
        and stream.channels == channels
        and options.audio_sample_rate_hz in {None, stream.sample_rate_hz}
        and not options.rungs
        and (ceiling_kbps is None or _bitrate_fits(bitrate_bps, ceiling_kbps))
    )
