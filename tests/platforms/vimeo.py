"""Vimeo's API 3.4 with its tus server, as https://developer.vimeo.com/api/upload/videos ("Resumable approach") and
https://tus.io/protocols/resumable-upload (1.0.0, core protocol) have them."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field

from tests.servers import Reply, json_reply

from .server import Call, Platform, Refusal, Stored

TOKEN = "vimeoSECRETtoken/1+2="
TUS = {"Tus-Resumable": "1.0.0"}


def error(status: int, code: int, message: str) -> Reply:
    told = {"error": message, "link": None, "developer_message": message, "error_code": code}
    return json_reply(told, status, {"Content-Type": "application/vnd.vimeo.error+json"})


@dataclass(kw_only=True)
class Video:
    size: int
    name: str | None
    description: str | None
    stored: Stored = field(default_factory=Stored)
    locked_for: int = 0
    """So many more requests are told that another one is still at it."""


class Vimeo(Platform):
    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.videos: dict[str, Video] = {}
        self.links: dict[str, Video] = {}
        self.deleted: list[str] = []
        self.free_bytes: int | None = 10**9
        self.may_read = True
        self.keeps_bytes: int | None = None
        self.locks_for = 0

    def handle(self, call: Call) -> Reply:
        if call.path.startswith("/files/"):
            return self.tus(call)
        if call.headers.get("Authorization") != f"bearer {TOKEN}":
            raise Refusal(error(401, 8003, "Something strange occurred. Please get in touch with the app's creator."))
        if call.headers.get("Accept") != "application/vnd.vimeo.*+json;version=3.4":
            raise Refusal(error(400, 2204, "Bad version"), "no version is asked for")
        if (call.method, call.path) == ("GET", "/me"):
            return self.account(call)
        if (call.method, call.path) == ("POST", "/me/videos"):
            return self.create(call)
        video_id = call.path.removeprefix("/videos/")
        if call.method == "DELETE" and video_id in self.videos:
            self.deleted.append(video_id)
            del self.videos[video_id]
            return Reply(status=204)
        raise Refusal(error(404, 5000, "The requested resource couldn't be found."), "there is no such thing")

    def account(self, call: Call) -> Reply:
        if not self.may_read:
            raise Refusal(error(403, 8000, "The token lacks a scope."))
        if call.query != {"fields": "upload_quota"}:
            raise Refusal(error(400, 2204, "Bad fields"), "other fields than one needs")
        space = {"free": self.free_bytes, "max": 5 * 10**9, "used": 4 * 10**9, "showing": "periodic"}
        return json_reply({"upload_quota": {"space": space}})

    def create(self, call: Call) -> Reply:
        if call.headers.get("Content-Type") != "application/json":
            raise Refusal(error(415, 2204, "Unsupported media type"), "not JSON")
        body = json.loads(call.body())
        if not set(body) <= {"upload", "name", "description"} or set(body["upload"]) != {"approach", "size"}:
            raise Refusal(error(400, 2204, "Invalid parameter"), f"unknown fields: {body}")
        if body["upload"]["approach"] != "tus" or not isinstance(body["upload"]["size"], int):
            raise Refusal(error(400, 2230, "Invalid upload approach"), "not tus, or no size")
        if len(body.get("name", "")) > 128:
            raise Refusal(error(400, 2204, "The name must have 128 characters at most."))
        number = 900 + len(self.links)
        video = Video(size=body["upload"]["size"], name=body.get("name"), description=body.get("description"))
        self.videos[str(number)] = video
        path = f"/files/vimeo-prod-src-tus-eu/SECRETlink{number}"
        self.links[path] = video
        return json_reply(
            {
                "uri": f"/videos/{number}",
                "link": f"https://vimeo.com/{number}",
                "upload": {
                    "status": "in_progress",
                    "approach": "tus",
                    "size": video.size,
                    "upload_link": f"{self.url}{path}",
                },
            }
        )

    def tus(self, call: Call) -> Reply:
        if call.headers.get("Authorization"):
            self.complaints.append("the token went where it is not asked for")
        if call.headers.get("Tus-Resumable") != "1.0.0":
            raise Refusal(Reply(status=412, headers={"Tus-Version": "1.0.0"}), "another version of tus")
        video = self.links.get(call.path)
        if video is None or video not in self.videos.values():
            raise Refusal(Reply(status=404, headers=TUS))
        if video.locked_for:
            video.locked_for -= 1
            raise Refusal(Reply(status=423, headers=TUS))
        if call.method == "HEAD":
            told = {"Upload-Offset": str(video.stored.size), "Upload-Length": str(video.size)}
            return Reply(headers={**TUS, **told, "Cache-Control": "no-store"})
        if call.method != "PATCH":
            raise Refusal(Reply(status=405, headers=TUS), "neither HEAD nor PATCH")
        if call.headers.get("Content-Type") != "application/offset+octet-stream":
            raise Refusal(Reply(status=415, headers=TUS), "wrong content type")
        if call.headers.get("Upload-Offset") != str(video.stored.size):
            raise Refusal(Reply(status=409, headers=TUS))
        if call.length is None or not 0 < call.length <= video.size - video.stored.size:
            raise Refusal(Reply(status=413, headers=TUS), "more than was announced, or nothing")
        start = video.stored.size
        video.locked_for = self.locks_for
        for piece in call.pieces():
            video.stored.append(piece)
        video.locked_for = 0
        if self.keeps_bytes is not None:
            video.stored.forget_after(start + self.keeps_bytes)
        return Reply(status=204, headers={**TUS, "Upload-Offset": str(video.stored.size)})
