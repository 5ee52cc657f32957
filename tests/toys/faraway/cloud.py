from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, ClassVar

import requests

from django_mediacloud.clouds.base import Cloud, Message, News, Work
from django_mediacloud.core.capabilities import Capabilities, OperationInfo
from django_mediacloud.core.failure import Failure
from django_mediacloud.core.parameters import Parameter, Parameters, Type
from django_mediacloud.core.spec import Kind, ProducedFile, Snapshot
from django_mediacloud.core.states import State
from django_mediacloud.core.strict_json import parse_json
from django_mediacloud.exceptions import AnswerLost, CloudRejected, CloudUnavailable

OPERATIONS = {
    "render": OperationInfo(
        name="render",
        summary="Rendering, far away",
        parameters=Parameters((Parameter(name="text", type=Type.STRING, is_required=True),)),
        kinds=frozenset(Kind),
    )
}
SECRET = b"of the service"
STATES = {"working": State.RUNNING, "done": State.COLLECTING, "broken": State.FAILED, "stopped": State.CANCELLED}


def sign(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


class Adapter(Cloud):
    options: ClassVar[Mapping[str, Any]] = {"endpoint": "", "can_find": False}

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            operations=OPERATIONS, is_remote=True, can_cancel=True, can_find_by_token=self._options["can_find"]
        )

    def submit(self, work: Work) -> Snapshot:
        return self._ask("POST", "/jobs", json={"token": work.token, **work.parameters})

    def find(self, token: str) -> Snapshot | None:
        return self._ask("GET", f"/tokens/{token}") if self._options["can_find"] else super().find(token)

    def poll(self, remote_id: str, operation: str) -> Snapshot:
        return self._ask("GET", f"/jobs/{remote_id}")

    def cancel(self, remote_id: str) -> None:
        self._ask("DELETE", f"/jobs/{remote_id}")

    def read_notification(self, message: Message) -> News:
        """A signed one tells all; an unsigned one, only whom it is about."""
        signature = message.headers.get("x-signature")
        if signature is not None and not hmac.compare_digest(signature.encode(), sign(message.body).encode()):
            raise CloudRejected("The signature is wrong.", cloud=self.alias)
        try:
            told = parse_json(message.body)
            snapshot = self._read(told)
        except (ValueError, TypeError, LookupError):
            raise CloudRejected("This is no message of the service.", cloud=self.alias) from None
        if signature is None:
            return News(remote_id=snapshot.remote_id)
        return News(remote_id=snapshot.remote_id, key=str(told.get("key", "")), snapshot=snapshot, is_verified=True)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        lost = AnswerLost if method == "POST" else CloudUnavailable
        try:
            response = requests.request(method, self._options["endpoint"] + path, timeout=60, **more)
        except requests.RequestException as error:
            raise lost("No answer.", cloud=self.alias) from error
        if response.status_code == 404:
            return None
        if response.status_code >= 500:
            unavailable = CloudUnavailable if response.status_code == 503 else lost
            raise unavailable("It is down.", cloud=self.alias)
        if response.status_code >= 400:
            raise CloudRejected(response.text, cloud=self.alias)
        try:
            return self._read(parse_json(response.content))
        except (ValueError, TypeError, LookupError):
            raise lost("The answer cannot be read.", cloud=self.alias) from None

    def _read(self, told: dict[str, Any]) -> Snapshot:
        state = STATES[told["status"]]
        return Snapshot(
            state=state,
            remote_id=str(told["id"]),
            progress=told.get("progress"),
            files=tuple(
                ProducedFile(name=name, content_type="text/plain", url=url)
                for name, url in told.get("files", {}).items()
            ),
            failure=Failure(code="render", message="It broke.") if state == State.FAILED else None,
            raw=told,
        )
