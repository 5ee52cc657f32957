"""An object store that takes pre-signed PUTs as Amazon S3 does: signature version 4 in the query is checked anew.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from urllib.parse import quote

from tests.servers import Reply

from .server import Call, Platform, Refusal, Stored

ACCESS_KEY = "AKIASECRETEXAMPLE"
SECRET_KEY = "SECRET+wJalrXUtnFEMI/K7MDENG"
REGION = "eu-west-1"


def error(status: int, code: str, message: str) -> Reply:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(status=status, body=body.encode(), headers={"Content-Type": "application/xml"})


class SignedStore(Platform):
    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, tuple[Stored, str]] = {}

    def handle(self, call: Call) -> Reply:
        if call.method != "PUT":
            raise Refusal(error(405, "MethodNotAllowed", "Not allowed"), "not a PUT")
        self.check_signature(call)
        if call.length is None:
            raise Refusal(error(411, "MissingContentLength", "You must provide it."), "no length")
        stored = Stored()
        for piece in call.pieces():
            stored.append(piece)
        self.objects[call.path] = stored, call.headers.get("Content-Type", "")
        return Reply(headers={"ETag": '"d41d8cd98f00b204e9800998ecf8427e"'})

    def check_signature(self, call: Call) -> None:
        query = dict(call.query)
        given = query.pop("X-Amz-Signature", "")
        at = dt.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        if dt.datetime.now(dt.UTC) > at + dt.timedelta(seconds=int(query["X-Amz-Expires"])):
            raise Refusal(error(403, "AccessDenied", "Request has expired"))
        signed = query["X-Amz-SignedHeaders"].split(";")
        canonical = "\n".join(
            [
                call.method,
                call.path,
                "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query)),
                *(f"{name}:{call.headers.get(name, '').strip()}" for name in signed),
                "",
                ";".join(signed),
                "UNSIGNED-PAYLOAD",
            ]
        )
        scope = query["X-Amz-Credential"].partition("/")[2]
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest])
        key = f"AWS4{SECRET_KEY}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        if not hmac.compare_digest(hmac.digest(key, to_sign.encode(), "sha256").hex(), given):
            repeated = f"{given} {canonical} {canonical.encode().hex(' ')}"
            raise Refusal(error(403, "SignatureDoesNotMatch", f"It differs.</Message><Message>{repeated}"))
