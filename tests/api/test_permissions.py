"""Who sees and touches what."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.models import Encoding, Factory, Job, Profile, Video
from tests.api.conftest import client_of

pytestmark = pytest.mark.django_db

LISTS = ["videos", "encodings", "profiles", "factories", "processes", "tasks", "jobs", "outputs", "operations"]
OWNED = ["videos", "encodings", "processes", "tasks", "jobs", "outputs"]


@pytest.mark.parametrize("name", ["", *(f"{name}/" for name in LISTS)])
def test_nobody_comes_in_without_a_name(name, jane):
    answer = client_of(None).get(f"/api/{name}")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"
    assert answer["WWW-Authenticate"].startswith("Basic")
    assert client_of(jane).get(f"/api/{name}").status_code == 200


def test_the_root_names_every_resource(as_jane):
    assert sorted(as_jane.get("/api/").json()) == sorted(LISTS)


@pytest.mark.parametrize("name", OWNED)
def test_lists_show_what_is_ones_own_and_all_to_the_staff(name, encoded, hello, process_of, as_jane, as_john, as_boss):
    encoded()
    hello()
    process_of()
    assert as_jane.get(f"/api/{name}/").json()["results"]
    assert as_john.get(f"/api/{name}/").json()["results"] == []
    assert as_boss.get(f"/api/{name}/").json()["results"] == as_jane.get(f"/api/{name}/").json()["results"]


@pytest.fixture
def process_of(jane):
    def process_of():
        return jobs.submit_process(output_format="copy", url="http://example.com/film.mov", owner=jane)

    return process_of


def test_the_rows_of_others_are_not_there(encoded, hello, process_of, as_john):
    encoding, task, process = encoded(), hello(), process_of()
    video = Video.objects.get()
    addresses = [f"videos/{video.public_id}/"]
    for name, job in (("encodings", encoding), ("tasks", task), ("processes", process)):
        addresses += [f"{name}/{job.public_id}/", f"jobs/{job.public_id}/"]
    for address in addresses:
        assert as_john.get(f"/api/{address}").status_code == 404, address
        assert as_john.delete(f"/api/{address}").status_code == 404, address
        assert as_john.post(f"/api/{address}retry/").status_code == 404, address
        if not address.startswith("videos"):
            assert as_john.post(f"/api/{address}cancel/").status_code == 404, address
    output = encoding.outputs.first()
    answer = as_john.get(f"/api/jobs/{encoding.public_id}/outputs/{output.name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Job.objects.count() == 3
    asked = {"video": str(video.public_id), "profile": "twin"}
    answer = as_john.post("/api/encodings/", asked, format="json")
    assert (answer.status_code, answer.json()["errors"]) == (400, {"video": ["no video has this id"]})


def test_a_job_without_an_owner_is_the_staffs(site, as_jane, as_boss):
    job = jobs.submit(JobSpec(operation="hello", parameters={"name": "a"}))
    assert as_jane.get(f"/api/jobs/{job.public_id}/").status_code == 404
    assert as_boss.get(f"/api/jobs/{job.public_id}/").status_code == 200


def test_what_one_makes_is_ones_own(as_jane, jane, as_boss, film):
    as_jane.post("/api/tasks/", {"operation": "hello", "parameters": {"name": "a"}}, format="json")
    assert Job.objects.get().owner == jane
    video = film()
    asked = {"video": str(video.public_id), "profile": "twin"}
    assert as_boss.post("/api/encodings/", asked, format="json").status_code == 201
    assert {encoding.job.owner for encoding in Encoding.objects.all()} == {jane}


def test_a_kind_is_found_under_its_own_name_only(hello, as_jane):
    job = hello()
    assert as_jane.get(f"/api/tasks/{job.public_id}/").status_code == 200
    assert as_jane.get(f"/api/encodings/{job.public_id}/").status_code == 404
    assert as_jane.get(f"/api/processes/{job.public_id}/").status_code == 404


@pytest.mark.parametrize("spelling", ["d", "hex"])
def test_an_id_has_several_spellings(hello, as_jane, spelling):
    job = hello()
    text = job.public_id.hex if spelling == "hex" else str(job.public_id)
    assert as_jane.get(f"/api/jobs/{text}/").json()["id"] == str(job.public_id)


@pytest.mark.parametrize("text", ["1", "x", "0" * 32, "%00", "a" * 26, "{}", "..", "%F0%9F%98%80" * 26])
def test_what_is_no_id_is_not_there(as_jane, hello, text):
    hello()
    assert as_jane.get(f"/api/jobs/{text}/").status_code == 404


class TestLibrary:
    """Everybody reads, the staff writes, with the permissions of the admin."""

    def test_all_read(self, profile, as_john):
        factory = Factory.objects.create(name="Hall")
        [shown] = as_john.get("/api/profiles/").json()["results"]
        assert shown["parameters"] == {"format": "twin", "count": 2}
        assert as_john.get(f"/api/profiles/{profile.public_id}/").json() == shown
        assert as_john.get(f"/api/factories/{factory.public_id}/").json()["name"] == "Hall"

    def test_only_staff_with_permission_writes(self, profile, jane, john):
        john.is_staff = True
        john.save()
        asked = {"name": "new", "operation": "copy"}
        for user in (jane, john):
            client = client_of(user)
            assert client.post("/api/profiles/", asked, format="json").status_code == 403
            assert client.patch(f"/api/profiles/{profile.public_id}/", asked, format="json").status_code == 403
            assert client.delete(f"/api/profiles/{profile.public_id}/").status_code == 403
            assert client.post("/api/factories/", {"name": "x"}, format="json").status_code == 403
        assert [each.name for each in Profile.objects.all()] == ["twin"]

    def test_staff_writes(self, as_boss: APIClient, boss):
        factory = as_boss.post("/api/factories/", {"name": "Hall", "storage": "default"}, format="json")
        assert factory.status_code == 201
        assert Factory.objects.get().owner == boss
        asked = {
            "name": "new",
            "operation": "copy",
            "parameters": {"format": "twin"},
            "factory": factory.json()["id"],
            "is_default": True,
        }
        made = as_boss.post("/api/profiles/", asked, format="json")
        assert made.status_code == 201, made.json()
        address = f"/api/profiles/{made.json()['id']}/"
        assert made.json() | asked == made.json()
        assert as_boss.patch(address, {"parameters": {"count": 3}}, format="json").json()["parameters"] == {"count": 3}
        assert as_boss.delete(address).status_code == 204
        assert not Profile.objects.exists()

    @pytest.mark.parametrize(
        ("asked", "errors"),
        [
            ({"parameters": {"count": 99}}, {"parameters": ["count: must be at most 20"]}),
            ({"parameters": {"size": 1}}, {"parameters": ["size: unknown parameter"]}),
            ({"parameters": [1]}, {"parameters": ["must be an object"]}),
            ({"operation": "dream"}, {"operation": ["Cloud 'default' has no operation 'dream'."]}),
            ({"operation": "media.info"}, {"operation": ["media.info makes no encodings"]}),
            (
                {"operation": "post", "parameters": {"token": "s3cret"}},
                {"operation": ["post takes secrets (token), and a profile keeps none"]},
            ),
            ({"cloud": "cirrus"}, {"cloud": ["must be one of: afar, default"]}),
            ({"factory": "1"}, {"factory": ["must be an id"]}),
            ({"colour": 1, "id": "x"}, {"colour": ["unknown field"], "id": ["unknown field"]}),
            ({"name": "twin"}, {"name": ["profile with this name already exists."]}),
        ],
    )
    def test_a_profile_that_makes_no_sense_is_refused(self, profile, as_boss, asked, errors):
        asked = {"name": "new", "operation": "copy"} | asked
        answer = as_boss.post("/api/profiles/", asked, format="json")
        assert (answer.status_code, answer.json()["errors"]) == (400, errors)
        assert Profile.objects.count() == 1

    def test_a_factory_in_use_stays(self, film, as_boss):
        factory = Factory.objects.create(name="Hall")
        video = film()
        video.factory = factory
        video.save()
        answer = as_boss.delete(f"/api/factories/{factory.public_id}/")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed")
        answer = as_boss.post("/api/factories/", {"name": "x", "storage": "attic"}, format="json")
        assert "must be one of: default" in answer.json()["errors"]["storage"][0]
