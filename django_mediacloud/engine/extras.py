"""The libraries of the ``[engine]`` extra, imported when first used.

A site's web process lists operations and checks their parameters without them; only the work itself needs them.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from ..exceptions import EngineUnavailable


class _OptionalModule(ModuleType):
    """Stands for a module until one of its attributes is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            module = importlib.import_module(self.__name__)
        except ImportError as error:
            raise EngineUnavailable(f"The engine needs {self.__name__}, which cannot be imported: {error}") from error
        value = getattr(module, name)
        self.__dict__[name] = value
        return value


def optional(name: str) -> Any:
    """A stand-in for the module ``name``. Using it without the library raises ``EngineUnavailable``."""
    return _OptionalModule(name)
