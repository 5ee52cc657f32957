"""YouTube's resumable upload, as https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol and
https://developers.google.com/youtube/v3/docs/videos/insert have it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.servers import Reply, json_reply

from .server import Call, Cut, Platform, Refusal, Stored

QUANTUM = 256 * 1024
TOKEN = "ya29.a0/Ae+SECRET-token_of.the~owner"
KEY = "AIzaSECRET-developer/key"


def error(status: int, reason: str, message: str) -> Reply:
    return json_reply(
        {"error": {"code": status, "message": message, "errors": [{"domain": "youtube.video", "reason": reason}]}},
        status,
    )


@dataclass(kw_only=True)
class Session:
    size: int
    content_type: str
    resource: dict[str, Any]
    stored: Stored = field(default_factory=Stored)
    is_done: bool = False


class YouTube(Platform):
    """``keeps_bytes`` is how much of one PUT is kept at most, as if the rest had been lost inside."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, Session] = {}
        self.cancelled: list[str] = []
        self.keeps_bytes: int | None = None

    @property
    def videos(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.is_done]

    def handle(self, call: Call) -> Reply:
        if call.path != "/upload/youtube/v3/videos":
            raise Refusal(Reply(status=404), "there is no such path")
        if call.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refusal(error(401, "authError", "Invalid Credentials"))
        if "upload_id" in call.query:
            return self.go_on(call)
        if call.method != "POST" or call.query != {"uploadType": "resumable", "part": "snippet,status"}:
            raise Refusal(error(400, "badRequest", "Bad Request"), "neither an upload nor its beginning")
        return self.begin(call)

    def begin(self, call: Call) -> Reply:
        if call.headers.get("X-Goog-Api-Key") != KEY:
            raise Refusal(error(400, "keyInvalid", "API key not valid. Please pass a valid API key."))
        if call.headers.get("Content-Type") != "application/json; charset=UTF-8":
            raise Refusal(error(400, "badContent", "Unsupported content"), "wrong content type")
        size = call.headers.get("X-Upload-Content-Length", "")
        content_type = call.headers.get("X-Upload-Content-Type", "")
        if not size.isdigit() or not re.fullmatch(r"video/.+|application/octet-stream", content_type):
            raise Refusal(error(400, "badRequest", "Bad Request"), "wrong X-Upload headers")
        resource = json.loads(call.body())
        snippet, status = resource.pop("snippet"), resource.pop("status")
        if resource or set(status) != {"privacyStatus"}:
            raise Refusal(error(400, "unexpectedPart", "Unexpected part"), "parts that were not announced")
        if not set(snippet) <= {"title", "description", "tags", "categoryId"}:
            raise Refusal(error(400, "badRequest", "Bad Request"), "unknown properties of snippet")
        if not isinstance(snippet["categoryId"], str) or not isinstance(snippet["tags"], list):
            raise Refusal(error(400, "invalidCategoryId", "Invalid category"), "wrong types in snippet")
        if not 1 <= len(snippet["title"]) <= 100 or set("<>") & set(snippet["title"]):
            raise Refusal(error(400, "invalidTitle", "The request metadata specifies an invalid video title."))
        upload_id = f"ABPtcPq{len(self.sessions)}SECRET-session"
        self.sessions[upload_id] = Session(
            size=int(size), content_type=content_type, resource={"snippet": snippet, "status": status}
        )
        where = f"{self.url}{call.path}?uploadType=resumable&upload_id={upload_id}"
        return Reply(headers={"Location": where})

    def go_on(self, call: Call) -> Reply:
        upload_id = call.query["upload_id"]
        session = self.sessions.get(upload_id)
        if session is None:
            raise Refusal(Reply(status=404, body=b"Not Found"))
        if call.method == "DELETE":
            self.cancelled.append(upload_id)
            del self.sessions[upload_id]
            return Reply(status=499)
        if call.method != "PUT" or call.length is None:
            raise Refusal(error(400, "badRequest", "Bad Request"), "neither PUT nor DELETE")
        content_range = call.headers.get("Content-Range", "")
        if content_range == f"bytes */{session.size}" and call.length == 0:
            return self.status(upload_id, session)
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range)
        if not match:
            raise Refusal(error(400, "badRequest", "Bad Request"), f"Content-Range: {content_range}")
        first, last, total = map(int, match.groups())
        if (total, last - first + 1) != (session.size, call.length) or last >= total:
            raise Refusal(error(400, "badRequest", "Bad Request"), "numbers that do not fit")
        if call.headers.get("Content-Type") != session.content_type:
            raise Refusal(error(400, "badRequest", "Bad Request"), "another content type than announced")
        if call.length % QUANTUM and last != total - 1:
            raise Refusal(error(400, "badRequest", "Bad Request"), "a chunk that is no multiple of 256 KiB")
        if first != session.stored.size:
            raise Refusal(error(400, "badRequest", "Bad Request"), f"from {first}, but {session.stored.size} are here")
        self.keep(call, session, first)
        return self.status(upload_id, session)

    def keep(self, call: Call, session: Session, first: int) -> None:
        try:
            for piece in call.pieces():
                session.stored.append(piece)
        except Cut:
            session.stored.forget_after(session.stored.size // QUANTUM * QUANTUM)
            raise
        if self.keeps_bytes is not None:
            session.stored.forget_after(first + self.keeps_bytes)
        session.is_done = session.stored.size == session.size

    def status(self, upload_id: str, session: Session) -> Reply:
        if session.is_done:
            return json_reply({"kind": "youtube#video", "id": "dQw4w9WgXc_", **session.resource}, 201)
        size = session.stored.size
        return Reply(status=308, headers={"Range": f"bytes=0-{size - 1}"} if size else {})
