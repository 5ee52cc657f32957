"""``video.sprite``: small pictures of a film on sheets, and the WebVTT that tells a player which is when."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.media import MediaInfo
from ...core.parameters import Parameter, Parameters, Type
from ...core.spec import Kind, ProducedFile
from ...exceptions import InvalidParameters
from ..encoding.framing import Framing, Pixels, frame_picture
from ..encoding.pictures import FORMATS, film_length_s, framed, take_pictures
from ..extras import optional
from ..frames import Frame
from ..operation import Context, Operation, Outcome
from ..probe import probe
from ..stills import flattened, save_picture

pillow = optional("PIL.Image")

MAX_TILES = 2_000
_USUAL_TILES = 100
_VTT_NAME = "sprite.vtt"

_PARAMETERS = Parameters(
    (
        Parameter(name="url", type=Type.URL, help="The film.", is_required=True),
        Parameter(
            name="interval_s",
            type=Type.NUMBER,
            help=f"Seconds from one picture to the next; if empty, there are about {_USUAL_TILES} pictures.",
            minimum=0.1,
            maximum=3_600,
            unit="s",
        ),
        Parameter(name="columns", type=Type.INTEGER, help="Pictures in a row.", default=10, minimum=1, maximum=100),
        Parameter(
            name="tiles_per_sheet",
            type=Type.INTEGER,
            help="Maximum number of pictures on one sheet.",
            default=100,
            minimum=1,
            maximum=400,
        ),
        Parameter(
            name="width",
            type=Type.INTEGER,
            help="Width of one picture.",
            default=160,
            minimum=16,
            maximum=640,
            unit="px",
        ),
        Parameter(name="format", type=Type.STRING, help="Format of sheets.", default="jpeg", choices=tuple(FORMATS)),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Where one picture stands, and from when to when it is shown."""

    sheet: int
    corner: Pixels
    start_s: float
    end_s: float


def lay_tiles(length_s: float, interval_s: float, *, columns: int, tiles_per_sheet: int, size: Pixels) -> list[Tile]:
    """A tile for each interval of the film, row by row, sheet by sheet."""
    count = max(1, math.ceil(length_s / interval_s - 1e-6))
    tiles = []
    for number in range(count):
        sheet, place = divmod(number, tiles_per_sheet)
        row, column = divmod(place, columns)
        tiles.append(
            Tile(
                sheet=sheet,
                corner=(column * size[0], row * size[1]),
                start_s=number * interval_s,
                end_s=min(length_s, (number + 1) * interval_s),
            )
        )
    return tiles


def _clock(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def render_vtt(tiles: Sequence[Tile], sheet_names: Sequence[str], size: Pixels) -> str:
    """WebVTT whose cues are media fragments of the sheets: ``sprite_1.jpg#xywh=0,0,160,90``."""
    cues = ["WEBVTT"]
    for tile in tiles:
        place = f"{tile.corner[0]},{tile.corner[1]},{size[0]},{size[1]}"
        cues.append(f"{_clock(tile.start_s)} --> {_clock(tile.end_s)}\n{sheet_names[tile.sheet]}#xywh={place}")
    return "\n\n".join(cues) + "\n"


def _tiles(info: MediaInfo, values: Any, size: Pixels) -> list[Tile]:
    length_s = film_length_s(info)
    interval_s = values["interval_s"] or max(1.0, length_s / _USUAL_TILES)
    if length_s / interval_s > MAX_TILES:
        raise InvalidParameters({"interval_s": [f"would make more than {MAX_TILES} pictures"]})
    return lay_tiles(
        length_s,
        interval_s,
        columns=values["columns"],
        tiles_per_sheet=values["tiles_per_sheet"],
        size=size,
    )


def _sheets(frames: Iterator[Frame], tiles: Sequence[Tile], framing: Framing) -> Iterator[Any]:
    """One sheet after the other, so that no more than one is in memory."""
    width, height = framing.size
    by_sheet: dict[int, list[Tile]] = {}
    for tile in tiles:
        by_sheet.setdefault(tile.sheet, []).append(tile)
    for group in by_sheet.values():
        extent = (max(tile.corner[0] for tile in group) + width, max(tile.corner[1] for tile in group) + height)
        sheet = pillow.new("RGB", extent, "black")
        for tile in group:
            sheet.paste(framed(flattened(next(frames).picture), framing), tile.corner)
        yield sheet


def _run(context: Context) -> Outcome:
    values = context.parameters
    source = context.input("url")
    info = probe(source, limits=context.limits)
    length_s = film_length_s(info)
    framing = frame_picture(
        info.display_size or (1, 1),
        width=values["width"],
        height=None,
        aspect_mode="constrain",
        is_upscaled=False,
        step=1,
    )
    tiles = _tiles(info, values, framing.size)
    frames = take_pictures(context, source, [tile.start_s for tile in tiles])
    extname, content_type = FORMATS[values["format"]]
    sheets = []
    for number, sheet in enumerate(_sheets(frames, tiles, framing), start=1):
        path = context.workdir / f"sprite_{number}{extname}"
        save_picture(sheet, path, values["format"])
        info_of = {"width": sheet.width, "height": sheet.height, "codec": values["format"]}
        sheets.append(ProducedFile(name=path.name, content_type=content_type, path=path, role="sprite", info=info_of))
    vtt = context.workdir / _VTT_NAME
    vtt.write_text(render_vtt(tiles, [sheet.name for sheet in sheets], framing.size), encoding="ascii")
    files = (ProducedFile(name=vtt.name, content_type="text/vtt", path=vtt, role="output"), *sheets)
    return Outcome(
        values={
            "count": len(tiles),
            "sheets": len(sheets),
            "columns": values["columns"],
            "width": framing.size[0],
            "height": framing.size[1],
            "interval": round(tiles[0].end_s - tiles[0].start_s, 3),
            "duration": round(length_s, 3),
            "mime_type": content_type,
            "file_size": sum(file.path.stat().st_size for file in files if file.path is not None),
        },
        files=files,
        source_s=length_s,
    )


OPERATION = Operation(
    info=OperationInfo(
        name="video.sprite",
        summary="Lay small pictures of a film on sheets, with a WebVTT index for players.",
        parameters=_PARAMETERS,
        results={
            "count": "How many pictures.",
            "sheets": "How many sheets.",
            "columns": "Pictures in a row.",
            "width": "Width of one picture, px.",
            "height": "Height of one picture, px.",
            "interval": "Seconds between pictures.",
            "duration": "Seconds of the film.",
            "mime_type": "Content type of the sheets.",
            "file_size": "Bytes of all files.",
        },
        files={"output": "The WebVTT index.", "sprite": "The sheets."},
        kinds=frozenset({Kind.ENCODING, Kind.PROCESS, Kind.TASK}),
    ),
    run=_run,
)
