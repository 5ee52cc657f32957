"""The libraries of the ``[engine]`` extra and those beside it, imported when first used.

A site's web process lists operations and checks their parameters without them; only the work itself needs them.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from ..exceptions import EngineUnavailable


class _OptionalModule(ModuleType):
    """Stands for a module until one of its attributes is asked for."""

    def __init__(self, name: str, extra: str) -> None:
        super().__init__(name)
        self.__dict__["_extra"] = extra

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            module = importlib.import_module(self.__name__)
        except ImportError as error:
            raise EngineUnavailable(
                f"The engine needs {self.__name__}, which cannot be imported: {error}. "
                f"It comes with django-mediacloud[{self._extra}]."
            ) from error
        value = getattr(module, name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        """Settings of a library (``Image.MAX_IMAGE_PIXELS``) are the module's: set here alone they would do nothing."""
        setattr(importlib.import_module(self.__name__), name, value)
        self.__dict__.pop(name, None)


def optional(name: str, *, extra: str = "engine") -> Any:
    """A stand-in for the module ``name``. Using it without the library raises ``EngineUnavailable``, which names the
    ``extra`` of this package that installs it."""
    return _OptionalModule(name, extra)
