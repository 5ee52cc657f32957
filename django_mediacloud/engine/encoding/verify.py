"""Checks that a result is complete. ffmpeg encodes even half a file without an error."""

from __future__ import annotations

from ...core.media import MediaInfo
from ...exceptions import EngineError, IncompleteMedia
from .plan import EncodePlan

_LEAST_SLACK_S = 0.3
_SLACK = 0.02
_LEAST_SLACK_FRAMES = 3
_FRAME_SLACK = 0.05

NOTHING_MADE = "Nothing came out: the source holds no frame and no sound in what was asked for."

# The length of these is guessed from the bitrate where they carry no table of contents.
_GUESSED_LENGTH = ("mp3", "aac", "mpeg", "h264", "hevc", "m4v")


def check_length(
    plan: EncodePlan, source: MediaInfo, *, made_s: float, frame_count: int | None, error_count: int
) -> None:
    """Raise ``IncompleteMedia`` if the result is shorter than planned.

    ``made_s`` (seconds) and ``frame_count`` are those of the result, ``error_count`` the errors that ffmpeg logged.
    """
    if made_s <= 0:
        raise IncompleteMedia(NOTHING_MADE)
    # Frames tell most, and a container's count of them is exact.
    if plan.expected_frames and frame_count is not None and plan.video is not None:
        least = plan.expected_frames - max(_LEAST_SLACK_FRAMES, plan.expected_frames * _FRAME_SLACK)
        if frame_count < least:
            raise IncompleteMedia(
                f"The source ends too early: {frame_count} of {plan.expected_frames} frames could be read."
            )
    if plan.source_s is None or source.format.startswith(_GUESSED_LENGTH):
        return
    if plan.video is None and source.video is not None and not error_count:
        return  # the film's length is that of its picture: sound may end before it
    if made_s < plan.source_s - max(_LEAST_SLACK_S, plan.source_s * _SLACK):
        raise IncompleteMedia(f"The source ends too early: {made_s:.2f} of {plan.source_s:.2f} seconds could be read.")


def check_streams(plan: EncodePlan, made: MediaInfo) -> None:
    """Raise ``IncompleteMedia`` if a planned stream is missing, ``EngineError`` if the frame has another size."""
    if plan.video is not None:
        if made.video is None:
            raise IncompleteMedia("The source has no picture in the part that was asked for.")
        if not plan.video.is_copied and (made.video.width, made.video.height) != plan.renditions[0].size:
            raise EngineError("The output's frame is not of the size that was planned.")
    if plan.audio is not None and made.audio is None and (plan.video is None or plan.clip.is_whole):
        raise IncompleteMedia("No sound could be read although the source has some.")
