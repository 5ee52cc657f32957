"""Facebook's resumable video upload, as https://developers.facebook.com/docs/graph-api/video-uploads and
https://developers.facebook.com/docs/video-api/reference/error-codes have it. Forms are read by Django's own parser."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser

from tests.servers import Reply, json_reply

from .server import Call, Platform, Refusal, Stored

TOKEN = "EAASECRETtoken/with+signs="
APP_SECRET = "SECRETofTheApp"
VERSION = "v21.0"


def error(
    code: int, message: str, *, subcode: int = 0, is_transient: bool = False, status: int = 400, **more: Any
) -> Reply:
    told: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbC", **more}
    if subcode:
        told["error_subcode"] = subcode
    if is_transient:
        told["is_transient"] = True
    return json_reply({"error": told}, status)


@dataclass(kw_only=True)
class Session:
    size: int
    video_id: str
    stored: Stored = field(default_factory=Stored)
    published: dict[str, str] | None = None


class Facebook(Platform):
    """Asks for ``part_bytes`` at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, Session] = {}
        self.part_bytes = 300_000
        self.wants_proof = False
        self.data_as_text = False

    @property
    def published(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.published is not None]

    def handle(self, call: Call) -> Reply:
        if any(secret in str(call.query) for secret in (TOKEN, APP_SECRET)):
            self.complaints.append("a secret is in the address")
        if call.method == "GET":
            return self.status(call)
        if (call.method, call.path, call.query) != ("POST", f"/{VERSION}/me/videos", {}):
            raise Refusal(error(100, "Unsupported post request."), "no such edge")
        fields, chunk = self.form(call)
        if fields.pop("access_token", "") != TOKEN:
            raise Refusal(error(190, "Invalid OAuth access token.", status=401))
        proof = fields.pop("appsecret_proof", "")
        if (proof or self.wants_proof) and proof != hmac.digest(APP_SECRET.encode(), TOKEN.encode(), "sha256").hex():
            raise Refusal(error(100, "Invalid appsecret_proof provided in the API argument"))
        phase = fields.pop("upload_phase", "")
        if (phase == "transfer") != (chunk is not None):
            raise Refusal(error(100, "Invalid parameter"), f"a part of the film in phase {phase}")
        if phase == "start":
            return self.start(**fields)
        session = self.sessions.get(fields.pop("upload_session_id", ""))
        if session is None or session.published is not None:
            raise Refusal(error(100, "Invalid parameter", subcode=1363041), "an unknown session")
        if chunk is not None:
            return self.transfer(session, chunk, **fields)
        if phase != "finish":
            raise Refusal(error(100, "Invalid parameter"), f"phase {phase!r}")
        return self.finish(session, fields)

    def form(self, call: Call) -> tuple[dict[str, str], bytes | None]:
        content_type, body = call.headers.get("Content-Type", ""), call.body()
        if content_type == "application/x-www-form-urlencoded":
            return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)), None
        meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
        post, files = MultiPartParser(meta, io.BytesIO(body), [TemporaryFileUploadHandler()]).parse()
        if set(files) != {"video_file_chunk"}:
            raise Refusal(error(100, "No video", subcode=1363020), "no video_file_chunk")
        return {name: str(post[name]) for name in post}, files["video_file_chunk"].read()

    def start(self, file_size: str) -> Reply:
        number = 1564747000000000 + len(self.sessions)
        session = Session(size=int(file_size), video_id=str(number + 500))
        self.sessions[str(number)] = session
        return json_reply({"upload_session_id": str(number), "video_id": session.video_id, **self.due(session)})

    def due(self, session: Session) -> dict[str, str]:
        start = session.stored.size
        return {"start_offset": str(start), "end_offset": str(min(start + self.part_bytes, session.size))}

    def transfer(self, session: Session, chunk: bytes, start_offset: str) -> Reply:
        if int(start_offset) != session.stored.size:
            data = self.due(session)
            raise Refusal(
                error(
                    6000,
                    "There was a problem uploading your video file. Please try again.",
                    subcode=1363037,
                    error_data=json.dumps(data) if self.data_as_text else data,
                )
            )
        due = self.due(session)
        if len(chunk) != int(due["end_offset"]) - int(due["start_offset"]):
            raise Refusal(error(6000, "Partial file", subcode=1363033), "not the part that was asked for")
        session.stored.append(chunk)
        return json_reply(self.due(session))

    def finish(self, session: Session, fields: dict[str, str]) -> Reply:
        if session.stored.size != session.size:
            raise Refusal(error(6000, "Not all of it is here", subcode=1363031), "finished too early")
        if not set(fields) <= {"title", "description", "privacy", "no_story"}:
            raise Refusal(error(100, "Invalid parameter"), f"unknown fields {set(fields)}")
        if "privacy" in fields and json.loads(fields["privacy"])["value"] not in (
            "EVERYONE",
            "ALL_FRIENDS",
            "FRIENDS_OF_FRIENDS",
            "SELF",
        ):
            raise Refusal(error(100, "Invalid privacy"), fields["privacy"])
        session.published = fields
        return json_reply({"success": True})

    def status(self, call: Call) -> Reply:
        if call.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refusal(error(190, "Invalid OAuth access token.", status=401), "no token")
        video_id = call.path.removeprefix(f"/{VERSION}/")
        for session in self.sessions.values():
            if session.video_id == video_id and call.query.get("fields") == "status":
                word = "uploading" if session.published is None else "processing"
                return json_reply({"status": {"video_status": word}, "id": video_id})
        raise Refusal(error(100, "Unsupported get request."), "no such video")


def proof() -> str:
    return hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
