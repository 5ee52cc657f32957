from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # it has no types
    """WhiteNoise for ASGI too: answers with the bytes of the file, as static files are small.

    Its own answer is a synchronous stream, which Django warns of under ASGI and reads whole all the same.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        answer = WhiteNoiseMiddleware.serve(static_file, request)
        whole = HttpResponse(b"".join(answer.streaming_content), status=answer.status_code, headers=answer.headers)
        answer.close()
        return whole
