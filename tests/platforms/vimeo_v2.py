"""Vimeo's old API v2 with its streaming upload, as https://developer.vimeo.com/apis/advanced/upload had them.

Who asks is checked by oauthlib's own server side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

from tests.servers import Reply, json_reply

from .server import Call, Platform, Refusal, Stored

KEYS = {
    "consumer_key": "SECRETconsumerkey0000",
    "consumer_secret": "SECRETconsumersecret+/=",
    "access_token_key": "SECRETaccesstoken0000",
    "access_token_secret": "SECRETaccesstokensecret&%",
}


def ok(**told: Any) -> Reply:
    return json_reply({"generated_in": "0.0028", "stat": "ok", **told})


def fail(code: int, message: str, explanation: str = "") -> Reply:
    error = {"code": str(code), "expl": explanation, "msg": message}
    return json_reply({"generated_in": "0.0028", "stat": "fail", "err": error})


class _Validator(RequestValidator):
    """One app, one user, and no nonce twice."""

    enforce_ssl = False

    def __init__(self) -> None:
        super().__init__()
        self._nonces: set[tuple[str, ...]] = set()

    @property
    def dummy_client(self) -> str:
        return "dummyclient0000000000"

    @property
    def dummy_access_token(self) -> str:
        return "dummytoken00000000000"

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == KEYS["consumer_key"]

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token == KEYS["access_token_key"]

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, **tokens: Any
    ) -> bool:
        used = (timestamp, nonce)
        is_new = used not in self._nonces
        self._nonces.add(used)
        return is_new

    def validate_realms(self, client_key: str, token: str, request: Any, **rest: Any) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return KEYS["consumer_secret"]

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return KEYS["access_token_secret"]


@dataclass(kw_only=True)
class Ticket:
    stored: Stored = field(default_factory=Stored)
    video_id: str = ""


class VimeoV2(Platform):
    def __init__(self) -> None:
        super().__init__()
        self.tickets: dict[str, Ticket] = {}
        self.videos: dict[str, dict[str, str]] = {}
        self.methods: list[str] = []
        self.free_bytes = 10**9
        self.max_bytes = 5 * 10**9
        self.loses_bytes = 0
        """So many bytes of each transfer vanish without a word."""
        self.replies: dict[str, list[Reply]] = {}
        """Said once each, by method."""
        self._endpoint = ResourceEndpoint(_Validator())

    def handle(self, call: Call) -> Reply:
        if call.path == "/upload":
            return self.upload(call)
        if (call.method, call.path) != ("POST", "/api/rest/v2"):
            raise Refusal(Reply(status=404), "there is no such path")
        body = call.body().decode()
        query = urlencode(call.query)
        is_valid, _request = self._endpoint.validate_protected_resource_request(
            f"{self.url}{call.path}{'?' if query else ''}{query}",
            http_method="POST",
            body=body,
            headers={name: call.headers[name] for name in ("Authorization", "Content-Type")},
        )
        if not is_valid:
            raise Refusal(fail(401, "Invalid signature", "The oauth_signature passed was not valid."))
        form = dict(parse_qsl(body, keep_blank_values=True))
        if form.pop("format", "") != "json":
            raise Refusal(fail(111, "Format not found"), "not in JSON")
        method = form.pop("method")
        self.methods.append(method)
        if self.replies.get(method):
            return self.replies[method].pop(0)
        run = getattr(self, "do_" + method.removeprefix("vimeo.videos.").replace(".", "_"), None)
        if run is None:
            raise Refusal(fail(112, "Method not found"), method)
        return run(**form)

    def do_upload_getQuota(self) -> Reply:
        space = {"free": str(self.free_bytes), "max": "5368709120", "resets": "2", "used": "0"}
        return ok(user={"id": "151542", "is_plus": "0", "upload_space": space, "hd_quota": "1", "sd_quota": "1"})

    def do_upload_getTicket(self, upload_method: str) -> Reply:
        if upload_method != "streaming":
            raise Refusal(fail(301, "Invalid upload method"), upload_method)
        ticket_id = f"SECRETticket{len(self.tickets):08}"
        self.tickets[ticket_id] = Ticket()
        where = f"{self.url}/upload?ticket_id={ticket_id}"
        return ok(
            ticket={
                "endpoint": where.replace("http:", "gopher:"),
                "endpoint_secure": where,
                "host": "127.0.0.1",
                "id": ticket_id,
                "max_file_size": str(self.max_bytes),
            }
        )

    def do_upload_verifyChunks(self, ticket_id: str) -> Reply:
        chunk = {"id": "0", "size": str(self.tickets[ticket_id].stored.size)}
        return ok(ticket={"id": ticket_id, "chunks": {"chunk": chunk}})

    def do_upload_complete(self, ticket_id: str, filename: str) -> Reply:
        ticket = self.tickets[ticket_id]
        if "/" in filename or not filename:
            raise Refusal(fail(702, "Invalid filename"), filename)
        ticket.video_id = ticket.video_id or str(100 + len(self.videos))
        self.videos[ticket.video_id] = {"filename": filename}
        return ok(ticket={"id": ticket_id, "video_id": ticket.video_id})

    def do_setTitle(self, video_id: str, title: str) -> Reply:
        self.videos[video_id]["title"] = title
        return ok()

    def do_setDescription(self, video_id: str, description: str) -> Reply:
        self.videos[video_id]["description"] = description
        return ok()

    def upload(self, call: Call) -> Reply:
        ticket = self.tickets.get(call.query.get("ticket_id", ""))
        if ticket is None or call.method != "PUT" or call.length is None:
            raise Refusal(Reply(status=400), "no ticket, no PUT or no length")
        if call.headers.get("Authorization"):
            self.complaints.append("the token went where it is not asked for")
        content_range = call.headers.get("Content-Range")
        stored = ticket.stored
        if content_range == "bytes */*" and call.length == 0:
            return Reply(status=308, headers={"Range": f"bytes=0-{stored.size}"})
        start = 0
        if content_range is not None:
            match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range)
            if not match or match[2] != match[3] or int(match[1]) + call.length != int(match[3]):
                raise Refusal(Reply(status=400), content_range)
            start = int(match[1])
        if start != stored.size:
            raise Refusal(Reply(status=400), f"from {start}, but {stored.size} are here")
        if not re.fullmatch(r"video/[a-z0-9]+", call.headers.get("Content-Type", "")):
            raise Refusal(Reply(status=400), "wrong content type")
        for piece in call.pieces():
            stored.append(piece)
        stored.forget_after(stored.size - self.loses_bytes)
        return Reply()
