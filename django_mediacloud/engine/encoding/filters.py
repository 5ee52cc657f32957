"""The filter graph for ffmpeg. Pure: it is made of numbers from the plan, and no text from outside."""

from __future__ import annotations

from fractions import Fraction

from .framing import Pixels
from .plan import EncodePlan, VideoPlan

# Light is made linear, its peak bent into the range of SDR, and its colours brought to those of BT.709.
TONE_MAP = (
    "zscale=transfer=linear:npl=100",
    "format=gbrpf32le",
    "zscale=primaries=bt709",
    "tonemap=tonemap=hable:desat=0",
    "zscale=transfer=bt709:matrix=bt709:range=limited",
)


def as_rate(fps: float) -> str:
    """``29.97`` is 30000/1001: the rates of television are fractions that people write rounded."""
    for whole in (24, 30, 60, 120):
        if abs(fps - whole * 1000 / 1001) < 0.005:
            return f"{whole * 1000}/1001"
    exact = Fraction(fps).limit_denominator(1001)
    return f"{exact.numerator}/{exact.denominator}" if exact.denominator != 1 else str(exact.numerator)


def _scale(video: VideoPlan) -> list[str]:
    needs_levels = (video.is_full_range or video.is_rgb) and not video.is_tone_mapped
    is_resized = video.framing.scaled != video.source_size or not video.has_square_pixels
    if not is_resized and not needs_levels:
        return []
    words = [f"scale={video.framing.scaled[0]}:{video.framing.scaled[1]}"]
    if video.is_full_range and not video.is_tone_mapped:
        words.append("in_range=full")
    if video.is_rgb:
        words.append("out_color_matrix=bt709")
    if needs_levels:
        words.append("out_range=limited")
    chain = [":".join(words)]
    return chain if video.has_square_pixels else [*chain, "setsar=1"]


def frame_filters(video: VideoPlan) -> list[str]:
    """From the decoded picture to the frame of the largest rendition, without the mark."""
    chain = [f"setparams=colorspace={video.assumed_matrix}"] if video.assumed_matrix else []
    if video.deinterlace:
        mode = "send_field" if video.deinterlace == "double_fps" else "send_frame"
        chain.append(f"bwdif=mode={mode}:deint=interlaced")
    if video.fps is not None:
        chain.append(f"fps={as_rate(video.fps)}")
    if video.alpha == "flattened":
        # Colour times alpha is the picture laid on black. Before scaling, so that no colour bleeds in from outside.
        with_alpha, without = ("gbrap", "gbrp") if video.is_rgb else ("yuva420p", "yuv420p")
        chain += [f"format={with_alpha}", "premultiply=inplace=1", f"format={without}"]
    chain += _scale(video)
    if video.is_tone_mapped:
        chain += TONE_MAP
    framing = video.framing
    if framing.cropped != framing.scaled:
        chain.append(f"crop={framing.cropped[0]}:{framing.cropped[1]}")
    if framing.size != framing.cropped:
        left, top = ((whole - part) // 4 * 2 for whole, part in zip(framing.size, framing.cropped, strict=True))
        chain.append(f"pad={framing.size[0]}:{framing.size[1]}:{left}:{top}:color=black")
    return chain


def build_graph(plan: EncodePlan, mark: Pixels | None) -> tuple[list[str], list[str]]:
    """The words for ffmpeg, and what to map for each rendition that has a picture, in order.

    ``mark`` is where the mark's upper left corner goes; its picture, already in size, is the second input.
    """
    video = plan.video
    if video is None:
        return [], []
    sizes = [one.size for one in plan.renditions if one.size is not None]
    source = f"0:{video.index}"
    if video.is_copied:
        return [], [source]
    chain = frame_filters(video)
    if mark is None and len(sizes) == 1:
        return (["-vf", ",".join(chain)] if chain else []), [source]
    return ["-filter_complex", _graph(source, chain, video, mark, sizes)], [
        f"[out{number}]" for number in range(len(sizes))
    ]


def _graph(source: str, chain: list[str], video: VideoPlan, mark: Pixels | None, sizes: list[Pixels]) -> str:
    stages = []
    label = source
    if mark is not None:
        stages.append(f"[{source}]{','.join([*chain, f'format={video.pixel_format}'])}[frame]")
        kind = "yuv420" if video.alpha != "kept" else "auto"
        stages.append(f"[frame][1:v]overlay={mark[0]}:{mark[1]}:format={kind}[marked]")
        label, chain = "marked", []
    if len(sizes) == 1:
        stages.append(f"[{label}]{','.join([*chain, 'null'])}[out0]")
        return ";".join(stages)
    taps = "".join(f"[tap{number}]" for number in range(len(sizes)))
    stages.append(f"[{label}]{','.join([*chain, f'split={len(sizes)}'])}{taps}")
    for number, (width, height) in enumerate(sizes):
        step = "null" if (width, height) == video.framing.size else f"scale={width}:{height},setsar=1"
        stages.append(f"[tap{number}]{step}[out{number}]")
    return ";".join(stages)
