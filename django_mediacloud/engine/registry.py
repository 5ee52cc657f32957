"""The operations of the engine: every file in ``operations/``, and in the packages that a site adds."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ..exceptions import ConfigurationError, UnknownOperation
from .operation import Operation

BUILT_IN = "django_mediacloud.engine.operations"


@cache
def load_operations(packages: tuple[str, ...] = ()) -> Mapping[str, Operation]:
    """Operations by name, from the built-in package and then from ``packages`` (dotted names).

    A later package may replace an operation of the same name. ``ConfigurationError`` names the file that is wrong.
    """
    found: dict[str, Operation] = {}
    for package_name in (BUILT_IN, *packages):
        try:
            package = importlib.import_module(package_name)
        except ImportError as error:
            raise ConfigurationError(f"No package of operations is called {package_name!r}: {error}") from error
        for module_info in pkgutil.iter_modules(package.__path__):
            module_name = f"{package_name}.{module_info.name}"
            operation = getattr(importlib.import_module(module_name), "OPERATION", None)
            if not isinstance(operation, Operation):
                raise ConfigurationError(f"{module_name} defines no OPERATION.")
            if operation.name.replace(".", "_") != module_info.name:
                raise ConfigurationError(f"{module_name} holds {operation.name!r}: the file is to be named after it.")
            found[operation.name] = operation
    return MappingProxyType(dict(sorted(found.items())))


def get_operation(name: str, packages: tuple[str, ...] = ()) -> Operation:
    """The operation ``name``. ``UnknownOperation`` if there is none."""
    try:
        return load_operations(packages)[name]
    except KeyError:
        raise UnknownOperation(f"The engine has no operation {name!r}.", operation=name) from None
