from __future__ import annotations

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.static import serve


@require_safe
def home(_request: HttpRequest) -> HttpResponseBase:
    return redirect("admin:index")


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 while the site can answer from its database, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of ``MEDIA_ROOT``, for a look at the example site. A real site leaves this to its web server or store."""
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    # What people upload must not act in the name of the site.
    response["Content-Security-Policy"] = "sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
