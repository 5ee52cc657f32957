"""Inputs that break naive code, each made by a function: ``function(folder)`` writes one file and returns its path.

The numbers are those of the list in docs and issues: 25 nasty inputs and some spares.
"""

from __future__ import annotations

import random
import struct
import subprocess
import zlib
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

BARS = "testsrc2=s=160x120:r=25:d=2"
RAMP = "color=gray:size=64x48:rate=25:duration={duration},geq=lum='16+mod(N,200)':cb=128:cr=128"
"""Frame N has the luma 16 + N (mod 200): a picture tells its own time."""
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def ffmpeg(path: Path, *arguments: str) -> Path:
    """``path`` as ffmpeg makes it of ``arguments``."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments, f"file:{path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return path


def clip(path: Path, *options: str, source: str = BARS) -> Path:
    return ffmpeg(path, "-f", "lavfi", "-i", source, *H264, *options)


def ramp(path: Path, *options: str, duration: float = 8) -> Path:
    return ffmpeg(path, "-f", "lavfi", "-i", RAMP.format(duration=duration), *H264, "-crf", "1", "-g", "40", *options)


def n01_empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def n02_noise(folder: Path) -> Path:
    path = folder / "noise.mp4"
    path.write_bytes(random.Random(2).randbytes(200_000))
    return path


def n03_without_index(folder: Path) -> Path:
    """An MP4 whose index, at its end, is cut off."""
    whole = clip(folder / "whole.mp4").read_bytes()
    path = folder / "without_index.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    return path


def n04_cut_off(folder: Path) -> Path:
    """An MP4 whose index, at its start, promises 8 s; about 2 are there."""
    whole = ramp(folder / "whole.mp4", "-movflags", "+faststart").read_bytes()
    path = folder / "cut_off.mp4"
    path.write_bytes(whole[: len(whole) * 2 // 5])
    return path


def n05_damaged(folder: Path) -> Path:
    """2000 bytes overwritten in the middle of the pictures."""
    data = bytearray(clip(folder / "whole.mp4", "-movflags", "+faststart").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = random.Random(5).randbytes(2000)
    path = folder / "damaged.mp4"
    path.write_bytes(data)
    return path


def n06_cut_off_jpeg(folder: Path) -> Path:
    path = folder / "cut_off.jpg"
    Image.effect_noise((200, 150), 80).save(path, quality=90)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def n07_png_bomb(folder: Path) -> Path:
    """30000 x 30000 in about 100 kB."""
    path = folder / "bomb.png"
    compress = zlib.compressobj(9)
    row = bytes(1 + 30_000 // 8)
    data = b"".join(compress.compress(row * 100) for _ in range(300)) + compress.flush()
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", data) + _png_chunk(b"IEND", b"")
    )
    return path


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def n08_cmyk_jpeg(folder: Path) -> Path:
    """Pure cyan, stored inverted as Adobe does."""
    path = folder / "cmyk.jpg"
    Image.new("CMYK", (64, 48), (255, 0, 0, 0)).save(path, quality=95)
    return path


def n09_grey16_png(folder: Path) -> Path:
    """Half grey, in 16 bits."""
    path = folder / "grey16.png"
    Image.new("I;16", (64, 48), 0x8080).save(path)
    return path


def n10_exif(folder: Path, orientation: int) -> Path:
    """Stored so that, shown rightly, it is 60 x 40 with its red quarter at the top left."""
    shown = Image.new("RGB", (60, 40), (255, 255, 255))
    shown.paste((255, 0, 0), (0, 0, 30, 20))
    return save_turned(shown, folder / f"exif{orientation}.jpg", orientation)


def save_turned(shown: Image.Image, path: Path, orientation: int) -> Path:
    """A JPEG that, shown as its EXIF orientation says, is ``shown``."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = shown.transpose(undo[orientation]) if orientation in undo else shown
    stored.save(path, quality=95, exif=exif)
    return path


def n11_varying_rate(folder: Path) -> Path:
    """30 frames in the first second, 10 in the second: 20 a second on average."""
    return clip(
        folder / "varying.mp4",
        *("-vf", "select='lt(t,1)+not(mod(n,3))*gte(t,1)'", "-fps_mode", "vfr"),
        source="testsrc2=s=160x120:r=30:d=2",
    )


def n12_turned(folder: Path) -> Path:
    """160 x 120, to be turned by 90 degrees counter-clockwise."""
    return ffmpeg(
        folder / "turned.mp4", "-display_rotation", "90", "-i", f"file:{clip(folder / 'level.mp4')}", "-c", "copy"
    )


def n13_alpha_webm(folder: Path) -> Path:
    return ffmpeg(
        folder / "alpha.webm",
        *(
            "-f",
            "lavfi",
            "-i",
            "color=red@0.5:s=64x48:d=1,format=yuva420p",
            "-c:v",
            "libvpx-vp9",
            "-deadline",
            "realtime",
        ),
    )


def n14_alpha_prores(folder: Path) -> Path:
    return ffmpeg(
        folder / "alpha.mov",
        *(
            "-f",
            "lavfi",
            "-i",
            "color=red@0.5:s=64x48:d=1,format=yuva444p10le",
            "-c:v",
            "prores_ks",
            "-profile:v",
            "4444",
        ),
    )


def n15_animated_gif(folder: Path) -> Path:
    return _animation(folder / "animated.gif")


def n16_animated_webp(folder: Path) -> Path:
    return _animation(folder / "animated.webp")


def _animation(path: Path) -> Path:
    """Red, lime, blue, 200 ms each."""
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "lime", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=200, loop=0)
    return path


def n17_sound_as_film(folder: Path) -> Path:
    sound = ffmpeg(folder / "sound.mp3", "-f", "lavfi", "-i", "sine=d=2", "-c:a", "libmp3lame")
    return sound.rename(folder / "film.mp4")


def n18_playlist(folder: Path, name: str = "list.m3u8") -> Path:
    """Plays another file of this machine."""
    secret = clip(folder / "secret.ts", "-f", "mpegts")
    path = folder / name
    path.write_text(
        f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:2.0,\n{secret.as_uri()}\n#EXT-X-ENDLIST\n"
    )
    return path


def n19_concat(folder: Path) -> Path:
    clip(folder / "secret.mp4")
    path = folder / "concat.mp4"
    path.write_text("ffconcat version 1.0\nfile secret.mp4\n")
    return path


def n20_manifest(folder: Path, address: str = "http://127.0.0.1:9/") -> Path:
    """An MPEG-DASH manifest that fetches from ``address``."""
    path = folder / "manifest.mpd"
    path.write_text(
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT5S" minBufferTime="PT1S" '
        'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
        '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="100000" codecs="avc1.42c01e" '
        f'width="160" height="120"><BaseURL>{address}</BaseURL><SegmentList duration="5">'
        '<Initialization sourceURL="init.mp4"/><SegmentURL media="one.m4s"/></SegmentList>'
        "</Representation></AdaptationSet></Period></MPD>"
    )
    return path


def n21_transport_stream(folder: Path) -> Path:
    """The ramp; seeking in it lands a group of pictures late."""
    return ramp(folder / "ramp.ts", "-f", "mpegts")


def n22_svg(folder: Path) -> Path:
    """Names a local file, and is a bomb of entities."""
    path = folder / "drawing.svg"
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "ha">{bomb}]>'
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="48">'
        '<image width="64" height="48" xlink:href="file:///etc/hostname"/><text>&a9;</text></svg>'
    )
    return path


def n23_odd_size(folder: Path) -> Path:
    return ffmpeg(
        folder / "odd.mp4",
        *("-f", "lavfi", "-i", "testsrc2=s=321x241:d=1,format=yuv444p", "-c:v", "libx264", "-preset", "ultrafast"),
    )


def n24_ten_hours(folder: Path) -> Path:
    """One frame that lasts ten hours."""
    return clip(folder / "long.mp4", source="color=gray:s=64x48:r=1/36000:d=36000")


def n25_one_group(folder: Path, duration: float = 8) -> Path:
    """The ramp with a single keyframe."""
    return ramp(
        folder / "one_group.mp4", "-g", "99999", "-keyint_min", "99999", "-sc_threshold", "0", duration=duration
    )


def n26_line_break_in_name(folder: Path) -> Path:
    return clip(folder / "a.mp4").rename(folder / "a\nb:%d 'c'.mp4")


def n27_dash_in_name(folder: Path) -> Path:
    return clip(folder / "a.mp4").rename(folder / "-i.mp4")


def n28_surround(folder: Path) -> Path:
    """Six channels, and no picture but a cover."""
    cover = folder / "cover.png"
    Image.new("RGB", (50, 50), "green").save(cover)
    return ffmpeg(
        folder / "surround.m4a",
        *("-f", "lavfi", "-i", "sine=d=1,aformat=channel_layouts=5.1", "-i", f"file:{cover}"),
        *("-map", "0", "-map", "1", "-c:a", "aac", "-c:v", "png", "-disposition:v:0", "attached_pic"),
    )


def n29_no_samples(folder: Path) -> Path:
    return ffmpeg(folder / "nothing.wav", "-f", "lavfi", "-i", "sine=d=1", "-t", "0")


def n30_many_tracks(folder: Path) -> Path:
    sound = ffmpeg(folder / "one.m4a", "-f", "lavfi", "-i", "sine=d=0.5", "-c:a", "aac")
    return ffmpeg(folder / "many.mkv", "-i", f"file:{sound}", *("-map", "0") * 64, "-c", "copy")


def n31_late_start(folder: Path) -> Path:
    """The ramp, with time stamps from 10 s on."""
    source = ramp(folder / "ramp.mp4", duration=3)
    return ffmpeg(folder / "late.mkv", "-i", f"file:{source}", "-c", "copy", "-output_ts_offset", "10")


def n32_wide_pixels(folder: Path) -> Path:
    """160 x 120 coded, pixels of 4:3."""
    return clip(folder / "wide.mp4", "-vf", "setsar=4/3")


def n33_without_duration(folder: Path) -> Path:
    return clip(folder / "live.mkv", "-live", "1")


def n34_full_range(folder: Path) -> Path:
    """White and black in full range: 0 and 255 in the stored luma."""
    return clip(
        folder / "full.mp4",
        *("-pix_fmt", "yuvj420p", "-color_range", "pc"),
        source="color=white:s=64x48:d=1,format=gray,pad=64:96:0:0:black,scale=out_range=pc",
    )


def n35_hdr(folder: Path, transfer: str = "smpte2084") -> Path:
    """Grey at 58 % of PQ (203 cd/m2: diffuse white) or 75 % of HLG (the same), BT.2020, 10 bits."""
    level = 572 if transfer == "smpte2084" else 721
    tags = f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv"
    return ffmpeg(
        folder / f"{transfer}.mp4",
        *("-f", "lavfi", "-i", f"color=gray:s=64x48:d=1,format=yuv420p10le,geq=lum={level}:cb=512:cr=512,{tags}"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:crf=5"),
        *("-tag:v", "hvc1"),
    )
