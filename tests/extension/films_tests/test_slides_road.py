"""From the request to YouTube, here a strict fake of it (``tests/platforms``)."""

from __future__ import annotations

import json

import pytest
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import State
from django_mediacloud.models import Job
from tests.media import MediaFactory
from tests.platforms import youtube
from tests.servers import LocalServer, Reply

pytestmark = pytest.mark.django_db(transaction=True)


def test_slides_arrive_and_no_token_is_kept_in_clear(media: MediaFactory) -> None:
    picture = Reply(body=media.picture("a.png", size=(64, 48)))
    with LocalServer({"/a.png": picture, "/b.png": picture}) as assets, youtube.YouTube() as platform:
        site = {"FETCH": {"ALLOW": ["127.0.0.1"]}, "DELIVERY_ENDPOINTS": {"youtube": platform.url}}
        urls = [assets.url("/a.png"), assets.url("/b.png")]
        given = {"urls": urls, "width": 32, "height": 24, "title": "Slides"}
        tokens = {"access_token": youtube.TOKEN, "developer_key": youtube.KEY}
        with override_settings(MEDIACLOUD=site):
            job = jobs.submit(JobSpec(operation="image.slides", parameters={**given, **tokens}))
            jobs.run(job.pk)
        job.refresh_from_db()
        assert (job.state, job.values) == (State.SUCCEEDED, {"count": 2}), job.failure
        [session] = platform.sessions.values()
        assert session.content_type == "video/mp4"
        assert platform.complaints == []
    assert job.outputs.get().url.startswith("https://")
    stored = json.dumps(Job.objects.filter(pk=job.pk).values().get(), default=str)
    assert "Slides" in stored
    assert not any(token in stored for token in tokens.values())
