"""Where this server is, and where it shows files."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.http import HttpRequest

from ....models import Output
from ....serving.addresses import mounted_at
from .. import wire


def base_url_of(http: HttpRequest) -> str:
    """The address of the server, before ``v2/...``, as this client reached it."""
    return mounted_at(http, "offered", "v2/")


def file_name(output: Output) -> str:
    """What a file is called in the store."""
    return wire.file_name(output.job.operation, f"{output.job.public_id.hex}/{output.attempt}/{output.name}")


def file_path(output: Output) -> str:
    """``<key>/<name>``: where it lies in the store."""
    return wire.directory_of(wire.render_key(output.job.public_id)) + file_name(output)


def file_url(output: Output, base_url: str) -> str:
    """Where anybody who knows it can get the file; on the platform that it was delivered to, if it was."""
    return output.url or f"{base_url}storage/{file_path(output)}"


def path_in(url: str) -> str:
    """``<key>/<name>`` out of an absolute URL of a file; empty if it is none of ours."""
    try:
        parts = unquote(urlsplit(url).path).split("/")
    except ValueError:
        return ""
    return "/".join(parts[-2:]) if len(parts) >= 3 and parts[-3] == "storage" else ""
