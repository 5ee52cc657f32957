"""How long a broken upload is taken up again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...exceptions import DeliveryFailed
from ..exchange import is_retryable_status
from ..session import MAX_WAIT_S
from .conversation import Answer, Conversation

TRIES = 5
"""In a row, without a byte more arriving."""
FIRST_WAIT_S = 0.5


class Patience:
    """Every byte that arrives for the first time gives it back."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._failures = 0
        self._best = 0

    def arrived(self, offset: int) -> None:
        """The platform has the film up to ``offset``."""
        if offset > self._best:
            self._best = offset
            self._failures = 0

    def wait(self, error: Exception, wait_s: float = 0.0) -> None:
        """Wait before the next try, ``wait_s`` at least. Raises ``error`` if there is to be none."""
        self._failures += 1
        is_hopeful = isinstance(error, DeliveryFailed) and error.is_retryable
        if not is_hopeful or self._failures >= TRIES or self._conversation.is_over:
            raise error
        own_s = min(FIRST_WAIT_S * 2 ** (self._failures - 1), MAX_WAIT_S)
        self._conversation.pause(max(own_s, wait_s))


def ask_patiently(
    conversation: Conversation,
    method: str,
    url: str,
    *,
    headers: Callable[[], Mapping[str, str]],
    body: bytes | None = None,
    is_repeatable: bool = True,
) -> Answer:
    """The answer, once it is not one that may pass; ``headers`` are asked for at each try.

    What is not repeatable is asked again only where the platform has answered that it did nothing.
    """
    patience = Patience(conversation)
    while True:
        try:
            answer = conversation.ask(method, url, headers=headers(), body=body)
        except DeliveryFailed as error:
            if not is_repeatable:
                raise
            patience.wait(error)
            continue
        if not is_retryable_status(answer.status) or not (is_repeatable or answer.status in (429, 503)):
            return answer
        patience.wait(conversation.error(answer), answer.wait_s)
