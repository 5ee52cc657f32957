"""The one error tree.

::

    MediaCloudError
    ├── ConfigurationError          a setting is wrong or missing
    ├── InvalidParameters           what was asked for does not fit what the operation declares
    ├── UnknownOperation            the cloud has no operation of that name
    ├── NotAllowed                  the job's present state does not allow it
    ├── IdempotencyConflict         the same idempotency key came with another request
    ├── AccessRefused               who asks shows no credentials that this site knows
    ├── LimitReached                the credentials are good, but used too much
    ├── WorkStopped                 a job was cancelled or taken over while its work ran
    ├── MediaError                  the media, or what was asked of it
    │   ├── UnreadableMedia         nothing can be made of the file
    │   ├── UnsupportedMedia        readable, but not by this operation (a picture where sound is needed)
    │   ├── IncompleteMedia         the file ends too early, so the result would be short
    │   └── LimitExceeded           time, memory, size or pixels beyond the limit
    ├── EngineError                 the machine's side
    │   ├── EngineUnavailable       the [engine] extra or a usable ffmpeg is missing
    │   └── EngineCrashed           the child process died
    ├── FetchError                  a URL that was to be read
    │   ├── FetchRefused            the rules forbid it
    │   └── FetchFailed             the network or the other side
    ├── DeliveryError               a finished file on its way to another platform
    │   ├── DeliveryRefused         the platform said no: to the token, the account's quota, the file
    │   └── DeliveryFailed          the network or the platform: may pass
    │       └── DeliveryUnknown     nobody can tell whether the file arrived
    ├── StorageError                the site's own storage did not take or give a file
    └── CloudError                  a service's answer
        ├── CloudUnavailable        network, 429, 5xx: may pass
        │   └── AnswerLost          the request went out, and the connection broke before the answer
        ├── CloudRejected           the service said no
        └── SubmissionUnknown       nobody can tell whether the service took the job

Every error carries a stable ``code``, a sentence for a person (``str(error)``), ``advice`` on what to do next, and
``is_retryable``. None ever carries a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class MediaCloudError(Exception):
    """Base of all errors of this package."""

    code: str = "error"
    advice: str = ""
    is_retryable: bool = False

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        advice: str | None = None,
        is_retryable: bool | None = None,
        cloud: str = "",
        operation: str = "",
        log: str = "",
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        if advice is not None:
            self.advice = advice
        if is_retryable is not None:
            self.is_retryable = is_retryable
        self.cloud = cloud
        self.operation = operation
        self.log = log

    @property
    def full_message(self) -> str:
        """The message, followed by the advice if there is any: whole sentences."""
        message = str(self)
        if message and self.advice and message[-1] not in ".!?":
            message += "."
        return f"{message} {self.advice}".strip()


class ConfigurationError(MediaCloudError):
    code = "configuration"
    advice = "Correct the setting and restart the site and its workers."


class InvalidParameters(MediaCloudError):
    """``errors`` maps each parameter's name to its messages, in the order in which they were found."""

    code = "invalid_parameters"
    advice = "Correct the parameters named and submit again."

    def __init__(self, errors: Mapping[str, Sequence[str]], *, cloud: str = "", operation: str = "") -> None:
        self.errors: dict[str, list[str]] = {name: list(messages) for name, messages in errors.items()}
        sentence = "; ".join(f"{name}: {', '.join(messages)}" for name, messages in self.errors.items())
        super().__init__(sentence, cloud=cloud, operation=operation)


class UnknownOperation(MediaCloudError):
    code = "unknown_operation"
    advice = "Ask for one of the operations that the cloud lists."


class NotAllowed(MediaCloudError):
    code = "not_allowed"
    advice = "Look at the job's present state and decide again."


class IdempotencyConflict(MediaCloudError):
    code = "idempotency_conflict"
    advice = "Use a new idempotency key for a new request."


class AccessRefused(MediaCloudError):
    code = "access_refused"
    advice = "Check the key, and that it has not been revoked."


class LimitReached(MediaCloudError):
    """``retry_after_s``: seconds after which asking again makes sense."""

    code = "limit_reached"
    advice = "Wait, or raise the key's limits."
    is_retryable = True

    def __init__(self, message: str = "", *, retry_after_s: int = 60) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class WorkStopped(MediaCloudError):
    """Raised into running work when its lease is gone: cancelled, taken over, or the worker is going down."""

    code = "stopped"


class MediaError(MediaCloudError):
    code = "media"


class UnreadableMedia(MediaError):
    code = "unreadable_media"
    advice = "Check that the file plays or opens elsewhere, and upload it again."


class UnsupportedMedia(MediaError):
    code = "unsupported_media"
    advice = "Choose another operation or profile for this kind of file."


class IncompleteMedia(MediaError):
    code = "incomplete_media"
    advice = "The file ends before it should. Upload the whole file again."


class LimitExceeded(MediaError):
    """``code`` names the limit: ``too_many_pixels``, ``wall_time``, ``cpu_time``, ``memory``, ``output_size``."""

    code = "limit_exceeded"
    advice = "Use a smaller file, or raise the limit in the cloud's OPTIONS['limits']."


class EngineError(MediaCloudError):
    code = "engine"


class EngineUnavailable(EngineError):
    code = "engine_unavailable"
    advice = "Install the engine: pip install 'django-mediacloud[engine]'."


class EngineCrashed(EngineError):
    code = "engine_crashed"
    advice = "Read the log. The file may be made to crash decoders: treat it with care."


class FetchError(MediaCloudError):
    code = "fetch"


class FetchRefused(FetchError):
    code = "fetch_refused"
    advice = "Give an address on the public internet, or allow the host in MEDIACLOUD['FETCH']['ALLOW']."


class FetchFailed(FetchError):
    code = "fetch_failed"
    advice = "Check that the address still answers, and retry."


class DeliveryError(MediaCloudError):
    """``code`` is ``delivery_http_<status>`` where the platform answered."""

    code = "delivery"


class DeliveryRefused(DeliveryError):
    code = "delivery_refused"
    advice = "Check the token, the account and the film's own limits there, and submit again."


class DeliveryFailed(DeliveryError):
    """It did not arrive."""

    code = "delivery_failed"
    advice = "Look whether the address is right and answers, and retry."
    is_retryable = True


class DeliveryUnknown(DeliveryFailed):
    """It may have arrived, and a second try would bring it there twice: a person is to decide."""

    code = "delivery_unknown"
    advice = "Look whether the film has arrived there, and retry if not."
    is_retryable = False


class StorageError(MediaCloudError):
    code = "storage"
    advice = "Check the storage (mediacloud_check), and retry."
    is_retryable = True


class CloudError(MediaCloudError):
    code = "cloud"


class CloudUnavailable(CloudError):
    code = "cloud_unavailable"
    advice = "The service does not answer now. It is tried again by itself."
    is_retryable = True


class AnswerLost(CloudUnavailable):
    """A cloud's ``submit`` raises this, never a plain ``CloudUnavailable``, once the service may have the job."""

    code = "answer_lost"


class CloudRejected(CloudError):
    code = "cloud_rejected"
    advice = "Read the service's answer in the log."


class SubmissionUnknown(CloudError):
    code = "submission_unknown"
    advice = "Look into the service's own console whether it took the job; retry only if it did not."
