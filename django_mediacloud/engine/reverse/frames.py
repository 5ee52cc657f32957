"""The frames of a film from the last to the first, each filtered, as raw bytes."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

from ...exceptions import UnsupportedMedia
from ..encoding.filters import frame_filters
from ..encoding.plan import VideoPlan
from ..extras import optional
from ..limits import Limits
from ..packets import picture_packets, read_index, stamp_of
from ..probe import best_video, open_decoder, open_media
from ..turns import Turn
from .spans import Span, plan_spans

av = optional("av")
np = optional("numpy")

MEMORY_BYTES = 64 * 1024**2
"""Of frames that wait in memory. A group of pictures that needs more waits on the disk."""
DISK_BYTES = 2 * 1024**3
"""Of frames that wait on the disk. A group that needs more is decoded again for each part."""
_TURNS = {90: ["transpose=cclock"], 180: ["hflip", "vflip"], 270: ["transpose=clock"]}
_STEPS_BACK_S = (0.0, 0.5, 2.0, 10.0)
"""Where seeking lands late, as in MPEG-TS it does, an earlier time is sought."""
_KEYS_BACK = (0, 1, 4)
"""Frames are missing where a "key frame" is none that decoding can begin at: earlier ones are tried."""


class BackwardFrames:
    """Frames of one film as ``plan`` wants them, upright. A damaged one is left out.

    ``folder`` takes one temporary file of at most ``DISK_BYTES``. ``UnreadableMedia`` if nothing can be decoded or the
    time stamps are of no use.
    """

    _container: Any = None
    _stream: Any
    _decoder: Any

    def __init__(
        self, path: Path, plan: VideoPlan, turn: Turn, *, folder: Path, limits: Limits, stack: ExitStack
    ) -> None:
        self._path = path
        self._plan = plan
        self._turn = [*_TURNS.get(turn.rotation_deg, []), *(["hflip"] if turn.is_mirrored else [])]
        self._limits = limits
        self._stack = stack
        self._open()
        self.time_base: Fraction = self._stream.time_base
        self.start = round((self._container.start_time or 0) / av.time_base / self.time_base)
        self.index = read_index(self._container, self._stream)
        self._keys = np.flatnonzero(self.index.is_key)
        self._graph_key: tuple[Any, ...] = ()
        self._graph: Any = None
        self.pixel_format = "yuv420p10le" if plan.is_tone_mapped else "yuv420p"
        samples = plan.framing.size[0] * plan.framing.size[1] * 3 // 2
        self._frame_bytes = samples * (2 if plan.is_tone_mapped else 1)
        most_bytes = min(DISK_BYTES, limits.output_bytes // 4)
        self._spans = plan_spans(
            self.index,
            max(1, MEMORY_BYTES // self._frame_bytes),
            most=max(1, most_bytes // self._frame_bytes),
        )
        self._spool: IO[bytes] = stack.enter_context(
            tempfile.SpooledTemporaryFile(MEMORY_BYTES, dir=str(folder))  # noqa: SIM115
        )

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Stamp and bytes of each frame, the last first."""
        for span in reversed(self._spans):
            yield from self._read(span)

    def _open(self) -> None:
        if self._container is not None:
            self._container.close()
        self._container = self._stack.enter_context(open_media(self._path, limits=self._limits))
        self._stream = best_video(self._container)
        if self._stream is None:
            raise UnsupportedMedia("The file has no film.")
        self._decoder = self._make_decoder()

    def _make_decoder(self) -> Any:
        context = self._stream.codec_context
        if self._plan.decoder:
            context = open_decoder(self._plan.decoder, limits=self._limits)
        context.thread_count = self._limits.threads
        context.thread_type = "AUTO"
        return context

    def _read(self, span: Span) -> Iterator[tuple[int, bytes]]:
        stamps: list[int] = []
        for back in _KEYS_BACK:
            stamps = self._fill(span, self._spool, back)
            if len(stamps) >= span.frame_count or span.first == 0:
                break
        for number in reversed(range(len(stamps))):
            self._spool.seek(number * self._frame_bytes)
            yield stamps[number], self._spool.read(self._frame_bytes)

    def _fill(self, span: Span, spool: IO[bytes], keys_back: int) -> list[int]:
        """Write the frames of ``span`` one after the other; give their stamps."""
        stamps: list[int] = []
        spool.seek(0)
        for frame in self._decode(self._key_before(span.first, keys_back), span.last):
            stamp = stamp_of(frame)
            if stamp is None or stamp < span.begin or (span.end is not None and stamp >= span.end):
                continue
            spool.write(self._filtered(frame))
            stamps.append(stamp)
        # A decoder gives frames in the order in which they are shown, whatever AVI says.
        return sorted(stamps)

    def _key_before(self, position: int, keys_back: int) -> int:
        number = int(np.searchsorted(self._keys, position))
        return int(self._keys[max(0, number - keys_back)])

    def _decode(self, first: int, last: int) -> Iterator[Any]:
        """The frames of the packets from ``first`` to ``last``, in the order in which they are shown."""
        for packet in self._packets(first, last - first + 1):
            yield from self._decoded(packet)
        yield from self._decoded(None)

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            frames: list[Any] = self._decoder.decode(packet)
        except (av.InvalidDataError, av.EOFError):
            return []
        return frames

    def _packets(self, first: int, count: int) -> Iterator[Any]:
        packets = self._seek(first)
        for _ in range(count):
            packet = next(packets, None)
            if packet is None:
                return
            yield packet

    def _seek(self, first: int) -> Iterator[Any]:
        """The packets from the key frame at ``first`` on."""
        stamp = int(self.index.stamps[first])
        for step_s in _STEPS_BACK_S:
            try:
                self._container.seek(stamp - round(step_s / self.time_base), stream=self._stream)
            except av.FFmpegError:
                break  # some files cannot be sought in, but be read from the beginning
            self._decoder.flush_buffers()
            found = self._forward_to(stamp)
            if found is not None:
                return found
        self._open()
        return self._forward_to(stamp) or iter(())

    def _forward_to(self, stamp: int) -> Iterator[Any] | None:
        """The packets from the key frame of ``stamp`` on. None if it lies behind us."""
        packets = picture_packets(self._container, self._stream)
        for packet in packets:
            if packet.is_keyframe and stamp_of(packet) == stamp:
                return itertools.chain([packet], packets)
            if packet.is_keyframe and (stamp_of(packet) or 0) > stamp:
                return None
        return None

    def _filtered(self, frame: Any) -> Any:
        """``frame`` as an array of ``pixel_format``."""
        key = (frame.width, frame.height, frame.format.name, int(frame.colorspace), int(frame.color_range))
        if key != self._graph_key:
            self._graph, self._graph_key = self._make_graph(key), key
        self._graph.vpush(frame)
        return self._graph.vpull().to_ndarray()

    def _make_graph(self, key: tuple[Any, ...]) -> Any:
        """The filters for one kind of frame."""
        width, height, pixel_format, matrix, color_range = key
        facts = f"video_size={width}x{height}:pix_fmt={pixel_format}:time_base={self.time_base}"
        facts += f":colorspace={matrix}:range={color_range}"
        chain = [*self._turn, *frame_filters(replace(self._plan, is_tone_mapped=False))]
        # RGB becomes what the plan says in the plan's own filters: any later one would choose another matrix.
        chain.append(f"format={self.pixel_format}")
        # Does nothing, but for films that change their size midway.
        chain += ["scale={}:{}".format(*self._plan.framing.size), f"format={self.pixel_format}"]
        graph = av.filter.Graph()
        graph.threads = self._limits.threads
        nodes = [graph.add("buffer", facts)]
        for word in chain:
            name, _, arguments = word.partition("=")
            nodes.append(graph.add(name, arguments or None))
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes)
        graph.configure()
        return graph
