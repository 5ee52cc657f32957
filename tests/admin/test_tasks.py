"""Adding a task and a process: forms that are drawn from what the clouds declare."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.clouds.registry import get_cloud
from django_mediacloud.core.states import State
from django_mediacloud.jobs.sealing import HIDDEN
from django_mediacloud.models import Job, Task
from tests.jobs.conftest import WORKSHOP

from .conftest import page, said, text_of
from .test_video import stored_files

pytestmark = pytest.mark.django_db(transaction=True)

ADD = "/admin/mediacloud/task/add/"


def form_of(operation, cloud="default"):
    return f"{ADD}?cloud={cloud}&operation={operation}"


def test_first_an_operation_is_chosen(admin_client):
    shown = admin_client.get(ADD)
    for name in ("copy", "hello", "wait", "fail", "media.info"):
        assert f"?cloud=default&amp;operation={name}" in shown.content.decode()
    assert "copy of the toy workshop" in text_of(shown)


def test_an_operation_that_is_not_there_leads_to_the_choice(admin_client):
    for url in (form_of("dream"), form_of("copy", cloud="nowhere")):
        assert "choose an operation" in text_of(admin_client.get(url))
        assert "choose an operation" in text_of(admin_client.post(url, {}))


def test_a_new_cloud_and_a_new_operation_appear_by_themselves(admin_client):
    clouds = {**WORKSHOP, "far": {"BACKEND": "tests.toys.faraway"}}
    with override_settings(MEDIACLOUD={"CLOUDS": clouds}):
        assert "Cloud far" in text_of(admin_client.get(ADD))
        response = admin_client.post(form_of("render", "far"), {"parameter-text": "Hello"})
    task = Task.objects.get()
    assert response.url == page("task", "change", task.pk)
    assert (task.job.cloud, task.job.operation, task.job.parameters) == ("far", "render", {"text": "Hello"})


def test_the_form_shows_what_the_operation_declares(admin_client):
    shown = admin_client.get(form_of("copy")).content.decode()
    assert '<input type="url" name="parameter-url"' in shown
    assert '<input type="file" name="upload-url"' in shown
    assert '<option value="copy" selected>copy</option>' in shown
    assert 'name="parameter-count" value="1" step="1" class="vIntegerField" min="1" max="20"' in shown
    assert "Files to make. From 1 to 20." in shown
    assert "From 0 to 600 s." in admin_client.get(form_of("wait")).content.decode()


def test_a_task_is_submitted_and_runs(admin_client, admin_user):
    response = admin_client.post(form_of("hello"), {"parameter-name": "Jane", "priority": "5"}, follow=True)
    assert said(response) == ["The task was submitted."]
    job = Job.objects.get()
    assert (job.owner, job.parameters, job.priority, job.kind) == (admin_user, {"name": "Jane"}, 5, "task")
    jobs.run(job.pk)
    assert "Hello Jane" in admin_client.get(page("task", "change", job.pk)).content.decode()


def test_an_uploaded_file_is_what_the_task_reads(admin_client):
    file = SimpleUploadedFile("a b.txt", b"some words")
    admin_client.post(form_of("copy"), {"upload-url": file, "parameter-format": "twin", "parameter-count": "1"})
    job = Job.objects.get()
    assert job.inputs["url"]["filename"] == "a b.txt"
    assert default_storage.open(job.inputs["url"]["path"]).read() == b"some words"
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.values["size"]) == (State.SUCCEEDED, 10)


@pytest.mark.parametrize(
    ("operation", "data", "field", "words"),
    [
        ("hello", {}, "parameter-name", "This field is required."),
        ("copy", {}, "parameter-url", "this field is required"),
        ("copy", {"parameter-url": "nonsense"}, "parameter-url", "must be an http or https URL"),
        ("copy", {"parameter-url": "http://a.example/", "parameter-count": "21"}, "parameter-count", "at most 20"),
        ("copy", {"parameter-url": "http://a.example/", "parameter-count": "x"}, "parameter-count", "an integer"),
        ("copy", {"parameter-url": "http://a.example/", "parameter-format": "x"}, "parameter-format", "copy, twin"),
        ("copy", {"parameter-url": "http://a.example/", "upload-url": b"x"}, "parameter-url", "either a URL or a file"),
        ("copy", {"upload-url": b""}, "upload-url", "the file is empty"),
        ("hello", {"parameter-name": "a", "priority": "101"}, "priority", "less than or equal to 100"),
        ("hello", {"parameter-name": "a", "callback_url": "ftp://x/"}, "callback_url", "http or https URL"),
    ],
)
def test_errors_stand_at_their_fields_and_nothing_is_stored(admin_client, operation, data, field, words):
    before = stored_files()
    if isinstance(data.get("upload-url"), bytes):
        data = {**data, "upload-url": SimpleUploadedFile("a.txt", data["upload-url"])}
    response = admin_client.post(form_of(operation), data)
    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert len(errors[field]) == 1
    assert words in errors[field][0]
    assert not Job.objects.exists()
    assert stored_files() == before


def test_a_token_is_on_no_page(admin_client):
    """Neither on the form that comes back with an error, nor on the pages of the job."""
    clouds = {"default": {"BACKEND": "django_mediacloud.clouds.local"}}
    given = {"parameter-url": "no address", "parameter-title": "A film", "parameter-oauth2_token": "T0KEN"}
    with override_settings(MEDIACLOUD={"CLOUDS": clouds}):
        refused = admin_client.post(form_of("video.upload.vimeo"), given)
        assert "must be an http or https URL" in text_of(refused)
        assert "T0KEN" not in refused.content.decode()

        given["parameter-url"] = "https://media.example/a.mp4"
        admin_client.post(form_of("video.upload.vimeo"), given)
        job = Task.objects.get().job
        for shown in (page("task", "change", job.pk), page("job", "change", job.pk), page("job", "history", job.pk)):
            content = admin_client.get(shown).content.decode()
            assert "T0KEN" not in content
            assert job.sealed not in content
        assert HIDDEN in text_of(admin_client.get(page("job", "change", job.pk)))


def test_a_process_can_ask_for_all_that_the_engine_makes(admin_client):
    with override_settings(MEDIACLOUD={"CLOUDS": {"default": {"BACKEND": "django_mediacloud.clouds.local"}}}):
        shown = admin_client.get(page("process", "add")).content.decode()
        formats = get_cloud("default").capabilities.formats
    assert "mp4" in formats
    assert all(f'value="default:{name}"' in shown for name in formats)


def test_a_process_is_submitted_and_runs(admin_client, admin_user):
    url = page("process", "add")
    assert '<optgroup label="default">' in admin_client.get(url).content.decode()
    data = {"file": SimpleUploadedFile("a.mov", b"abc"), "target": "default:twin", "options": '{"count": 2}'}
    response = admin_client.post(url, data, follow=True)
    assert said(response) == ["The process was submitted."]
    job = Job.objects.get()
    assert (job.owner, job.process.output_format, job.process.input_format) == (admin_user, "twin", "mov")
    jobs.run(job.pk)
    shown = text_of(admin_client.get(page("process", "change", job.pk)))
    assert "copies/1.bin" in shown


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"target": "default:twin"}, "file", "give either a file or a url"),
        ({"target": "default:doc", "url": "http://a.example/"}, "target", "not one of the available choices"),
        ({"target": "default:twin", "url": "nonsense"}, "url", "must be an http or https URL"),
        ({"target": "default:twin", "url": "http://a.example/", "options": "{"}, "options", "valid JSON"),
        ({"target": "default:twin", "url": "http://a.example/", "options": "[1]"}, "options", "must be a JSON object"),
        (
            {"target": "default:twin", "url": "http://a.example/", "options": '{"zoom": 1}'},
            "options",
            "zoom: unknown parameter",
        ),
    ],
)
def test_errors_of_a_process_stand_at_their_fields(admin_client, data, field, words):
    response = admin_client.post(page("process", "add"), data)
    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert words in errors[field][0]
    assert not Job.objects.exists()
