"""GIFs, through FFmpeg's palette filters: every picture gets a palette of its own, and only one is in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from .disk import telling_full_disk
from .extras import optional
from .geometry import Size

av = optional("av")
av_filter = optional("av.filter")
np = optional("numpy")

NO_LOOP = -1
MAX_LOOPS = 65_535
MAX_DELAY_CS = 65_535
_CLOCK = Fraction(1, 100)
"""A GIF tells time in hundredths of a second."""
_OPAQUE = 128
"""The threshold of FFmpeg's paletteuse."""


@contextmanager
def open_gif(
    path: Path, size: Size, *, delay_cs: int = 0, loop: int = NO_LOOP, is_clear: bool = False
) -> Iterator[Callable[[Any], None]]:
    """Write a GIF to ``path``: the function given takes its pictures, one after the other, each of ``size``.

    Each is shown for ``delay_cs`` hundredths of a second. ``loop`` is what FFmpeg's muxer takes: 0 for ever, -1 not at
    all, n the count of the NETSCAPE block: after the first showing it is shown n times more. What is less than half
    opaque becomes transparent; ``is_clear`` says that some may be: there the page shows, not the picture before.
    """
    graph, sink = _palette_graph(size)
    options = {"loop": str(loop), "final_delay": str(delay_cs)}
    with telling_full_disk(), av.open(str(path), "w", format="gif", options=options) as container:
        stream = container.add_stream("gif", rate=100)
        stream.width, stream.height = size
        stream.pix_fmt = "pal8"
        stream.codec_context.time_base = _CLOCK

        def write() -> None:
            for frame in _ready(sink):
                container.mux(stream.encode(frame))

        count = 0

        def add(picture: Any) -> None:
            nonlocal count
            colors = picture.convert("RGBA")
            pixels = np.asarray(_with_something_clear(colors) if is_clear else colors)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgba")
            frame.pts, frame.time_base, frame.duration = count * delay_cs, _CLOCK, delay_cs
            count += 1
            graph.push(frame)
            write()

        yield add
        graph.push(None)
        write()
        container.mux(stream.encode(None))


def _ready(sink: Any) -> Iterator[Any]:
    """The frames that have come through the graph so far."""
    while True:
        try:
            yield sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _with_something_clear(picture: Any) -> Any:
    """``picture``, RGBA, with its first pixel transparent if none is.

    FFmpeg has only such pictures taken away before the next one comes; an opaque one would stay beneath it.
    """
    if picture.getchannel("A").getextrema()[0] >= _OPAQUE:
        picture.putpixel((0, 0), (0, 0, 0, 0))
    return picture


def _palette_graph(size: Size) -> tuple[Any, Any]:
    graph = av_filter.Graph()
    shape = f"video_size={size.width}x{size.height}:pix_fmt=rgba:time_base={_CLOCK}:pixel_aspect=1/1"
    source, sink = graph.add("buffer", shape), graph.add("buffersink")
    split = graph.add("split")
    palette, use = graph.add("palettegen", "stats_mode=single"), graph.add("paletteuse", "new=1")
    source.link_to(split)
    split.link_to(palette, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph, sink
