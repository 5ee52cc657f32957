"""Turns a plan into ffmpeg's arguments. Pure; every output name is chosen here."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .filters import build_graph
from .framing import Pixels
from .hls import ladder_map, playlist_name, segment_name
from .plan import AudioPlan, EncodePlan, Rendition, VideoPlan

STATISTICS_NAME = "statistics"


def output_name(plan: EncodePlan) -> str:
    """The name of the one output, or of the first playlist, under the work's folder."""
    return playlist_name(plan.renditions[0]) if plan.container.is_hls else f"output{plan.container.extname}"


def build_arguments(
    plan: EncodePlan,
    *,
    source_url: str,
    guard: Sequence[str],
    threads: int,
    most_pixels: int,
    mark_url: str = "",
    mark: Pixels | None = None,
    pass_number: int | None = None,
) -> list[str]:
    """All arguments of one run of ffmpeg but its own name; outputs are relative to the folder that it runs in.

    ``guard`` goes before each input. ``pass_number`` 1 writes statistics only; None where there is one pass.
    """
    graph, pictures = build_graph(plan, mark)
    arguments = [*_input(plan, guard, threads, most_pixels), "-i", source_url]
    if mark is not None:
        arguments += [*guard, "-max_pixels", str(most_pixels), "-i", mark_url]
    if plan.video is not None:
        arguments += ["-filter_threads", str(threads), "-filter_complex_threads", str(threads)]
    arguments += graph
    if plan.container.is_hls and plan.is_ladder:
        arguments += _ladder_streams(plan, pictures, threads)
    else:
        arguments += _streams(plan, pictures, threads, pass_number)
    arguments += _clip_after(plan)
    arguments += ["-map_metadata", "-1", "-map_chapters", "-1", "-dn", "-sn", "-max_muxing_queue_size", "4096"]
    if pass_number == 1:
        return [*arguments, "-f", "null", os.devnull]
    return [*arguments, *_muxer(plan)]


def _seconds(value: float) -> str:
    return f"{value:.6f}"


def _input(plan: EncodePlan, guard: Sequence[str], threads: int, most_pixels: int) -> list[str]:
    words = [*guard, "-max_pixels", str(most_pixels), "-threads", str(threads)]
    if plan.video is not None and plan.video.decoder and not plan.video.is_copied:
        words += ["-c:v", plan.video.decoder]
    if not plan.clip.is_cut_after_decoding:
        if plan.clip.offset_s:
            words += ["-ss", _seconds(plan.clip.offset_s)]
        if plan.clip.length_s is not None:
            words += ["-t", _seconds(plan.clip.length_s)]
    return words


def _clip_after(plan: EncodePlan) -> list[str]:
    if not plan.clip.is_cut_after_decoding:
        return []
    words = ["-ss", _seconds(plan.clip.offset_s)]
    return words if plan.clip.length_s is None else [*words, "-t", _seconds(plan.clip.length_s)]


def _streams(plan: EncodePlan, pictures: list[str], threads: int, pass_number: int | None) -> list[str]:
    words: list[str] = []
    rendition = plan.renditions[0]
    if plan.video is not None:
        words += ["-map", pictures[0], *video_arguments(plan.video, rendition, "v:0", threads)]
        if pass_number is not None:
            words += ["-pass", str(pass_number), "-passlogfile", STATISTICS_NAME]
        if not plan.video.is_copied:
            # A copied stream keeps its times; a container without times of its own gets frames repeated to fill in.
            words += ["-fps_mode", "cfr" if plan.container.is_constant_rate else "vfr"]
    if plan.audio is not None and pass_number != 1:
        words += ["-map", f"0:{plan.audio.index}", *audio_arguments(plan.audio, rendition, "a:0")]
    return words


def _ladder_streams(plan: EncodePlan, pictures: list[str], threads: int) -> list[str]:
    words: list[str] = []
    pictured = [one for one in plan.renditions if one.size is not None]
    if plan.video is not None:
        for number, (rendition, picture) in enumerate(zip(pictured, pictures, strict=True)):
            words += ["-map", picture, *video_arguments(plan.video, rendition, f"v:{number}", threads)]
        words += ["-fps_mode", "vfr"]
    if plan.audio is not None:
        for number, rendition in enumerate(plan.renditions):
            words += ["-map", f"0:{plan.audio.index}", *audio_arguments(plan.audio, rendition, f"a:{number}")]
    return words


def video_arguments(video: VideoPlan, rendition: Rendition, stream: str, threads: int) -> list[str]:
    """How the picture of ``rendition`` is encoded, for the output stream ``stream`` (``v:0``)."""
    if video.is_copied:
        return [f"-c:{stream}", "copy"]
    words = [f"-c:{stream}", video.codec.encoder, f"-threads:{stream}", str(threads)]
    words += [f"-pix_fmt:{stream}", video.pixel_format, *_rate(video, rendition, stream)]
    words += _for_stream(video.codec.extra, stream)
    if video.codec.encoder in {"libx264", "libx265"}:
        words += [f"-preset:{stream}", video.encoder_preset]
        words += [] if video.has_b_frames else [f"-bf:{stream}", "0"]
    if video.codec.name == "h264":
        words += _h264(video, rendition, stream)
    if video.codec.name == "h265":
        words += [f"-tag:{stream}", "hvc1"]
    if video.alpha == "kept":
        # libvpx cannot have frames that are never shown where it also has a plane of alpha.
        words += [f"-auto-alt-ref:{stream}", "0"]
    return [*words, *_keyframes(video, stream), *_colors(video, stream)]


def _for_stream(words: Sequence[str], stream: str) -> list[str]:
    """Options of an encoder, said of one output stream only."""
    return [f"{word.removesuffix(':v')}:{stream}" if word.startswith("-") else word for word in words]


def _rate(video: VideoPlan, rendition: Rendition, stream: str) -> list[str]:
    rate = rendition.rate
    words: list[str] = []
    if rate.crf is not None:
        words += [f"-crf:{stream}", f"{rate.crf:g}"]
        if video.codec.name == "vp9":
            words += [f"-b:{stream}", f"{rate.max_bitrate_kbps or rate.bitrate_kbps or 0}k"]
        elif video.codec.name == "vp8":
            words += [f"-b:{stream}", f"{rate.max_bitrate_kbps or rate.bitrate_kbps or 2000}k"]
    elif rate.bitrate_kbps is not None:
        words += [f"-b:{stream}", f"{rate.bitrate_kbps}k"]
    else:
        words += _for_stream(video.codec.quality, stream)
    # With a constant quality, the bitrate asked for is the ceiling.
    ceiling_kbps = rate.max_bitrate_kbps or (rate.bitrate_kbps if rate.crf is not None else None)
    if ceiling_kbps is not None and video.codec.name in {"h264", "h265", "mpeg2", "mpeg4"}:
        words += [f"-maxrate:{stream}", f"{ceiling_kbps}k", f"-bufsize:{stream}", f"{2 * ceiling_kbps}k"]
    return words


def _h264(video: VideoPlan, rendition: Rendition, stream: str) -> list[str]:
    words: list[str] = []
    if rendition.rate.h264_profile:
        words += [f"-profile:{stream}", rendition.rate.h264_profile]
    if rendition.rate.h264_level:
        words += [f"-level:{stream}", rendition.rate.h264_level]
    if video.tune:
        words += [f"-tune:{stream}", video.tune]
    return words


def _keyframes(video: VideoPlan, stream: str) -> list[str]:
    if video.codec.name == "prores":
        return []
    if video.keyframe_s is None:
        return [f"-g:{stream}", str(video.gop)]
    # By time, so that every rung has them at the same places whatever its rate; none of an encoder's own between.
    times = f"expr:gte(t,n_forced*{video.keyframe_s:.6f})"
    frames = max(video.gop, round((video.fps or video.frame_rate or 30) * video.keyframe_s) + 1)
    return [f"-force_key_frames:{stream}", times, f"-g:{stream}", str(frames), f"-sc_threshold:{stream}", "0"]


def _colors(video: VideoPlan, stream: str) -> list[str]:
    words: list[str] = []
    if video.is_full_range or video.is_tone_mapped or video.is_rgb:
        words += [f"-color_range:{stream}", "tv"]
    if video.is_tone_mapped or video.is_rgb:
        words += [f"-colorspace:{stream}", "bt709", f"-color_primaries:{stream}", "bt709"]
        words += [f"-color_trc:{stream}", "bt709"]
    elif video.assumed_matrix:
        words += [f"-colorspace:{stream}", video.assumed_matrix]
    return words


def audio_arguments(audio: AudioPlan, rendition: Rendition, stream: str) -> list[str]:
    """How the sound of ``rendition`` is encoded, for the output stream ``stream`` (``a:0``)."""
    if audio.is_copied:
        return [f"-c:{stream}", "copy"]
    words = [f"-c:{stream}", audio.codec.encoder, f"-ac:{stream}", str(audio.channels)]
    words += [f"-ar:{stream}", str(audio.sample_rate_hz)]
    if rendition.audio_bitrate_kbps is not None:
        words += [f"-b:{stream}", f"{rendition.audio_bitrate_kbps}k"]
    return words


def _muxer(plan: EncodePlan) -> list[str]:
    if not plan.container.is_hls:
        return ["-f", plan.container.muxer, *plan.container.options, output_name(plan)]
    words = ["-f", "hls", "-hls_time", _seconds(plan.segment_s), "-hls_playlist_type", "vod", "-hls_list_size", "0"]
    words += ["-hls_flags", "independent_segments"]
    if plan.is_ladder:
        words += ["-hls_segment_filename", segment_name("%v"), "-var_stream_map", ladder_map(plan)]
        return [*words, playlist_name(Rendition(name="%v"))]
    rendition = plan.renditions[0]
    return [*words, "-hls_segment_filename", segment_name(rendition.name), playlist_name(rendition)]
