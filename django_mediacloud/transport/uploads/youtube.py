"""YouTube, by the resumable upload of its Data API v3.

Facts: https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol (the protocol),
https://developers.google.com/youtube/v3/docs/videos/insert (fields and errors).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ...exceptions import DeliveryError, DeliveryFailed
from ..address import parse_address
from ..exchange import is_retryable_status
from .conversation import Answer, Conversation
from .patience import Patience, ask_patiently
from .result import Uploaded

ENDPOINT = "https://www.googleapis.com"
CHUNK_BYTES = 64 * 1024 * 1024
"""Of one PUT. All but the last must be a multiple of 256 KiB."""

_RECEIVED = re.compile(r"bytes=0-([0-9]{1,18})")
_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _SessionLost(Exception):
    """The session has expired: the upload begins anew."""


def upload(conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> Uploaded:
    try:
        resource = _Session(conversation, parameters, endpoint or ENDPOINT).run()
    except _SessionLost:
        try:
            resource = _Session(conversation, parameters, endpoint or ENDPOINT).run()
        except _SessionLost:
            raise DeliveryFailed("YouTube twice forgot an upload that was under way.") from None
    video_id = resource.get("id")
    if not isinstance(video_id, str) or not _VIDEO_ID.fullmatch(video_id):
        raise conversation.nonsense("took the film and did not say under which id")
    return Uploaded(url=f"https://www.youtube.com/watch?v={video_id}")


class _Session:
    """One resumable session. The token goes to the endpoint's own host only."""

    def __init__(self, conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> None:
        self.conversation = conversation
        self.parameters = parameters
        self.endpoint = endpoint
        self.size = conversation.film.size_bytes
        self.url = ""
        self.authorization: dict[str, str] = {"Authorization": f"Bearer {parameters['access_token']}"}

    def run(self) -> dict[str, Any]:
        """The video resource of the finished upload."""
        self.begin()
        try:
            return self.transfer()
        except _SessionLost:
            raise
        except BaseException:
            self.conversation.farewell("DELETE", self.url, headers={**self.authorization, "Content-Length": "0"})
            raise

    def begin(self) -> None:
        film = self.conversation.film
        given = self.parameters
        snippet = {"title": given["title"], "tags": given["tags"], "categoryId": str(given["category_id"])}
        if given["description"]:
            snippet["description"] = given["description"]
        headers = {
            **self.authorization,
            "X-Goog-Api-Key": given["developer_key"],
            "Content-Type": "application/json; charset=UTF-8",
            "X-Upload-Content-Length": str(film.size_bytes),
            "X-Upload-Content-Type": film.content_type,
        }
        url = f"{self.endpoint}/upload/youtube/v3/videos?uploadType=resumable&part=snippet,status"
        body = json.dumps({"snippet": snippet, "status": {"privacyStatus": given["privacy_status"]}}).encode()
        answer = ask_patiently(self.conversation, "POST", url, headers=lambda: headers, body=body)
        if answer.status != 200:
            raise self.refusal(answer)
        location = answer.headers.get("Location")
        if not location:
            raise self.conversation.nonsense("opened an upload and did not say where", answer)
        self.url = self.conversation.next_address(url, location, answer)
        if parse_address(self.url).origin != parse_address(self.endpoint).origin:
            self.authorization = {}

    def transfer(self) -> dict[str, Any]:
        patience = Patience(self.conversation)
        offset, is_sure = 0, True
        while True:
            is_question = not is_sure or offset == self.size
            try:
                answer = self.ask_progress() if is_question else self.send_chunk(offset)
            except DeliveryFailed as error:
                self.conversation.is_unsure = self.conversation.sent == self.size
                patience.wait(error)
                is_sure = False
                continue
            if answer.status in (200, 201):
                if self.conversation.reached < self.size:
                    raise self.conversation.nonsense("says that it has the film before all of it was sent", answer)
                return answer.json()
            if answer.status == 308:
                self.conversation.sent = received = self.received(answer)
                # It says that more is to come even when there is no more: then it may be about to publish the film.
                self.conversation.is_unsure = received == self.size
                patience.arrived(received)
                if received <= offset and is_sure:
                    patience.wait(DeliveryFailed("YouTube takes no more of the film."), answer.wait_s)
                offset, is_sure = received, True
            elif answer.status in (404, 410):
                if self.conversation.is_unsure:
                    raise DeliveryFailed("YouTube has forgotten the upload.")
                raise _SessionLost
            elif is_retryable_status(answer.status):
                self.conversation.is_unsure = self.conversation.sent == self.size
                patience.wait(self.conversation.error(answer), answer.wait_s)
                is_sure = False
            elif self.conversation.is_unsure:
                raise self.conversation.unknown(self.refusal(answer))
            else:
                raise self.refusal(answer)

    def send_chunk(self, start: int) -> Answer:
        stop = min(start + CHUNK_BYTES, self.size)
        headers = {
            **self.authorization,
            "Content-Type": self.conversation.film.content_type,
            "Content-Range": f"bytes {start}-{stop - 1}/{self.size}",
        }
        return self.conversation.send("PUT", self.url, headers=headers, start=start, stop=stop, is_publishing=True)

    def ask_progress(self) -> Answer:
        headers = {**self.authorization, "Content-Range": f"bytes */{self.size}"}
        return self.conversation.ask("PUT", self.url, headers=headers, body=b"")

    def received(self, answer: Answer) -> int:
        """How many bytes YouTube has. Without a Range it has none."""
        text = answer.headers.get("Range")
        if text is None:
            return 0
        match = _RECEIVED.fullmatch(text.strip())
        if not match or int(match[1]) >= self.conversation.reached:
            raise self.conversation.nonsense("says that it has more of the film than was sent", answer)
        return int(match[1]) + 1

    def refusal(self, answer: Answer) -> DeliveryError:
        """The error with the first reason that YouTube gives: ``quotaExceeded``, ``uploadLimitExceeded``, ..."""
        error = answer.json().get("error")
        if not isinstance(error, dict):
            return self.conversation.error(answer)
        reasons = error.get("errors")
        first = reasons[0] if isinstance(reasons, list) and reasons and isinstance(reasons[0], dict) else {}
        words = [text for text in (first.get("reason"), error.get("message")) if isinstance(text, str) and text]
        return self.conversation.error(answer, ": ".join(words))
