"""``stupeflix-reference``: every task of the old service's reference with ours beside it, drawn when the book is built.

The left side is the data that the tests hold the engine against, the right side the code. The tests that a row names
are looked up, so that none can be named that is not there.
"""

from __future__ import annotations

from typing import Any

from mediacloud_tables import Drawn, list_table, literal
from sphinx.application import Sphinx
from sphinx.util import logging

from django_mediacloud.core.parameters import Parameter
from django_mediacloud.engine.registry import load_operations
from tests.clouds.stupeflix.reference import PROOF, REFERENCE, ROOT, Given, Task

logger = logging.getLogger(__name__)


def _theirs(given: Given) -> str:
    words = given.type
    if given.default is not None:
        words += f", ``{given.default!r}``"
    if given.choices:
        words += ", one of " + " ".join(f"``{choice}``" for choice in given.choices)
    return words


def _ours(item: Parameter | None) -> str:
    if item is None:
        return "not yet"
    words = item.type.value
    if item.is_required:
        words += ", required"
    elif item.default is not None:
        words += f", ``{item.default!r}``"
    if item.choices:
        words += ", one of " + " ".join(f"``{choice}``" for choice in item.choices)
    low, high = item.minimum, item.maximum
    if low is not None and high is not None:
        words += f", {literal(low)} to {literal(high)}"
    elif low is not None or high is not None:
        words += f", at least {literal(low)}" if low is not None else f", at most {literal(high)}"
    return words + (f" {item.unit}" if item.unit else "")


def _task(name: str, task: Task) -> list[str]:
    operation = load_operations().get(name)
    info = operation.info if operation else None
    rows = [
        (f"``{key}``", _theirs(given), _ours(info.parameters.get(key) if info else None))
        for key, given in task.parameters.items()
    ]
    told = {**(info.results if info else {}), **(info.files if info else {})}
    outputs = [*task.results.items()] + [(key, "file") for key in task.files]
    rows += [(f"gives ``{key}``", kind, told.get(key, "not yet")) for key, kind in outputs]
    parts = [name, "~" * len(name), "", list_table(("", "reference", "here"), rows, "20 34 46")]
    if info is None:
        return [*parts, "Not offered yet: whoever asks for it is told so.", ""]
    return [*parts, f"Shown by ``{PROOF}[{name}]``; bad input by ``test_bad_input.py::test_bad_input[{name}]``.", ""]


def reference() -> str:
    path, _, test = PROOF.partition("::")
    if f"def {test}(" not in (ROOT / path).read_text(encoding="utf-8"):
        logger.warning("the reference names a test that is not there: %s", PROOF)
    return "\n".join(line for name, task in REFERENCE.items() for line in _task(name, task))


class Reference(Drawn):
    def text(self) -> str:
        self.env.note_dependency(str(ROOT / "tests/clouds/stupeflix/reference.py"))
        return reference()


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("stupeflix-reference", Reference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
