"""What the demo shows of its outputs, and how it checks them: by probing each file anew."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.core.files.storage import storages

from django_mediacloud.core.media import MediaInfo
from django_mediacloud.engine.sandbox import run_operation
from django_mediacloud.exceptions import MediaCloudError
from django_mediacloud.models import Job, Output, Video

HEADINGS = ("profile", "file", "codec", "size", "duration", "bytes", "work")
LENGTH_TOLERANCE_S = 0.5

Row = tuple[str, ...]


def check_output(job: Job, video: Video) -> tuple[list[Row], list[str]]:
    """Rows for the table, and a sentence for everything that is wrong with the job's files."""
    rows: list[Row] = []
    problems: list[str] = []
    outputs = list(job.outputs.ready())
    name = job.encoding.profile_name
    if not outputs:
        problems.append(f"{name}: no files")
    segments = [output for output in outputs if output.role == "segment"]
    for output in outputs:
        info, problem = _inspect(output, video, is_whole=len(outputs) == 1)
        if problem:
            problems.append(f"{name}, {output.name}: {problem}")
        if output not in segments:
            rows.append(_row(job, output, info))
    if segments:
        total = sum(output.size_bytes for output in segments)
        rows.append((name, f"{len(segments)} segments", "", "", "", str(total), ""))
    return rows, problems


def _inspect(output: Output, video: Video, *, is_whole: bool) -> tuple[MediaInfo | None, str]:
    """The facts of a media file, and what is wrong with any file."""
    path = Path(storages[output.storage].path(output.path))
    if not path.is_file() or path.stat().st_size != output.size_bytes or not output.size_bytes:
        return None, "the file is missing, empty or of another size"
    if path.suffix in {".m3u8", ".vtt"}:
        return None, _check_text(path, output)
    try:
        info = _probe(path)
    except MediaCloudError as error:
        return None, str(error)
    if not is_whole or info.kind == "image" or video.duration_s is None or info.duration_s is None:
        return info, ""
    is_right = abs(info.duration_s - video.duration_s) <= LENGTH_TOLERANCE_S
    return info, "" if is_right else f"lasts {info.duration_s:.2f} s instead of {video.duration_s:.2f} s"


def _probe(path: Path) -> MediaInfo:
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_operation("media.info", parameters={}, inputs={"url": [path]}, workdir=Path(folder))
    return MediaInfo.from_dict(dict(outcome.values))


def _check_text(path: Path, output: Output) -> str:
    """Every file that a playlist or a track of pictures names must be there."""
    text = path.read_text()
    if not text.startswith(("#EXTM3U", "WEBVTT")):
        return "is no playlist and no track"
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    if path.suffix == ".vtt":
        names = [match[1] for match in re.finditer(r"^(\S+)#xywh=", text, re.MULTILINE)]
    missing = [name for name in names if not (path.parent / name).is_file()]
    if not names:
        return "names no file"
    return f"names {missing[0]}, which is missing" if missing else ""


def _row(job: Job, output: Output, info: MediaInfo | None) -> Row:
    # A playlist cannot be probed; its job says what it leads to.
    told = output.info
    codecs = [stream.codec for stream in (info.video, info.audio) if stream] if info else [told.get("codec") or ""]
    size = info.display_size if info else (told.get("width"), told.get("height"))
    duration_s = info.duration_s if info else told.get("duration_s")
    return (
        job.encoding.profile_name,
        output.name,
        "+".join(codecs),
        f"{size[0]}x{size[1]}" if size and size[0] else "",
        f"{duration_s:.2f} s" if duration_s else "",
        str(output.size_bytes),
        f"{job.work_s:.1f} s" if job.work_s else "",
    )


def print_table(rows: Sequence[Row]) -> None:
    table = [HEADINGS, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
