"""Every list opens, in the same number of queries at any size, and asks nobody but the database."""

from __future__ import annotations

import uuid

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.files.storage import Storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_mediacloud.core.ids import as_base32
from django_mediacloud.models import (
    AccessKey,
    Callback,
    Encoding,
    Factory,
    Job,
    JobEvent,
    Notification,
    Output,
    Process,
    Profile,
    Task,
    Video,
)

from .conftest import page, text_of

pytestmark = pytest.mark.django_db

MODELS = [Factory, Video, Profile, Encoding, Process, Task, Job, Output, Notification, Callback, AccessKey]


def make_rows(count: int) -> None:
    """``count`` more rows of every model, each with relatives of its own."""
    for _ in range(count):
        word = uuid.uuid4().hex
        owner = User.objects.create(username=word)
        AccessKey.objects.create(service="stupeflix", public_key=word, secret_digest=word, owner=owner)
        factory = Factory.objects.create(name=word)
        profile = Profile.objects.create(name=word, operation="copy", factory=factory)
        video = Video.objects.create(original_filename=f"{word}.mov", factory=factory)
        for kind, model, fields in [
            ("encoding", Encoding, {"video": video, "profile": profile, "profile_name": profile.name}),
            ("process", Process, {"factory": factory, "filename": f"{word}.doc", "output_format": "twin"}),
            ("task", Task, {}),
        ]:
            job = Job.objects.create(kind=kind, cloud="default", operation="copy", state="failed", failure_code="x")
            model.objects.create(job=job, **fields)
            JobEvent.objects.create(job=job, attempt=1, to_state="failed")
            Output.objects.create(job=job, attempt=1, name=word, storage="default", path=word, is_ready=True)
            Callback.objects.create(job=job, attempt=1, event="failed", url="http://example.com/")
            Notification.objects.create(job=job, cloud="default", dedupe_key=f"{word}/{kind}")


def test_every_model_has_a_page():
    assert {model for model in admin.site._registry if model._meta.app_label == "mediacloud"} == set(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_list_takes_the_same_queries_at_any_size(admin_client, monkeypatch, model):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a list touched a storage")

    for method in ("open", "exists", "size", "url", "path"):
        monkeypatch.setattr(Storage, method, refuse)
    url = page(model._meta.model_name, "changelist")
    admin_client.get(url)  # what is asked once in a process is not counted
    taken = []
    for more in (1, 4, 25):
        make_rows(more)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = admin_client.get(url)
        assert response.status_code == 200
        assert len(response.context["cl"].result_list) >= more
        taken.append(len(queries))
    assert taken == [taken[0]] * 3
    assert taken[0] <= 7


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_row_has_a_page_of_its_own(admin_client, model):
    make_rows(1)
    response = admin_client.get(page(model._meta.model_name, "change", model.objects.first().pk))
    assert response.status_code == 200
    assert b"mediacloud/admin.css" in response.content


@pytest.mark.parametrize("spell", [str, lambda given: given.hex, as_base32], ids=["dashes", "hex", "base32"])
@pytest.mark.parametrize("model", [Video, Job, Task, Encoding], ids=lambda model: model.__name__)
def test_search_by_public_id_in_any_spelling(admin_client, model, spell):
    make_rows(3)
    wanted = model.objects.last()
    public_id = wanted.public_id if hasattr(wanted, "public_id") else wanted.job.public_id
    response = admin_client.get(page(model._meta.model_name, "changelist"), {"q": spell(public_id)})
    assert list(response.context["cl"].result_list) == [wanted]


@pytest.mark.parametrize("model", [Video, Job, Encoding, Process], ids=lambda model: model.__name__)
def test_search_by_file_name(admin_client, model):
    make_rows(3)
    name = Process.objects.last().filename if model in {Process, Job} else Video.objects.last().original_filename
    response = admin_client.get(page(model._meta.model_name, "changelist"), {"q": name})
    assert len(response.context["cl"].result_list) == 1


@pytest.mark.parametrize("model", [Job, Encoding, Process, Task], ids=lambda model: model.__name__)
def test_filters_by_state_cloud_and_operation(admin_client, model):
    make_rows(2)
    path = "" if model is Job else "job__"
    url = page(model._meta.model_name, "changelist")
    for query, count in [
        ({f"{path}state__exact": "failed"}, model.objects.count()),
        ({f"{path}state__exact": "running"}, 0),
        ({"cloud": "default", "operation": "copy"}, model.objects.count()),
        ({"operation": "hello"}, 0),
        ({"cloud": "gone"}, 0),
    ]:
        response = admin_client.get(url, query)
        assert len(response.context["cl"].result_list) == count, query
    assert "hello" in text_of(response)


def test_the_files_of_one_job_can_be_listed(admin_client):
    make_rows(2)
    job = Job.objects.first()
    response = admin_client.get(page("output", "changelist"), {"job__id__exact": job.pk})
    assert [output.job_id for output in response.context["cl"].result_list] == [job.pk]


@pytest.mark.parametrize("model", [Job, Task, Process, Encoding], ids=lambda model: model.__name__)
def test_what_a_job_does_stands_before_how_it_is_doing(admin_client, model):
    make_rows(1)
    listed = admin_client.get(page(model._meta.model_name, "changelist")).content.decode()
    assert listed.index("column-operation") < listed.index("column-state")
