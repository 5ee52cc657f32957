from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from django_mediacloud.transport import FetchRules
from tests.servers import LocalServer

PEM = Path(__file__).with_name("media_test.pem")
LOCAL = FetchRules(allow=("127.0.0.1",), connect_timeout_s=10, read_timeout_s=10, total_timeout_s=60)
"""May reach the tests' own servers. A busy machine may let one wait; who is to be impatient says so."""


@pytest.fixture
def serve() -> Iterator[Callable[..., LocalServer]]:
    """Starts a ``LocalServer`` that runs until the test is over."""
    with ExitStack() as stack:

        def start(*args: Any, **kwargs: Any) -> LocalServer:
            return stack.enter_context(LocalServer(*args, **kwargs))

        yield start


@pytest.fixture
def tls() -> ssl.SSLContext:
    """A server's side of TLS, as media.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return context
