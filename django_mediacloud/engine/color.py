"""Decoded frames as pictures for a screen: 8 bits, sRGB, upright, square pixels.

What a film does not say is taken as players take it: BT.709 from 720 lines on, BT.601 below; limited range. High
dynamic range (PQ, HLG) is brought down simply: to linear light, BT.2020 to BT.709, diffuse white (203 cd/m2) a little
below the top, highlights up to 1000 cd/m2 rolled off smoothly, the hue kept. No metadata of the master is looked at.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .extras import optional
from .geometry import HD_LINES, Size
from .limits import Limits
from .probe import check_pixels
from .turns import turn_of_frame

np = optional("numpy")
av = optional("av")
Image = optional("PIL.Image")

_PQ, _HLG = 16, 18
_UNSPECIFIED = 2
_ITU601, _ITU709, _BT2020 = 5, 1, 9
_WHITE_NITS = 203.0
_PEAK_NITS = 1000.0
_KNEE = 0.5
_ROWS = 256
"""Rows of a frame that are worked on at a time: 4K in floating point is large."""
_TO_BT709 = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))
_BT2020_LUMA = (0.2627, 0.6780, 0.0593)


def to_picture(frame: Any, aspect: Fraction | None, limits: Limits) -> Any:
    """``frame`` (of PyAV) as a Pillow image, RGB or RGBA. ``aspect`` is that of one pixel, width to height."""
    size = Size(max(1, round(frame.width * aspect)) if aspect else frame.width, frame.height)
    check_pixels(*size, limits)
    if int(frame.color_trc) in (_PQ, _HLG):
        picture = Image.fromarray(_tone_mapped(frame))
    else:
        has_alpha = any(part.is_alpha for part in frame.format.components) or frame.format.has_palette
        mode = "rgba" if has_alpha else "rgb24"
        picture = Image.fromarray(_converted(frame, mode))
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    turn = turn_of_frame(frame)
    if turn.rotation_deg:
        picture = picture.transpose(Image.Transpose[f"ROTATE_{turn.rotation_deg}"])
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if turn.is_mirrored else picture


def _converted(frame: Any, pixel_format: str) -> Any:
    """The array of ``frame`` in an RGB format."""
    matrix = int(frame.colorspace)
    if matrix == _UNSPECIFIED:
        matrix = _ITU709 if frame.height >= HD_LINES else _ITU601
    options: dict[str, Any] = {} if frame.format.is_rgb else {"src_colorspace": matrix, "dst_colorspace": matrix}
    return frame.reformat(format=pixel_format, interpolation="BICUBIC", **options).to_ndarray()


def _tone_mapped(frame: Any) -> Any:
    signal = _converted(frame, "rgb48le")
    result = np.empty(signal.shape, np.uint8)
    to_nits = _pq_to_nits if int(frame.color_trc) == _PQ else _hlg_to_nits
    matrix = np.array(_TO_BT709, np.float32).T
    for top in range(0, signal.shape[0], _ROWS):
        rows = signal[top : top + _ROWS].astype(np.float32) / 65535
        light = np.maximum(to_nits(rows) / _WHITE_NITS @ matrix, 0)
        result[top : top + _ROWS] = np.round(_srgb(_rolled_off(light)) * 255).astype(np.uint8)
    return result


def _pq_to_nits(signal: Any) -> Any:
    """SMPTE ST 2084."""
    root = np.power(signal, 1 / 78.84375)
    return 10_000 * np.power(np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root), 1 / 0.1593017578125)


def _hlg_to_nits(signal: Any) -> Any:
    """ARIB STD-B67 as shown on a screen of 1000 cd/m2 (BT.2100, system gamma 1.2)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal * signal / 3, (np.exp((signal - c) / a) + b) / 12)
    luma = np.maximum(scene @ np.array(_BT2020_LUMA, np.float32), 1e-6)
    return _PEAK_NITS * scene * np.power(luma, 0.2)[..., None]


def _rolled_off(light: Any) -> Any:
    """Light where 1 is diffuse white into 0 to 1: untouched up to the knee, then ever flatter. All channels by one
    factor, so that no hue changes."""
    most = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    above = np.minimum(most, _PEAK_NITS / _WHITE_NITS) - _KNEE
    mapped = np.where(most <= _KNEE, most, _KNEE + (1 - _KNEE) * (1 - np.exp(-above / (1 - _KNEE))))
    return np.minimum(light * (mapped / most), 1)


def _srgb(light: Any) -> Any:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.power(light, 1 / 2.4) - 0.055)
