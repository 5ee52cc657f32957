"""Facebook, by the resumable video upload of the Graph API: start, transfer, finish.

Facts: https://developers.facebook.com/docs/graph-api/video-uploads (phases), .../docs/video-api/reference/error-codes
(subcodes), .../docs/graph-api/reference/user/videos (fields), .../docs/graph-api/guides/error-handling (is_transient),
.../docs/graph-api/securing-requests (appsecret_proof). Users may no longer be posted for: ``me`` of a page's token is
the page. Tokens go in the body, as a URL is written into logs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ...core.destinations import NO_KEY
from ...exceptions import DeliveryError, DeliveryFailed
from ..exchange import is_retryable_status
from ..session import RETRIED_STATUSES
from .conversation import Answer, Conversation, count_of
from .patience import Patience
from .result import Uploaded

ENDPOINT = "https://graph-video.facebook.com"
READ_ENDPOINT = "https://graph.facebook.com"
VERSION = "v21.0"
"""A version that has expired is answered by the oldest that has not."""

WRONG_OFFSET = 1363037
PASSING_SUBCODES = frozenset({1363019, 1363030, 1363033})
"""Of the documentation's error codes: a problem while uploading, a timeout, a part that came incomplete."""
BUSY_CODES = frozenset({1, 2})
"""An unknown error, and a service that is down: "retry", says the documentation."""

_ID = re.compile(r"\d{1,32}")


def upload(conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> Uploaded:
    return _Upload(conversation, parameters, endpoint).run()


class _Upload:
    def __init__(self, conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> None:
        self.conversation = conversation
        self.parameters = parameters
        self.url = f"{endpoint or ENDPOINT}/{VERSION}/me/videos"
        self.read_endpoint = endpoint or READ_ENDPOINT
        self.size = conversation.film.size_bytes
        token: str = parameters["access_token"]
        self.keys = {"access_token": token}
        self.proof = ""
        if parameters["app_secret"] != NO_KEY:
            self.proof = hmac.new(parameters["app_secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
            self.keys["appsecret_proof"] = self.proof
            conversation.secrets.add(self.proof)

    def run(self) -> Uploaded:
        session_id, video_id, start, stop = self.begin()
        self.transfer(session_id, start, stop)
        self.finish(session_id, video_id)
        return Uploaded(url=f"https://www.facebook.com/watch/?v={video_id}")

    def begin(self) -> tuple[str, str, int, int]:
        answer = self.post_patiently({"upload_phase": "start", "file_size": str(self.size)})
        told = answer.json()
        session_id, video_id = str(told.get("upload_session_id")), str(told.get("video_id"))
        if not _ID.fullmatch(session_id) or not _ID.fullmatch(video_id):
            raise self.conversation.nonsense("opened an upload and did not say which", answer)
        return (session_id, video_id, *self.offsets(told, answer))

    def transfer(self, session_id: str, start: int, stop: int) -> None:
        patience = Patience(self.conversation)
        while start < stop:
            patience.arrived(start)
            try:
                answer = self.send_part(session_id, start, stop)
            except DeliveryFailed as lost:
                # If the part has arrived and only the answer was lost, the next try is told which part is due.
                patience.wait(lost)
                continue
            told = _error_of(answer)
            if told.get("error_subcode") == WRONG_OFFSET:
                patience.wait(DeliveryFailed("Facebook wants another part of the film."), answer.wait_s)
                start, stop = self.offsets(_data_of(told), answer)
            elif told or answer.status != 200:
                patience.wait(self.error(answer), answer.wait_s)
            else:
                before = start
                start, stop = self.offsets(answer.json(), answer)
                if start <= before:
                    patience.wait(DeliveryFailed("Facebook takes no more of the film."), answer.wait_s)
        if start != self.size:
            raise self.conversation.nonsense(f"stopped after {start} of the film's {self.size} bytes")

    def send_part(self, session_id: str, start: int, stop: int) -> Answer:
        fields = {
            **self.keys,
            "upload_phase": "transfer",
            "upload_session_id": session_id,
            "start_offset": str(start),
        }
        boundary = secrets.token_hex(16)
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        # The name that came from outside stays here: nobody shows it, and quotes in it would end the field.
        head += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="video_file_chunk"; filename="film"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        return self.conversation.send(
            "POST",
            self.url,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
            start=start,
            stop=stop,
            head=head.encode(),
            tail=f"\r\n--{boundary}--\r\n".encode(),
        )

    def finish(self, session_id: str, video_id: str) -> None:
        given = self.parameters
        form = {"upload_phase": "finish", "upload_session_id": session_id}
        form |= {name: given[name] for name in ("title", "description") if given[name]}
        if given["privacy"] != "AUTO":
            form["privacy"] = json.dumps({"value": given["privacy"]})
        if given["no_story"]:
            form["no_story"] = "true"
        self.conversation.begin_publishing()
        patience = Patience(self.conversation)
        while True:
            try:
                answer = self.post(form)
            except DeliveryFailed as error:
                self.conversation.is_unsure = True
                patience.wait(error)
            else:
                trouble = self.trouble(answer)
                if trouble is None and answer.json().get("success") is not True:
                    raise self.conversation.nonsense("does not say that it has published the film", answer)
                if trouble is None:
                    return
                if self.conversation.is_unsure and not trouble.is_retryable:
                    # A session that is finished takes no second finish.
                    raise self.conversation.unknown(trouble)
                # A gateway says so, too, of what was carried out behind it.
                self.conversation.is_unsure |= trouble.is_retryable and answer.status not in RETRIED_STATUSES
                patience.wait(trouble, answer.wait_s)
            if self.is_published(video_id):
                return

    def is_published(self, video_id: str) -> bool:
        """Whether Facebook works on the film already: then the lost answer to our finish was a yes."""
        url = f"{self.read_endpoint}/{VERSION}/{video_id}?fields=status"
        url += f"&appsecret_proof={self.proof}" if self.proof else ""
        try:
            answer = self.conversation.ask("GET", url, headers={"Authorization": f"Bearer {self.keys['access_token']}"})
        except DeliveryFailed:
            return False
        status = answer.json().get("status")
        return isinstance(status, dict) and status.get("video_status") in ("processing", "ready")

    def post(self, form: Mapping[str, str]) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.conversation.ask("POST", self.url, headers=headers, body=urlencode({**self.keys, **form}).encode())

    def post_patiently(self, form: Mapping[str, str]) -> Answer:
        """A start that got lost leaves nothing but a session that nobody uses."""
        patience = Patience(self.conversation)
        while True:
            try:
                answer = self.post(form)
            except DeliveryFailed as error:
                patience.wait(error)
                continue
            trouble = self.trouble(answer)
            if trouble is None:
                return answer
            patience.wait(trouble, answer.wait_s)

    def offsets(self, told: Mapping[str, Any], answer: Answer) -> tuple[int, int]:
        """The part that is due next, in bytes: from the first to before the second."""
        start, stop = count_of(told.get("start_offset")), count_of(told.get("end_offset"))
        if start is None or stop is None:
            raise self.conversation.nonsense("does not say which part of the film is due", answer)
        if not start <= stop <= self.size:
            raise self.conversation.nonsense("asks for a part that the film does not have", answer)
        if start > self.conversation.reached:
            raise self.conversation.nonsense("says that it has more of the film than was sent", answer)
        return start, stop

    def trouble(self, answer: Answer) -> DeliveryError | None:
        return None if answer.status == 200 and not _error_of(answer) else self.error(answer)

    def error(self, answer: Answer) -> DeliveryError:
        told = _error_of(answer)
        words = told.get("error_user_msg") or told.get("message")
        error = self.conversation.error(answer, words if isinstance(words, str) else "")
        may_pass = (
            told.get("is_transient") is True
            or told.get("error_subcode") in PASSING_SUBCODES
            or told.get("code") in BUSY_CODES
        )
        if may_pass and not is_retryable_status(answer.status):
            return DeliveryFailed(str(error), code=error.code, log=error.log)
        return error


def _error_of(answer: Answer) -> dict[str, Any]:
    error = answer.json().get("error")
    return error if isinstance(error, dict) else {}


def _data_of(error: Mapping[str, Any]) -> dict[str, Any]:
    """``error_data``: an object, or the JSON text of one."""
    data = error.get("error_data")
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            return {}
    return data if isinstance(data, dict) else {}
