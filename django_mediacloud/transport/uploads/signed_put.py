"""One PUT to an address that its owner has signed: Amazon S3's, or anybody's who does it alike.

Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/PresignedUrlUploadObject.html. Nothing can be resumed: what breaks
off begins anew, which does no harm, as S3 keeps only what has arrived whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...exceptions import DeliveryError, DeliveryFailed
from ..address import parse_address
from .conversation import Answer, Conversation
from .patience import Patience
from .result import Uploaded

_WORDS = re.compile(r"<Code>([^<]{1,100})</Code>(?:\s*<Message>([^<]{1,300})</Message>)?")
_OTHER_SIGNATURE = "SignatureDoesNotMatch"
_TOO_SLOW = "RequestTimeout"
"""S3 says so with 400: the connection stood still for a while (its list of error codes)."""


def upload(conversation: Conversation, parameters: Mapping[str, Any], endpoint: str) -> Uploaded:
    """``endpoint`` has no say: the address is the job's own. ``url`` of what comes back is without the signature."""
    url: str = parameters["url"]
    patience = Patience(conversation)
    headers = {"Content-Type": conversation.film.content_type}
    while True:
        try:
            answer = conversation.send("PUT", url, headers=headers, start=0, stop=conversation.film.size_bytes)
        except DeliveryFailed as error:
            patience.wait(error)
            continue
        if 200 <= answer.status < 300:
            return Uploaded(url=str(parse_address(url)))
        refusal = _error(conversation, answer)
        if isinstance(refusal, DeliveryFailed):
            patience.wait(refusal, answer.wait_s)
        elif headers and answer.status == 403 and _OTHER_SIGNATURE in _words(answer):
            # Some signatures cover the content type, which whoever signed may have left empty.
            headers = {}
        else:
            raise refusal


def _words(answer: Answer) -> str:
    """S3's code and message, out of its XML: ``AccessDenied: Request has expired``."""
    match = _WORDS.search(answer.body.decode("utf-8", "replace"))
    return ": ".join(text for text in match.groups() if text) if match else ""


def _error(conversation: Conversation, answer: Answer) -> DeliveryError:
    words = _words(answer)
    # The rest of S3's answer repeats what was signed, also as a dump of bytes, where nobody finds a secret to mask it.
    error = conversation.error(replace(answer, body=words.encode()) if words else answer, words)
    if answer.status == 400 and words.startswith(_TOO_SLOW):
        return DeliveryFailed(str(error), code=error.code, log=error.log)
    return error
