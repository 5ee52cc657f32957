from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import AsyncClient

from django_mediacloud.models import Callback, Job, Notification, Output

from .conftest import page, said, text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def output():
    job = Job.objects.create(kind="task", cloud="default", operation="copy", state="succeeded")
    path = default_storage.save("downloads/page.html", ContentFile(b"<script>" * 100_000))
    return Output.objects.create(
        job=job,
        attempt=1,
        name="pages/Ünicode page.html",
        storage="default",
        path=path,
        content_type="text/html",
        size_bytes=800_000,
        is_ready=True,
    )


def test_a_file_is_a_download_that_cannot_act_in_the_sites_name(admin_client, output):
    response = admin_client.get(page("output", "download", output.pk))
    assert b"".join(response.streaming_content) == b"<script>" * 100_000
    assert response["Content-Length"] == "800000"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''%C3%9Cnicode%20page.html"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/octet-stream"
    assert "sandbox" in response["Content-Security-Policy"]
    response.close()
    assert f'href="{page("output", "download", output.pk)}"' in (
        admin_client.get(page("job", "change", output.job_id)).content.decode()
    )


def test_under_asgi_it_comes_in_pieces(admin_user, output):
    async def pieces():
        client = AsyncClient()
        await sync_to_async(client.force_login)(admin_user)
        response = await client.get(page("output", "download", output.pk))
        assert response.is_async
        return [piece async for piece in response]

    sizes = [len(piece) for piece in asyncio.run(pieces())]
    assert sum(sizes) == 800_000
    assert len(sizes) == 4


def test_a_file_that_is_gone_is_said_to_be(admin_client, output):
    default_storage.delete(output.path)
    response = admin_client.get(page("output", "download", output.pk), follow=True)
    assert said(response) == ["The file is no longer in the storage."]


def test_an_unfinished_file_is_not_given_out(admin_client, output):
    Output.objects.update(is_ready=False)
    assert admin_client.get(page("output", "download", output.pk)).status_code == 404


def test_only_staff_with_the_permission_gets_it(client, editor, django_user_model, output):
    url = page("output", "download", output.pk)
    assert "login" in client.get(url).url
    client.force_login(django_user_model.objects.create_user(username="reader"))
    assert "login" in client.get(url).url
    assert editor("view_job").get(url).status_code == 403
    assert editor("view_output").get(url).status_code == 200


def test_what_the_program_writes_is_read_only(admin_client, output):
    callback = Callback.objects.create(job=output.job, attempt=1, event="succeeded", url="http://example.com/")
    told = Notification.objects.create(cloud="default", dedupe_key="k", body=b'{"state": "<done>"}\xff')
    for row in (output, callback, told):
        model = row._meta.model_name
        assert admin_client.get(page(model, "add")).status_code == 403
        assert admin_client.post(page(model, "change", row.pk), {}).status_code == 403
        assert admin_client.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert "&lt;done&gt;" in text_of(admin_client.get(page("notification", "change", told.pk)))
