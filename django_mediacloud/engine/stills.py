"""Still pictures with Pillow: opened safely, turned upright, converted to sRGB, saved for the web."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core.spec import ProducedFile
from ..exceptions import IncompleteMedia, LimitExceeded, UnreadableMedia, UnsupportedMedia
from .disk import open_whole
from .extras import optional
from .geometry import Size, centred, cover, fit
from .gif import open_gif
from .limits import Limits

Image = optional("PIL.Image")
ImageCms = optional("PIL.ImageCms")
ImageDraw = optional("PIL.ImageDraw")
ImageOps = optional("PIL.ImageOps")

Picture = Any
"""``PIL.Image.Image``."""

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "ICO", "PPM", "JPEG2000", "MPO")
"""Formats whose decoders read pixels and nothing else: Pillow's others start programs (EPS) or open files (WMF), or
take anything for theirs (TGA)."""
CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
EXTENSIONS = {"jpeg": "jpg", "png": "png", "gif": "gif"}
MAX_SIDES_PX = {"jpeg": 65_500, "gif": 65_535}
"""Of the formats that have such a limit below ours."""
GROUNDS = {"RGB": (0, 0, 0), "RGBA": (0, 0, 0, 0)}
"""What shows where no picture is, by the mode of the sheet."""

EXIF_ROTATIONS: dict[int, int | None] = {1: 0, 2: None, 3: 180, 4: None, 5: None, 6: 270, 7: None, 8: 90}
"""Counter-clockwise degrees that set a picture upright, by EXIF orientation; None where it must be flipped."""
_ORIENTATION = 0x0112
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_TURNS = {5: 270, 7: 90}
"""Of those that must be flipped, the ones whose sides change places besides."""
_COLORS = {"RGB": "RGB", "RGBA": "RGB", "P": "RGB", "PA": "RGB", "CMYK": "CMYK", "L": "L", "LA": "L"}
"""For each mode, the one in which a profile describes its colours: that of a palette is of what stands in it."""
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, OverflowError, AttributeError)
"""What Pillow's decoders raise on hostile files; each is told as ``UnreadableMedia`` with its words in the log."""


def load_decoders() -> None:
    """Load Pillow's plugins, all of them: it does so by itself at the first file that none of the common ones knows."""
    Image.init()


def is_picture(path: Path) -> bool:
    """Whether the content is that of a picture that ``open_picture`` knows."""
    try:
        with Image.open(path, formats=FORMATS):
            return True
    except Image.DecompressionBombError:
        return True
    except _DAMAGE:
        return False


@contextmanager
def open_picture(path: Path, *, limits: Limits | None = None) -> Iterator[Picture]:
    """The picture, not yet decoded. ``LimitExceeded`` if it has too many pixels, ``UnreadableMedia`` if it is none,
    ``IncompleteMedia`` if it ends too early, now or while it is decoded in the body."""
    limits = limits or Limits()
    # Pillow's own limit is global and bites at twice its value. It stays for what a file hides from our check below:
    # a frame that is larger than the picture, an icon that is larger than its list says. Between the two it only warns.
    Image.MAX_IMAGE_PIXELS = limits.pixels
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > limits.pixels:
                raise LimitExceeded(
                    f"The picture of {picture.width} x {picture.height} has more than {limits.pixels} pixels.",
                    code="too_many_pixels",
                )
            yield picture
    except Image.DecompressionBombError as error:
        raise LimitExceeded(
            f"The picture has more than {limits.pixels} pixels.", code="too_many_pixels", log=str(error)
        ) from error
    except _DAMAGE as error:
        raise _damage(error) from error


def _damage(error: Exception) -> UnreadableMedia | IncompleteMedia:
    words = str(error)
    if "truncated" in words or "ended" in words or isinstance(error, EOFError):
        return IncompleteMedia("The picture ends too early.", log=words)
    return UnreadableMedia("The picture is damaged, or of a kind that cannot be read.", log=words)


def exif_orientation(picture: Picture) -> int:
    """1 to 8; 1 where the picture does not say, or says nonsense."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except _DAMAGE:
        return 1
    return value if value in EXIF_ROTATIONS else 1


def turn_of(orientation: int) -> int:
    """Counter-clockwise degrees for an EXIF orientation, besides the flip that 2, 4, 5 and 7 need."""
    return EXIF_ROTATIONS[orientation] or _TURNS.get(orientation, 0)


def stored_size(picture: Picture) -> Size:
    """The size of the pixels as they lie in the file. Of a TIFF, Pillow tells it as already set upright."""
    if picture.format == "TIFF":
        return Size(picture.tag_v2[_TIFF_WIDTH], picture.tag_v2[_TIFF_HEIGHT])
    return Size(*picture.size)


def upright_size(picture: Picture) -> Size:
    """The size in which the picture is meant to be seen; it need not be decoded."""
    size = stored_size(picture)
    return Size(size.height, size.width) if exif_orientation(picture) >= 5 else size


def content_type_of(picture: Picture) -> str:
    """The media type. A JPEG that holds several pictures (MPO, from phones) is a JPEG to everybody else."""
    if picture.format == "MPO":
        return "image/jpeg"
    return str(picture.get_format_mimetype() or f"image/{str(picture.format).lower()}")


def has_alpha(picture: Picture) -> bool:
    # The A of LAB is a colour.
    has_band = picture.mode != "LAB" and bool({"A", "a"} & set(picture.getbands()))
    return has_band or "transparency" in picture.info


def load_upright(picture: Picture, box: Size | None = None) -> Picture:
    """The decoded picture as it is meant to be seen: upright, 8 bits, sRGB, mode RGB or RGBA.

    With ``box``, the size in which it is wanted, a JPEG is decoded at a fraction of its size where that is enough.
    """
    orientation = exif_orientation(picture)
    if box is not None and picture.format in {"JPEG", "MPO"}:
        wanted = (box.height, box.width) if orientation >= 5 else tuple(box)
        picture.draft(None, wanted)
    profile = picture.info.get("icc_profile")
    picture.load()
    upright = ImageOps.exif_transpose(picture) if orientation != 1 else picture
    seen = _to_srgb(_to_8_bits(upright), profile)
    # Pillow writes some of it into what is saved: comments, and a profile that is not that of the pixels any more.
    seen.info.clear()
    return seen


def _to_8_bits(picture: Picture) -> Picture:
    """Pillow clips 16-bit grey to 255 when it converts (lab fact): scale first."""
    if picture.mode in {"I;16", "I;16B", "I;16L", "I;16N"}:
        return picture.convert("I").point(lambda value: value / 257).convert("L")
    if picture.mode == "I":
        low, high = picture.getextrema()
        return picture.point(lambda value: value / 257).convert("L") if high > 255 or low < 0 else picture.convert("L")
    if picture.mode == "F":
        low, high = picture.getextrema()
        return picture.point(lambda value: value * 255).convert("L") if 0 <= low <= high <= 1 else picture.convert("L")
    return picture


def _to_srgb(picture: Picture, profile: bytes | None) -> Picture:
    is_clear = has_alpha(picture)
    target = "RGBA" if is_clear else "RGB"
    if profile and picture.mode in _COLORS:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            base = picture if picture.mode == _COLORS[picture.mode] else picture.convert(_COLORS[picture.mode])
            converted = ImageCms.profileToProfile(base, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, *_DAMAGE):
            # A profile that is broken or for another kind of pixels: the colours are shown as they stand.
            return picture.convert(target)
        if is_clear:
            converted.putalpha(picture.convert("RGBA").getchannel("A"))
        return converted
    return picture if picture.mode == target else picture.convert(target)


def resized(picture: Picture, box: Size, *, crop: bool) -> Picture:
    """``picture`` fitted into ``box``; or, with ``crop``, filling it, what sticks out cut off on both sides alike."""
    source = Size(*picture.size)
    if not crop:
        return scaled(picture, fit(source, box))
    size = cover(source, box)
    left, top = centred(box, size)
    scale_x, scale_y = source.width / size.width, source.height / size.height
    region = (left * scale_x, top * scale_y, (left + box.width) * scale_x, (top + box.height) * scale_y)
    return picture.resize(box, Image.Resampling.LANCZOS, box=region, reducing_gap=3.0)


def scaled(picture: Picture, size: Size) -> Picture:
    """All of ``picture`` in exactly that size."""
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def new_sheet(size: Size, mode: str) -> Picture:
    """An empty picture to put others on, ``RGB`` or ``RGBA``."""
    return Image.new(mode, size, GROUNDS[mode])


def paste_section(sheet: Picture, picture: Picture, corner: tuple[int, int], section: Size, *, crop: bool) -> None:
    """Put ``picture`` into the section of ``sheet`` whose top left is ``corner``: fitted in and centred, or filling it.

    On a sheet without alpha, what is transparent becomes white."""
    fitted = resized(picture if sheet.mode == "RGBA" else flattened(picture), section, crop=crop)
    left, top = centred(Size(*fitted.size), section)
    sheet.paste(fitted, (corner[0] + left, corner[1] + top))


def with_play_icon(picture: Picture) -> Picture:
    """A poster: a play sign in the middle."""
    side = max(8, round(min(picture.size) * 0.4))
    scale = 4
    icon = Image.new("L", (side * scale, side * scale), 0)
    draw = ImageDraw.Draw(icon)
    full = side * scale
    draw.ellipse((0, 0, full - 1, full - 1), fill=150)
    draw.polygon([(full * 0.38, full * 0.27), (full * 0.38, full * 0.73), (full * 0.76, full * 0.5)], fill=0)
    mask = icon.resize((side, side), Image.Resampling.LANCZOS)
    corner = ((picture.width - side) // 2, (picture.height - side) // 2)
    poster = picture.copy()
    poster.paste((0, 0, 0), (*corner, corner[0] + side, corner[1] + side), mask)
    sign = Image.new("L", (full, full), 0)
    ImageDraw.Draw(sign).polygon(
        [(full * 0.38, full * 0.27), (full * 0.38, full * 0.73), (full * 0.76, full * 0.5)], fill=255
    )
    white = sign.resize((side, side), Image.Resampling.LANCZOS)
    poster.paste((255, 255, 255), (*corner, corner[0] + side, corner[1] + side), white)
    return poster


def flattened(picture: Picture) -> Picture:
    """Without alpha: on white."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Image.new("RGB", picture.size, (255, 255, 255))
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def save_picture(picture: Picture, path: Path, format: str, *, quality: int = 85) -> None:
    """Save as ``jpeg``, ``png`` or ``gif``; ``quality`` (1 to 95) is for JPEG. Nothing of the source's metadata goes
    along."""
    if format == "jpeg":
        with open_whole(path) as file:
            flattened(picture).save(file, "JPEG", quality=quality, optimize=True)
    elif format == "gif":
        with open_gif(path, Size(*picture.size)) as add:
            add(picture)
    else:
        with open_whole(path) as file:
            picture.save(file, "PNG", optimize=False)


def produce_picture(picture: Picture, workdir: Path, format: str, *, quality: int = 85) -> ProducedFile:
    """``picture`` saved in ``workdir`` as the operation's output: ``output.jpg``, ``output.png`` or ``output.gif``."""
    name = f"output.{EXTENSIONS[format]}"
    check_side(Size(*picture.size), format)
    save_picture(picture, workdir / name, format, quality=quality)
    return ProducedFile(
        name=name,
        content_type=CONTENT_TYPES[format],
        path=workdir / name,
        info={"width": picture.width, "height": picture.height},
    )


def check_side(size: Size, format: str) -> None:
    """``UnsupportedMedia`` for what is too long for its format."""
    most = MAX_SIDES_PX.get(format)
    if most is not None and max(size) > most:
        raise UnsupportedMedia(f"A {format.upper()} has at most {most} pixels a side, and this would have {max(size)}.")


def check_output_size(size: Size, limits: Limits) -> None:
    """``LimitExceeded`` before a picture is made that is too large."""
    if size.width * size.height > limits.pixels:
        raise LimitExceeded(
            f"The picture of {size.width} x {size.height} that was asked for has more than {limits.pixels} pixels.",
            code="too_many_pixels",
        )
