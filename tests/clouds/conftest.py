from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.servers import LocalServer


@pytest.fixture
def serve() -> Iterator[Callable[..., LocalServer]]:
    """Starts a ``LocalServer`` that runs until the test is over."""
    with ExitStack() as stack:

        def start(*args: Any, **kwargs: Any) -> LocalServer:
            return stack.enter_context(LocalServer(*args, **kwargs))

        yield start
