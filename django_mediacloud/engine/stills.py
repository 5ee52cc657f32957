"""Still pictures, through Pillow: opened with care, upright, in sRGB, and saved for the web."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core.spec import ProducedFile
from ..exceptions import IncompleteMedia, LimitExceeded, UnreadableMedia, UnsupportedMedia
from .extras import optional
from .geometry import Size, centred, cover, fit
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
MAX_JPEG_SIDE_PX = 65_500

EXIF_ROTATIONS: dict[int, int | None] = {1: 0, 2: None, 3: 180, 4: None, 5: None, 6: 270, 7: None, 8: 90}
"""Counter-clockwise degrees that set a picture upright, by EXIF orientation; None where it must be flipped."""
_ORIENTATION = 0x0112
_TURNS = {5: 270, 7: 90}
"""Of those that must be flipped, the ones whose sides change places besides."""
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
    # a frame that is larger than the picture, an icon that is larger than its list says.
    Image.MAX_IMAGE_PIXELS = limits.pixels
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


def content_type_of(picture: Picture) -> str:
    """The media type. A JPEG that holds several pictures (MPO, from phones) is a JPEG to everybody else."""
    if picture.format == "MPO":
        return "image/jpeg"
    return str(picture.get_format_mimetype() or f"image/{str(picture.format).lower()}")


def has_alpha(picture: Picture) -> bool:
    return "A" in picture.getbands() or "a" in picture.getbands() or "transparency" in picture.info


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
    return _to_srgb(_to_8_bits(upright), profile)


def _to_8_bits(picture: Picture) -> Picture:
    """Pillow clips 16-bit grey to 255 when it converts (lab fact): scale first."""
    if picture.mode in {"I;16", "I;16B", "I;16L", "I;16N"}:
        return picture.convert("I").point(lambda value: value / 257).convert("L")
    if picture.mode == "I":
        low, high = picture.getextrema()
        return picture.point(lambda value: value / 257).convert("L") if high > 255 or low < 0 else picture.convert("L")
    return picture


def _to_srgb(picture: Picture, profile: bytes | None) -> Picture:
    target = "RGBA" if has_alpha(picture) else "RGB"
    if profile and picture.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
            base = picture.convert("RGB") if picture.mode == "RGBA" else picture
            converted = ImageCms.profileToProfile(base, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, *_DAMAGE):
            # A profile that is broken or for another kind of pixels: the colours are shown as they stand.
            return picture.convert(target)
        if alpha is not None:
            converted.putalpha(alpha)
        return converted
    return picture if picture.mode == target else picture.convert(target)


def resized(picture: Picture, box: Size, *, crop: bool) -> Picture:
    """``picture`` fitted into ``box``; or, with ``crop``, filling it, what sticks out cut off on both sides alike."""
    source = Size(*picture.size)
    if not crop:
        size = fit(source, box)
        return picture if size == source else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    size = cover(source, box)
    left, top = centred(box, size)
    scale_x, scale_y = source.width / size.width, source.height / size.height
    region = (left * scale_x, top * scale_y, (left + box.width) * scale_x, (top + box.height) * scale_y)
    return picture.resize(box, Image.Resampling.LANCZOS, box=region, reducing_gap=3.0)


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
        flattened(picture).save(path, "JPEG", quality=quality, optimize=True)
    elif format == "gif":
        picture.save(path, "GIF")
    else:
        picture.save(path, "PNG", optimize=False)


def produce_picture(picture: Picture, workdir: Path, format: str, *, quality: int = 85) -> ProducedFile:
    """``picture`` saved in ``workdir`` as the operation's output: ``output.jpg``, ``output.png`` or ``output.gif``."""
    name = f"output.{EXTENSIONS[format]}"
    if format == "jpeg" and max(picture.size) > MAX_JPEG_SIDE_PX:
        raise UnsupportedMedia(
            f"A JPEG has at most {MAX_JPEG_SIDE_PX} pixels a side, and this would have {max(picture.size)}."
        )
    save_picture(picture, workdir / name, format, quality=quality)
    return ProducedFile(
        name=name,
        content_type=CONTENT_TYPES[format],
        path=workdir / name,
        info={"width": picture.width, "height": picture.height},
    )


def check_output_size(size: Size, limits: Limits) -> None:
    """``LimitExceeded`` before a picture is made that is too large."""
    if size.width * size.height > limits.pixels:
        raise LimitExceeded(
            f"The picture of {size.width} x {size.height} that was asked for has more than {limits.pixels} pixels.",
            code="too_many_pixels",
        )
