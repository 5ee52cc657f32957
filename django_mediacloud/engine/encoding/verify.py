"""Whether the result is what was promised. ffmpeg conceals: a file cut in half encodes without an error."""

from __future__ import annotations

from ...core.media import MediaInfo
from ...exceptions import EngineError, IncompleteMedia
from .plan import EncodePlan

_LEAST_SLACK_S = 0.3
_SLACK = 0.02
_LEAST_SLACK_FRAMES = 3
_FRAME_SLACK = 0.05
MAX_CONCEALED_ERRORS = 200

# The length of these is guessed from the bitrate where they carry no table of contents.
_GUESSED_LENGTH = ("mp3", "aac", "mpeg", "h264", "hevc", "m4v")


def check_length(plan: EncodePlan, source: MediaInfo, *, made_s: float, frame_count: int | None) -> None:
    """``made_s`` and ``frame_count`` are what came out. ``IncompleteMedia`` if the source ended too early."""
    if made_s <= 0:
        raise IncompleteMedia("Nothing came out: the source holds no frame and no sound in what was asked for.")
    # Frames tell most, and a container's count of them is exact.
    if plan.expected_frames and frame_count is not None and plan.video is not None:
        least = plan.expected_frames - max(_LEAST_SLACK_FRAMES, plan.expected_frames * _FRAME_SLACK)
        if frame_count < least:
            raise IncompleteMedia(
                f"The source ends too early: {frame_count} of {plan.expected_frames} frames could be read."
            )
    if plan.source_s is None or source.format.startswith(_GUESSED_LENGTH):
        return
    if made_s < plan.source_s - max(_LEAST_SLACK_S, plan.source_s * _SLACK):
        raise IncompleteMedia(f"The source ends too early: {made_s:.2f} of {plan.source_s:.2f} seconds could be read.")


def check_streams(plan: EncodePlan, made: MediaInfo) -> None:
    """The output has the streams that were planned. ``EngineError`` otherwise: that would be the engine's fault."""
    if plan.video is not None:
        if made.video is None:
            raise EngineError("The output has no picture although one was made.")
        wanted = plan.renditions[0].size
        if not plan.video.is_copied and (made.video.width, made.video.height) != wanted:
            raise EngineError("The output's frame is not of the size that was planned.")
    if plan.audio is not None and made.audio is None:
        raise EngineError("The output has no sound although the source has.")


def check_errors(error_count: int) -> None:
    """Some damage is concealed as any player does; ``IncompleteMedia`` if there is more of it than film."""
    if error_count > MAX_CONCEALED_ERRORS:
        raise IncompleteMedia(f"The source is damaged: {error_count} errors while it was read.")
