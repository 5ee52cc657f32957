"""The view that receives messages of services: ``POST /<prefix>/<cloud alias>/<token>/``.

The token is derived from the site's SECRET_KEY and the alias: who does not know it cannot fill the table. Signatures
are the clouds' own business, on the raw body.
"""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from .clouds.base import Message
from .clouds.registry import cloud_aliases
from .exceptions import CloudRejected
from .jobs.news import receive
from .jobs.webhook_address import webhook_token
from .serving.bodies import announced_bytes, whole_body

MAX_BODY_BYTES = 1024 * 1024


@csrf_exempt
@require_http_methods(["GET", "POST", "PUT"])
def webhook(request: HttpRequest, alias: str, token: str) -> HttpResponse:
    """200 once the message is stored, or if it had been; 404 for a wrong address; 403 for a message that is not the
    service's; 400 for an incomplete one, so that the service sends it again."""
    if alias not in cloud_aliases() or not constant_time_compare(token, webhook_token(alias)):
        return JsonResponse({"code": "not_found"}, status=404)
    try:
        is_large = announced_bytes(request) > MAX_BODY_BYTES
        body = b"" if is_large else whole_body(request)
    except (BadRequest, UnreadablePostError) as error:
        return JsonResponse({"code": "unreadable", "message": str(error)}, status=400)
    if is_large or len(body) > MAX_BODY_BYTES:
        return JsonResponse({"code": "too_large"}, status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    message = Message(method=str(request.method), query=request.GET.urlencode(), headers=headers, body=body)
    try:
        receive(alias, message)
    except CloudRejected as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=403)
    return JsonResponse({"code": "received"})


app_name = "mediacloud_webhooks"
urlpatterns = [path("<slug:alias>/<slug:token>/", webhook, name="webhook")]
