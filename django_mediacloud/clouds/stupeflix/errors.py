"""What goes wrong between the client and the service. All are ``CloudError``; none carries a secret.

::

    StupeflixError
    ├── StupeflixRejected          the service said no (also CloudRejected)
    │   └── StupeflixUnauthorized  401: wrong credentials, or the account's limits are reached
    ├── StupeflixUnavailable       it may pass (also CloudUnavailable)
    │   ├── StupeflixAnswerLost    tasks may have been created; nobody knows (also AnswerLost)
    │   └── StreamBroken           a stream ended before its tasks did
    └── TaskFailed                 the task ended on an error (also CloudRejected)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core.failure import cut
from ...exceptions import AnswerLost, CloudError, CloudRejected, CloudUnavailable
from . import wire


class StupeflixError(CloudError):
    """``status_code`` is None if there was no answer. ``body`` is the answer as JSON, or as text if it is none."""

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        path: str = "",
        status_code: int | None = None,
        body: Any = None,
        code: str | None = None,
        is_retryable: bool | None = None,
    ) -> None:
        said = "" if body is None else body if isinstance(body, str) else wire.render_json(body, is_echo=True).decode()
        super().__init__(message, code=code, is_retryable=is_retryable, log=cut(said))
        self.method = method
        self.path = path
        self.status_code = status_code
        self.body = body

    @property
    def errors(self) -> list[wire.RequestError]:
        """What the service found wrong with the request."""
        return wire.parse_request_errors(self.body)


class StupeflixRejected(StupeflixError, CloudRejected):
    pass


class StupeflixUnauthorized(StupeflixRejected):
    code = "unauthorized"
    advice = "Check the secret or the API key, the referrer, and the limits of the account."


class StupeflixUnavailable(StupeflixError, CloudUnavailable):
    pass


class StupeflixAnswerLost(StupeflixUnavailable, AnswerLost):
    pass


class StreamBroken(StupeflixUnavailable):
    """``statuses`` is the last that was heard of each task, in the order of the first line."""

    code = "stream_broken"
    advice = "Ask for the status of the tasks: they go on without the stream."

    def __init__(self, message: str, *, statuses: Sequence[wire.TaskStatus], method: str = "", path: str = "") -> None:
        super().__init__(message, method=method, path=path, status_code=200)
        self.statuses = tuple(statuses)


class TaskFailed(StupeflixError, CloudRejected):
    """``status`` is the task's final status; ``status.parameter_errors`` are the parameters to correct, if any."""

    code = "task_failed"

    def __init__(self, status: wire.TaskStatus) -> None:
        super().__init__(status.message or "The task failed.", body=dict(status.raw))
        self.status = status
