"""Follows a page of the book word for word in a copy of the project: every file it shows is written, every command run.

A block with a ``:caption:`` is a file, and its caption the path. In a ``console`` block a line that begins with ``$``
is a command; the lines below it must be found among what it prints, in their order, ``...`` standing for anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(
    r"^\.\. (?P<kind>literalinclude|code-block):: (?P<argument>\S+)\n"
    r"(?P<options>(?:   :.+\n)*)(?P<body>(?:\n|   .*\n)*)",
    re.MULTILINE,
)
_CAPTION = re.compile(r"^   :caption: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    path: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    line: str
    expected: tuple[str, ...]


def steps_in(page: Path) -> Iterator[File | Command]:
    """What the page says to do, in its order."""
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8") + "\n"):
        caption = _CAPTION.search(block["options"])
        body = "".join(line.removeprefix("   ") for line in block["body"].splitlines(keepends=True)).strip("\n") + "\n"
        if block["kind"] == "literalinclude":
            if caption is None:
                raise ValueError(f"{page.name}: {block['argument']} has no caption that says where it goes")
            yield File(path=caption[1], content=(page.parent / block["argument"]).read_text(encoding="utf-8"))
        elif caption is not None:
            yield File(path=caption[1], content=body)
        elif block["argument"] == "console":
            yield from _commands_in(body)


def _commands_in(body: str) -> Iterator[Command]:
    for command in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        line, *expected = command.strip().splitlines()
        yield Command(line=line, expected=tuple(expected))


class Copy:
    """The project, copied into ``folder``; nothing in it is changed, only added to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.added: list[str] = []
        for name in ("django_mediacloud", "example_project", "tests"):
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
        for name in ("DATABASE_URL", "TEST_DATABASE_URL", "MEDIACLOUD_HOME"):
            kept.pop(name, None)
        self.environ = kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            # Where this project is installed for development, that must not be the one that is imported.
            "PYTHONPATH": str(folder),
            "LOG_LEVEL": "WARNING",
        }

    def follow(self, page: Path) -> None:
        for step in steps_in(page):
            if isinstance(step, File):
                self._write(step)
            else:
                output = self.run(["/bin/sh", "-c", step.line])
                assert _is_told(step.expected, output.splitlines()), f"$ {step.line}\n{output}"

    def _write(self, file: File) -> None:
        path = self.folder / file.path
        assert not path.exists(), f"{file.path} would be edited: what is added must need no such thing"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")
        self.added.append(file.path)

    def run(self, command: Sequence[str], **environ: str) -> str:
        """What it prints. ``AssertionError`` with all of that if it fails."""
        done = subprocess.run(
            command, env=self.environ | environ, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"$ {' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def _is_told(expected: Sequence[str], lines: Sequence[str]) -> bool:
    rest = iter(lines)
    patterns = [".*".join(map(re.escape, line.split("..."))) for line in expected]
    return all(any(re.fullmatch(pattern, line.rstrip()) for line in rest) for pattern in patterns)
