from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.signals import pre_save

from django_mediacloud import jobs
from django_mediacloud.core.states import SourceState, State
from django_mediacloud.models import Encoding, Factory, Job, Profile, Video

from .conftest import act, page, said, text_of

pytestmark = pytest.mark.django_db(transaction=True)

ADD = "/admin/mediacloud/video/add/"


def film(content=b"a film", name="film.mov"):
    return SimpleUploadedFile(name, content, content_type="video/quicktime")


def stored_files():
    """Every file in the site's storage."""
    return sorted(path for path in Path(default_storage.location).rglob("*") if path.is_file())


def test_an_upload_is_stored_and_encoded_with_the_chosen_profiles(admin_client, admin_user, profile):
    Profile.objects.create(name="other", operation="copy")
    factory = Factory.objects.create(name="Works")
    data = {"title": "A film", "file": film(), "profiles": [profile.pk], "factory": factory.pk, "payload": "mine"}
    response = admin_client.post(ADD, data, follow=True)
    video = Video.objects.get()
    assert response.redirect_chain[-1][0] == page("video", "change", video.pk)
    assert said(response) == ["The video was submitted."]
    assert (video.title, video.owner, video.factory, video.payload) == ("A film", admin_user, factory, "mine")
    assert default_storage.open(video.path).read() == b"a film"
    assert [encoding.profile for encoding in video.encodings.all()] == [profile]
    [job] = jobs.ingest(video.pk)
    jobs.run(job.pk)
    shown = text_of(admin_client.get(page("video", "change", video.pk)))
    for words in ("64 x 48 px", "2.0 s", "succeeded", "copies/0.bin", "copies/1.bin", "100 %"):
        assert words in shown


def test_a_source_url_will_do(admin_client, profile):
    admin_client.post(ADD, {"source_url": "http://example.com/film.mov", "profiles": [profile.pk]})
    assert Video.objects.get().source_url == "http://example.com/film.mov"


def test_default_profiles_are_ticked_and_can_be_left_out(admin_client, profile):
    Profile.objects.update(is_default=True)
    assert b"checked" in admin_client.get(ADD).content
    admin_client.post(ADD, {"file": film()})
    assert Video.objects.get().encodings.count() == 0


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({}, "file", "give either a file or a source_url"),
        ({"file": film(), "source_url": "http://example.com/"}, "file", "give either a file or a source_url"),
        ({"file": film(b"")}, "file", "the file is empty"),
        ({"source_url": "file:///etc/passwd"}, "source_url", "must be an http or https URL"),
        ({"file": film(), "callback_url": "ftp://example.com/"}, "callback_url", "must be an http or https URL"),
        ({"file": film(), "payload": "x" * 257}, "payload", "at most 256"),
        ({"file": film(), "profiles": [77]}, "profiles", "not one of the available choices"),
    ],
)
def test_errors_stand_at_their_fields_and_nothing_is_stored(admin_client, profile, data, field, words):
    for file in [value for value in data.values() if isinstance(value, SimpleUploadedFile)]:
        file.seek(0)
    before = stored_files()
    response = admin_client.post(ADD, {"profiles": [profile.pk], **data})
    assert response.status_code == 200
    assert words in "".join(response.context["form"].errors[field])
    assert not Video.objects.exists()
    assert not Job.objects.exists()
    assert stored_files() == before


def test_a_profile_that_no_longer_fits_is_an_error_of_the_form(admin_client):
    profile = Profile.objects.create(name="old", operation="copy", parameters={"count": 999})
    response = admin_client.post(ADD, {"file": film(), "profiles": [profile.pk]})
    assert response.context["form"].non_field_errors() == ["count: must be at most 20"]
    assert not Video.objects.exists()


def test_editing_writes_what_was_edited_and_nothing_else(admin_client, upload):
    video = upload()
    form = {"title": "New", "payload": "", "state": "failed", "path": "elsewhere"}

    # A worker moves on between the reading of the row and its saving: its columns stay the worker's.
    def work(instance, **_):
        Video.objects.filter(pk=video.pk).update(state=SourceState.INGESTING, lease_owner="worker")

    pre_save.connect(work, sender=Video)
    try:
        admin_client.post(page("video", "change", video.pk), form)
    finally:
        pre_save.disconnect(work, sender=Video)
    after = Video.objects.get()
    assert (after.title, after.state, after.lease_owner, after.path) == ("New", "ingesting", "worker", video.path)


def test_videos_are_encoded_by_an_action_that_asks_for_profiles(admin_client, admin_user, upload, profile):
    other = Profile.objects.create(name="other", operation="copy")
    videos = [upload(profiles=[]), upload(profiles=[])]
    failed = upload(profiles=[])
    Video.objects.filter(pk=failed.pk).update(state=SourceState.FAILED, failure_message="It is broken.")
    asked = act(admin_client, "video", "encode_selected", *videos, failed)
    assert "3 videos" in text_of(asked)
    assert not Encoding.objects.exists()
    empty = act(admin_client, "video", "encode_selected", *videos, failed, confirmed="yes")
    assert "Choose at least one profile." in text_of(empty)
    chosen = {"confirmed": "yes", "profiles": [profile.pk, other.pk]}
    done = act(admin_client, "video", "encode_selected", *videos, failed, **chosen)
    assert said(done) == [
        "2 videos submitted for 2 encodings each.",
        "1 video not submitted for 2 encodings each: the source failed: It is broken.",
    ]
    assert Encoding.objects.count() == 4
    assert set(Job.objects.values_list("owner", flat=True)) == {admin_user.pk}


def test_a_failed_source_is_retried_with_the_encodings_that_wait_for_it(admin_client, upload):
    video = upload(content=b"broken film")
    jobs.ingest(video.pk)
    page_text = text_of(admin_client.get(page("video", "change", video.pk)))
    for words in ("The file is broken.", "unreadable_media", "upload it again", "Retry the source", "source_failed"):
        assert words in page_text
    fine = upload(profiles=[])
    response = act(admin_client, "video", "retry_source_selected", video, fine)
    assert said(response) == [
        "1 video retried.",
        "1 video not retried: A source that is waiting cannot be retried.",
    ]
    video.refresh_from_db()
    assert (video.state, video.encodings.get().job.state) == (SourceState.WAITING, State.NEW)


def test_the_page_looks_again_only_while_something_goes_on(admin_client, upload):
    video = upload()
    url = page("video", "change", video.pk)
    assert b"mediacloud/live.js" in admin_client.get(url).content
    [job] = jobs.ingest(video.pk)
    assert b"data-unfinished" in admin_client.get(url).content
    jobs.run(job.pk)
    response = admin_client.get(url)
    assert b"mediacloud/live.js" not in response.content
    assert b"data-unfinished" not in response.content


def test_deleting_a_video_takes_its_files(admin_client, upload):
    video = upload()
    for job in jobs.ingest(video.pk):
        jobs.run(job.pk)
    paths = [video.path, *video.encodings.get().job.outputs.values_list("path", flat=True)]
    url = page("video", "delete", video.pk)
    assert "Output files: 2" in text_of(admin_client.get(url))
    response = admin_client.post(url, {"post": "yes"}, follow=True)
    assert said(response) == ["1 video deleted."]
    assert not Video.objects.exists()
    assert not Job.objects.exists()
    assert not any(default_storage.exists(path) for path in paths)


def test_a_video_whose_encoding_runs_is_not_deleted_and_its_encoding_is_cancelled(admin_client, upload):
    video = upload()
    jobs.ingest(video.pk)
    Job.objects.update(state=State.RUNNING, lease_owner="worker", lease_until="2999-01-01T00:00Z")
    response = admin_client.post(page("video", "delete", video.pk), {"post": "yes"}, follow=True)
    assert response.redirect_chain[-1][0] == page("video", "change", video.pk)
    assert said(response) == [
        "1 video not deleted: Its encodings are being cancelled; remove the video when they have stopped."
    ]
    # The cancel is not rolled back with the deletion.
    assert Job.objects.get().state == State.CANCELLING
