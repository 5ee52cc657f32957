"""Vimeo, by its API v3 with OAuth2: the film goes by tus 1.0.0.

Facts: https://developer.vimeo.com/api/upload/videos ("Resumable approach", API 3.4), https://tus.io/protocols/resumable-upload
(version 1.0.0, core protocol).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ...exceptions import DeliveryError, DeliveryFailed, DeliveryRefused
from ..exchange import is_retryable_status
from . import vimeo_v2
from .conversation import Answer, Conversation, count_of
from .patience import Patience, ask_patiently
from .result import Uploaded

ENDPOINT = "https://api.vimeo.com"
CHUNK_BYTES = 128 * 1024 * 1024
"""Of one PATCH: the least that Vimeo advises."""
TUS = {"Tus-Resumable": "1.0.0"}

_VIDEO_URI = re.compile(r"/videos/(\d{1,20})(?::[0-9a-f]+)?")
_BUSY = frozenset({409, 423})
"""tus: another offset is due; the upload is locked (by our own broken request)."""


def upload(conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> Uploaded:
    if not parameters["oauth2_token"]:
        return vimeo_v2.upload(conversation, parameters, endpoint)
    return _Upload(conversation, parameters, endpoint or ENDPOINT).run()


class _Upload:
    def __init__(self, conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> None:
        self.conversation = conversation
        self.parameters = parameters
        self.endpoint = endpoint
        self.size = conversation.film.size_bytes
        self.headers = {
            "Authorization": f"bearer {parameters['oauth2_token']}",
            "Accept": "application/vnd.vimeo.*+json;version=3.4",
        }

    def run(self) -> Uploaded:
        free_bytes = self.free_space()
        video_id, link, upload_link = self.create()
        try:
            self.transfer(upload_link)
        except BaseException as error:
            # What was created is an empty film on somebody's page.
            if self.conversation.farewell("DELETE", f"{self.endpoint}/videos/{video_id}", headers=self.headers):
                self.conversation.is_unsure = False
            if self.conversation.is_unsure and isinstance(error, DeliveryRefused):
                raise self.conversation.unknown(error) from None
            raise
        return Uploaded(
            url=link or f"https://vimeo.com/{video_id}",
            values={"free_space": free_bytes, "uploaded_file_size": self.size},
        )

    def free_space(self) -> int | None:
        """Bytes left on the account; None if it has no end, or if the token may not know."""
        url = f"{self.endpoint}/me?fields=upload_quota"
        answer = ask_patiently(self.conversation, "GET", url, headers=lambda: self.headers)
        if answer.status == 401 or is_retryable_status(answer.status):
            raise self.error(answer)
        quota = answer.json().get("upload_quota")
        space = quota.get("space") if isinstance(quota, dict) else None
        free_bytes = space.get("free") if isinstance(space, dict) else None
        if not isinstance(free_bytes, int) or isinstance(free_bytes, bool):
            return None
        if free_bytes < self.size:
            raise DeliveryRefused(
                f"The film has {self.size} bytes, and the Vimeo account has room for {free_bytes}.",
                code="delivery_quota",
            )
        return free_bytes

    def create(self) -> tuple[str, str, str]:
        """The new video's id, its page, and where its bytes go."""
        body: dict[str, Any] = {"upload": {"approach": "tus", "size": self.size}}
        for ours, theirs in (("title", "name"), ("description", "description")):
            if self.parameters[ours]:
                body[theirs] = self.parameters[ours]
        url = f"{self.endpoint}/me/videos"
        headers = {**self.headers, "Content-Type": "application/json"}
        answer = ask_patiently(
            self.conversation,
            "POST",
            url,
            headers=lambda: headers,
            body=json.dumps(body).encode(),
            # Each one that gets through makes another video.
            is_repeatable=False,
        )
        if answer.status not in (200, 201):
            raise self.error(answer)
        told = answer.json()
        uploading = told.get("upload")
        upload_link = uploading.get("upload_link") if isinstance(uploading, dict) else None
        match = _VIDEO_URI.fullmatch(str(told.get("uri")))
        if not match or not isinstance(upload_link, str) or not upload_link:
            raise self.conversation.nonsense("opened an upload and did not say where", answer)
        upload_link = self.conversation.next_address(url, upload_link, answer)
        link = told.get("link")
        is_page = isinstance(link, str) and link.startswith("https://vimeo.com/")
        return match[1], str(link) if is_page else "", upload_link

    def transfer(self, link: str) -> None:
        patience = Patience(self.conversation)
        offset, is_sure = 0, True
        while offset < self.size or not is_sure:
            try:
                answer = self.send_chunk(link, offset) if is_sure else self.ask_offset(link)
            except DeliveryFailed as error:
                self.conversation.is_unsure = self.conversation.sent == self.size
                patience.wait(error)
                is_sure = False
                continue
            if answer.status in (200, 204):
                self.conversation.is_unsure = False
                self.conversation.sent = received = self.offset(answer)
                patience.arrived(received)
                if received <= offset and is_sure:
                    patience.wait(DeliveryFailed("Vimeo takes no more of the film."), answer.wait_s)
                offset, is_sure = received, True
            elif answer.status in _BUSY:
                patience.wait(DeliveryFailed("Vimeo is still busy with an earlier part of the film."), answer.wait_s)
                is_sure = False
            elif is_retryable_status(answer.status):
                self.conversation.is_unsure = self.conversation.sent == self.size
                patience.wait(self.error(answer), answer.wait_s)
                is_sure = False
            elif answer.status in (404, 410):
                raise DeliveryFailed("Vimeo forgot an upload that was under way.", code="delivery_expired")
            else:
                raise self.error(answer)

    def send_chunk(self, link: str, start: int) -> Answer:
        headers = {**TUS, "Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
        stop = min(start + CHUNK_BYTES, self.size)
        return self.conversation.send("PATCH", link, headers=headers, start=start, stop=stop, is_publishing=True)

    def ask_offset(self, link: str) -> Answer:
        return self.conversation.ask("HEAD", link, headers=TUS)

    def offset(self, answer: Answer) -> int:
        received = count_of((answer.headers.get("Upload-Offset") or "").strip())
        if received is None or received > self.conversation.reached:
            raise self.conversation.nonsense("says that it has more of the film than was sent", answer)
        return received

    def error(self, answer: Answer) -> DeliveryError:
        words = answer.json().get("error")
        return self.conversation.error(answer, words if isinstance(words, str) else "")
