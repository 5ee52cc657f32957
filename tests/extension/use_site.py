"""Run by ``test_extension`` in a site that has the toys: use both through every door, and print what came of it."""

from __future__ import annotations

import io
import json

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.files.storage import default_storage  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from PIL import Image  # noqa: E402

from django_mediacloud import jobs  # noqa: E402
from django_mediacloud.clouds.registry import all_operations  # noqa: E402
from django_mediacloud.models import Job  # noqa: E402


def main() -> None:
    call_command("migrate", verbosity=0)
    get_user_model().objects.create_superuser("admin", "admin@example.com", "admin")
    client = Client()
    client.login(username="admin", password="admin")
    print(json.dumps({"registry": _registry(), "api": _api(client), "admin": _admin(client)}))


def _registry() -> list[list[str]]:
    return [[alias, name] for alias, operations in all_operations().items() for name in operations]


def _api(client: Client) -> dict[str, object]:
    listed = client.get("/api/operations/").json()
    rows = listed["results"] if isinstance(listed, dict) else listed
    body = {"cloud": "toy", "operation": "text.shout", "parameters": {"text": "hear"}}
    made = client.post("/api/tasks/", json.dumps(body), content_type="application/json")
    job = Job.objects.get(public_id=made.json()["id"])
    jobs.run(job.pk)
    told = client.get(f"/api/tasks/{job.public_id}/").json()["job"]
    return {
        "operations": sorted([row["cloud"], row["name"]] for row in rows),
        "status": made.status_code,
        "state": told["state"],
        "values": told["values"],
    }


def _admin(client: Client) -> dict[str, object]:
    address = "/admin/mediacloud/task/add/"
    choice = client.get(address).content.decode()
    query = "?cloud=default&operation=image.invert"
    form = client.get(address + query).content.decode()
    keys = client.get("/admin/mediacloud/accesskey/add/").content.decode()
    picture = io.BytesIO()
    Image.new("RGB", (4, 2), (255, 0, 10)).save(picture, "PNG")
    upload = SimpleUploadedFile("red.png", picture.getvalue(), "image/png")
    client.post(address + query, {"upload-url": upload, "parameter-quality": "80", "priority": "0"})
    job = Job.objects.filter(operation="image.invert").get()
    jobs.run(job.pk)
    job.refresh_from_db()
    output = job.outputs.get()
    with default_storage.open(output.path) as stored:
        pixel = Image.open(stored).convert("RGB").getpixel((0, 0))
    return {
        "offers": ["image.invert" in choice, "text.shout" in choice],
        "has_field": "quality" in form,
        "makes_keys": "toyservice" in keys,
        "state": job.state,
        "pixel": pixel,
    }


if __name__ == "__main__":
    main()
