"""A page by URL through the local road: what its server said reaches the operation."""

from __future__ import annotations

import pytest
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import State
from tests.servers import LocalServer, Reply, redirect

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_behind_a_redirect(tmp_path):
    page = Reply(
        body="<title>Привет</title><img src='ж.jpg' width=40>".encode("cp1251"),
        headers={"Content-Type": "text/html; charset=windows-1251"},
    )
    with LocalServer({"/old": redirect("/new/page"), "/new/page": page}) as server:
        conf = {
            "CLOUDS": {"default": {"BACKEND": "django_mediacloud.clouds.local"}},
            "WORK_DIR": str(tmp_path),
            "FETCH": {"ALLOW": ["127.0.0.1"]},
        }
        with override_settings(MEDIACLOUD=conf):
            job = jobs.submit(JobSpec(operation="html.scrape", parameters={"url": server.url("/old")}))
            jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.failure
        values = job.values
        assert values["page_title"] == "Привет"
        assert [(hit["url"], hit["width"]) for hit in values["hits"]["images"]] == [(server.url("/new/%D0%B6.jpg"), 40)]
        assert values["hits"]["page"]["url"] == server.url("/new/page")
