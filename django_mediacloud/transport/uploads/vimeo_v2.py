"""Vimeo, by its old API v2 ("Advanced API") with OAuth1: the streaming upload.

Facts: https://developer.vimeo.com/apis/advanced/upload as it stood until Vimeo switched the API off; a copy of 2011 is
https://web.archive.org/web/20111122224731/http://vimeo.com/api/docs/upload. The second number of a Range or
Content-Range is the count of bytes up to there, as Vimeo's own clients read and write it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ...exceptions import DeliveryError, DeliveryFailed, DeliveryRefused
from ..exchange import is_retryable_status
from .conversation import Answer, Conversation, count_of
from .oauth1 import OAuth1
from .patience import Patience, ask_patiently
from .result import Uploaded

ENDPOINT = "https://vimeo.com"
BUSY_CODE = "105"
"""The API's error "Service currently unavailable"."""

_RECEIVED = re.compile(r"bytes=0-([0-9]{1,18})")
_VIDEO_ID = re.compile(r"\d{1,20}")


def upload(conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> Uploaded:
    return _Upload(conversation, parameters, endpoint or ENDPOINT).run()


class _Upload:
    def __init__(self, conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> None:
        self.conversation = conversation
        self.parameters = parameters
        self.url = f"{endpoint}/api/rest/v2"
        self.size = conversation.film.size_bytes
        self.oauth = OAuth1(
            consumer_key=parameters["consumer_key"],
            consumer_secret=parameters["consumer_secret"],
            token=parameters["access_token_key"],
            token_secret=parameters["access_token_secret"],
        )

    def run(self) -> Uploaded:
        free_bytes = self.free_space()
        ticket_id, target = self.ticket()
        self.transfer(target)
        self.verify(ticket_id)
        self.conversation.begin_publishing()
        self.conversation.is_unsure = True
        completed = self.call(
            "vimeo.videos.upload.complete", filename=self.conversation.film.filename, ticket_id=ticket_id
        )
        video_id = str(_inner(completed, "ticket").get("video_id"))
        if not _VIDEO_ID.fullmatch(video_id):
            raise self.conversation.nonsense("took the film and did not say under which id")
        self.conversation.is_unsure = False
        url = f"https://vimeo.com/{video_id}"
        self.name(video_id, url)
        return Uploaded(url=url, values={"free_space": free_bytes, "uploaded_file_size": self.size})

    def free_space(self) -> int | None:
        """Bytes left on the account; None if Vimeo does not say."""
        user = _inner(self.call("vimeo.videos.upload.getQuota"), "user")
        free_bytes = count_of(_inner(user, "upload_space").get("free"))
        if free_bytes is not None and free_bytes < self.size:
            raise DeliveryRefused(
                f"The film has {self.size} bytes, and the Vimeo account has room for {free_bytes}.",
                code="delivery_quota",
            )
        return free_bytes

    def ticket(self) -> tuple[str, str]:
        """The ticket's id, and where the film goes."""
        ticket = _inner(self.call("vimeo.videos.upload.getTicket", upload_method="streaming"), "ticket")
        target = ticket.get("endpoint_secure") or ticket.get("endpoint")
        if not isinstance(ticket.get("id"), str) or not isinstance(target, str) or not target:
            raise self.conversation.nonsense("opened an upload and did not say where")
        max_bytes = count_of(ticket.get("max_file_size"))
        if max_bytes is not None and max_bytes < self.size:
            raise DeliveryRefused(
                f"The film has {self.size} bytes, and Vimeo takes {max_bytes} at most.", code="delivery_too_large"
            )
        return ticket["id"], self.conversation.next_address(self.url, target)

    def transfer(self, target: str) -> None:
        patience = Patience(self.conversation)
        offset, is_sure = 0, True
        while offset < self.size or not is_sure:
            try:
                answer = self.send(target, offset) if is_sure else self.ask_progress(target)
            except DeliveryFailed as error:
                patience.wait(error)
                is_sure = False
                continue
            if answer.status == 200:
                # Whether all of it is there, verify() asks.
                return
            if answer.status == 308:
                received = self.received(answer)
                patience.arrived(received)
                if received <= offset and is_sure:
                    patience.wait(DeliveryFailed("Vimeo takes no more of the film."), answer.wait_s)
                offset, is_sure = received, True
            elif is_retryable_status(answer.status):
                patience.wait(self.conversation.error(answer), answer.wait_s)
                is_sure = False
            else:
                raise self.conversation.error(answer)

    def send(self, target: str, start: int) -> Answer:
        headers = {"Content-Type": self.conversation.film.content_type}
        if start:
            headers["Content-Range"] = f"bytes {start}-{self.size}/{self.size}"
        return self.conversation.send("PUT", target, headers=headers, start=start, stop=self.size)

    def ask_progress(self, target: str) -> Answer:
        return self.conversation.ask("PUT", target, headers={"Content-Range": "bytes */*"}, body=b"")

    def received(self, answer: Answer) -> int:
        text = answer.headers.get("Range")
        if text is None:
            return 0
        match = _RECEIVED.fullmatch(text.strip())
        if not match or int(match[1]) > self.conversation.reached:
            raise self.conversation.nonsense("says that it has more of the film than was sent", answer)
        return int(match[1])

    def verify(self, ticket_id: str) -> None:
        """``DeliveryFailed`` unless every byte has arrived."""
        ticket = _inner(self.call("vimeo.videos.upload.verifyChunks", ticket_id=ticket_id), "ticket")
        # XML made into JSON: one chunk is an object, several are a list.
        chunks = _inner(ticket, "chunks").get("chunk")
        sizes = [
            count_of(chunk.get("size"))
            for chunk in (chunks if isinstance(chunks, list) else [chunks])
            if isinstance(chunk, dict)
        ]
        arrived = sum(size or 0 for size in sizes)
        if arrived != self.size:
            raise DeliveryFailed(f"Of the film's {self.size} bytes {arrived} have arrived at Vimeo.")

    def name(self, video_id: str, url: str) -> None:
        for verb, name in (("setTitle", "title"), ("setDescription", "description")):
            if not self.parameters[name]:
                continue
            try:
                self.call(f"vimeo.videos.{verb}", video_id=video_id, **{name: self.parameters[name]})
            except DeliveryError as error:
                # To begin anew would bring the film there a second time.
                raise DeliveryFailed(
                    f"The film is at {url}, but without its {name}: {error}",
                    code="delivery_unnamed",
                    advice="Give it there what it lacks.",
                    is_retryable=False,
                    log=error.log,
                ) from None

    def call(self, method: str, **arguments: str) -> dict[str, Any]:
        """What the API's ``method`` answers. ``DeliveryRefused`` with its words if it fails."""
        form = {"method": method, "format": "json", **arguments}

        def headers() -> dict[str, str]:
            return {
                "Authorization": self.oauth.authorization("POST", self.url, form),
                "Content-Type": "application/x-www-form-urlencoded",
            }

        patience = Patience(self.conversation)
        while True:
            answer = ask_patiently(self.conversation, "POST", self.url, headers=headers, body=urlencode(form).encode())
            if answer.status != 200:
                raise self.conversation.error(answer)
            told = answer.json()
            if told.get("stat") == "ok":
                return told
            error = _inner(told, "err")
            if str(error.get("code")) != BUSY_CODE:
                raise self.refusal(answer, error)
            patience.wait(DeliveryFailed("Vimeo is too busy for uploads."), answer.wait_s)

    def refusal(self, answer: Answer, error: Mapping[str, Any]) -> DeliveryError:
        words = self.conversation.secrets.hide(f"{error.get('msg')} {error.get('expl') or ''}".strip())[:300]
        if not error:
            return self.conversation.nonsense("answered nothing that is documented", answer)
        return DeliveryRefused(
            f"Vimeo refused: {words}", code="delivery_refused", log=self.conversation.secrets.hide(str(error))
        )


def _inner(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = told.get(name)
    return value if isinstance(value, dict) else {}
