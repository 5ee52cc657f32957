"""Why a job failed, for people and for programs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..exceptions import MediaCloudError

MAX_LOG_CHARS = 20_000
MAX_MESSAGE_CHARS = 1_000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def cut(text: str, limit: int = MAX_LOG_CHARS) -> str:
    """``text`` with its middle left out where it is longer than ``limit`` characters: both ends of a log matter.

    Characters that databases refuse (NUL, surrogates) are replaced by U+FFFD.
    """
    text = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    if len(text) <= limit:
        return text
    mark = f"\n[... {len(text) - limit} characters left out ...]\n"
    if limit <= len(mark):
        return text[:limit]
    half = (limit - len(mark)) // 2
    return text[:half] + mark + text[len(text) - (limit - len(mark) - half) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """``code`` is stable, ``message`` a sentence, ``advice`` what to do next, ``log`` the raw text, cut to a bound."""

    code: str
    message: str
    advice: str = ""
    is_retryable: bool = False
    log: str = ""

    @classmethod
    def of(cls, error: MediaCloudError) -> Failure:
        return cls(
            code=error.code,
            message=cut(str(error) or error.code, MAX_MESSAGE_CHARS),
            advice=error.advice,
            is_retryable=error.is_retryable,
            log=cut(error.log),
        )
