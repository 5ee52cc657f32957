from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from django_mediacloud.clouds.base import Cloud, Work
from django_mediacloud.core.capabilities import Capabilities, OperationInfo
from django_mediacloud.core.media import MediaInfo, VideoStream
from django_mediacloud.core.parameters import Parameter, Parameters, Type
from django_mediacloud.core.spec import Kind, ProducedFile, Snapshot
from django_mediacloud.core.states import State
from django_mediacloud.exceptions import CloudUnavailable, UnreadableMedia

_URL = Parameter(name="url", type=Type.URL, is_required=True, help="The source file.")
_EVERY_KIND = frozenset(Kind)


def _info(name: str, *parameters: Parameter, kinds: frozenset[Kind] = _EVERY_KIND, **more: Any) -> OperationInfo:
    return OperationInfo(
        name=name,
        summary=f"{name} of the toy workshop",
        parameters=Parameters(parameters),
        results={"size": "Bytes that were read."},
        files={"output": "The copy."},
        kinds=kinds,
        **more,
    )


OPERATIONS = {
    info.name: info
    for info in (
        _info("media.info", _URL, kinds=frozenset({Kind.TASK})),
        _info(
            "copy",
            _URL,
            Parameter(name="format", type=Type.STRING, choices=("copy", "twin"), default="copy"),
            Parameter(name="count", type=Type.INTEGER, default=1, minimum=1, maximum=20, help="Files to make."),
            formats={"copy": {"format": "copy"}, "twin": {"format": "twin"}},
        ),
        _info("post", _URL, Parameter(name="token", type=Type.STRING, is_secret=True)),
        _info("hello", Parameter(name="name", type=Type.STRING, is_required=True, help="Whom to greet.")),
        _info(
            "wait",
            Parameter(name="seconds", type=Type.NUMBER, default=5.0, minimum=0, maximum=600, unit="s"),
            Parameter(name="diary", type=Type.STRING, default="", help="A file that gets a line when it is done."),
            Parameter(name="gate", type=Type.STRING, default="", help="A file: when it is there, the wait is over."),
        ),
        _info("blank", Parameter(name="size", type=Type.INTEGER, is_required=True, minimum=0, unit="bytes")),
        _info(
            "fail",
            Parameter(name="how", type=Type.STRING, choices=("media", "passing", "fault", "exit"), default="media"),
        ),
    )
}


class Adapter(Cloud):
    options: ClassVar[Mapping[str, Any]] = {"greeting": "Hello"}

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(operations=OPERATIONS, is_remote=False, can_cancel=True, can_resubmit=True)

    def submit(self, work: Work) -> Snapshot:
        run = getattr(self, "_" + work.operation.replace(".", "_"))
        values, files = run(work, **work.parameters)
        return Snapshot(state=State.COLLECTING, values=values, files=tuple(files), work_s=0.5, source_s=2.0)

    def _media_info(self, work: Work) -> tuple[dict[str, Any], list[ProducedFile]]:
        path = work.inputs["url"][0].local_path()
        with path.open("rb") as file:
            if file.read(6) == b"broken":
                raise UnreadableMedia("The file is broken.")
        stream = VideoStream(codec="toy", width=64, height=48, frame_rate=25.0)
        info = MediaInfo(
            format="toy",
            content_type="video/x-toy",
            kind="video",
            size_bytes=path.stat().st_size,
            duration_s=2.0,
            video=stream,
        )
        return info.as_dict(), []

    def _copy(self, work: Work, format: str, count: int, **_: Any) -> tuple[dict[str, Any], list[ProducedFile]]:
        source = work.inputs["url"][0].local_path()
        files = []
        for number in range(count):
            work.beat(100.0 * number / count)
            path = work.workdir / f"copy-{number}"
            path.write_bytes(source.read_bytes())
            files.append(ProducedFile(name=f"copies/{number}.bin", content_type="application/x-copy", path=path))
        return {"size": source.stat().st_size, "format": format}, files

    def _hello(self, work: Work, name: str) -> tuple[dict[str, Any], list[ProducedFile]]:
        return {"result": f"{self._options['greeting']} {name}"}, []

    def _wait(self, work: Work, seconds: float, diary: str, gate: str) -> tuple[dict[str, Any], list[ProducedFile]]:
        began = time.monotonic()
        path = work.workdir / "waited.txt"
        path.write_text("half")
        while (waited := time.monotonic() - began) < seconds and not (gate and Path(gate).exists()):
            work.beat(100.0 * waited / seconds)
            time.sleep(0.02)
        path.write_text("done")
        if diary:
            with Path(diary).open("a") as lines:
                lines.write(f"{os.getpid()} {work.token}\n")
        return {"seconds": seconds}, [ProducedFile(name="waited.txt", content_type="text/plain", path=path)]

    def _blank(self, work: Work, size: int) -> tuple[dict[str, Any], list[ProducedFile]]:
        path = work.workdir / "blank.bin"
        with path.open("wb") as file:
            file.truncate(size)
        return {}, [ProducedFile(name="blank.bin", content_type="application/octet-stream", path=path)]

    def _fail(self, work: Work, how: str) -> tuple[dict[str, Any], list[ProducedFile]]:
        if how == "media":
            raise UnreadableMedia("Nothing can be made of it.", log="raw words of the decoder")
        if how == "passing":
            raise CloudUnavailable("Not now.")
        if how == "exit":
            raise SystemExit(1)
        raise ZeroDivisionError("a fault of the program")
