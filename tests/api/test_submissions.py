"""What clients send, well and badly. Bad input is answered at once, by name, and nothing is kept."""

from __future__ import annotations

import io
import json

import pytest
from django.core.files.base import ContentFile
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.models import Encoding, Factory, Job, Profile, Video
from tests.api.conftest import CLOUDS, stored_files

pytestmark = pytest.mark.django_db


def upload(content: bytes = b"a film", name: str = "film.mov") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def refused(answer, errors):
    assert answer.status_code == 400, answer.content
    told = answer.json()
    assert set(told) == {"code", "message", "advice", "errors"}
    assert (told["code"], told["errors"]) == ("invalid_parameters", errors)
    assert told["message"]
    assert told["advice"]


class TestVideos:
    @pytest.fixture
    def library(self, profile):
        Factory.objects.create(name="Hall")
        Profile.objects.create(name="one", operation="copy", is_default=True)
        return profile

    @pytest.mark.parametrize(
        ("given", "names"),
        [
            ({}, ["one"]),
            ({"profiles": ""}, ["one"]),
            ({"profiles": "twin"}, ["twin"]),
            ({"profiles": "twin, one,twin"}, ["twin", "one"]),
            ({"profiles": ["twin", "one"]}, ["twin", "one"]),
        ],
    )
    def test_profiles_in_a_form(self, library, as_jane, given, names):
        answer = as_jane.post("/api/videos/", {"file": upload(), **given}, format="multipart")
        assert answer.status_code == 201, answer.json()
        assert [short["profile_name"] for short in answer.json()["encodings"]] == names

    @pytest.mark.parametrize(("given", "names"), [([], []), (["twin"], ["twin"]), ("one,twin", ["one", "twin"])])
    def test_profiles_in_json(self, library, as_jane, given, names):
        asked = {"source_url": "http://example.com/a.mov", "profiles": given}
        answer = as_jane.post("/api/videos/", asked, format="json")
        assert [short["profile_name"] for short in answer.json()["encodings"]] == names

    def test_all_fields_arrive(self, library, as_jane, jane):
        factory = Factory.objects.get()
        asked = {
            "source_url": "http://example.com/a.mov",
            "profiles": [library.public_id.hex],
            "factory": str(factory.public_id),
            "title": "Holidays",
            "payload": "42",
            "callback_url": "https://example.com/done",
            "priority": 9,
        }
        shown = as_jane.post("/api/videos/", asked, format="json").json()
        video = Video.objects.get()
        assert (video.factory, video.title, video.payload, video.owner) == (factory, "Holidays", "42", jane)
        assert Job.objects.values_list("callback_url", "priority").get() == ("https://example.com/done", 9)
        assert (shown["factory"], shown["source_url"]) == (str(factory.public_id), asked["source_url"])

    @pytest.mark.parametrize(
        ("asked", "errors"),
        [
            ({}, {"file": ["give either a file or a source_url"]}),
            ({"source_url": "ftp://example.com/a"}, {"source_url": ["must be an http or https URL"]}),
            ({"source_url": "http://"}, {"source_url": ["must be an http or https URL"]}),
            ({"source_url": 5, "profile": "twin"}, {"profile": ["unknown field"]}),
            ({"profiles": ["twin", "nobody"]}, {"profiles": ["no profile is called 'nobody'"]}),
            ({"profiles": {"a": 1}}, {"profiles": ["must be names or ids of profiles"]}),
            ({"profiles": [1]}, {"profiles": ["must be names or ids of profiles"]}),
            ({"profiles": ["\x00"]}, {"profiles": ["must be names or ids of profiles"]}),
            ({"profiles": ["x"] * 101}, {"profiles": ["has at most 100 profiles"]}),
            ({"factory": 1}, {"factory": ["must be an id"]}),
            ({"factory": "0" * 32}, {"factory": ["no factory has this id"]}),
            (
                {"file": "film.mov"},
                {"file": ["The submitted data was not a file. Check the encoding type on the form."]},
            ),
            ({"title": "x" * 301}, {"title": ["Ensure this field has no more than 300 characters."]}),
            ({"title": "a\x00b"}, {"title": ["Null characters are not allowed."]}),
            ({"title": ["a"]}, {"title": ["Not a valid string."]}),
            ({"callback_url": "javascript:alert(1)"}, {"callback_url": ["must be an http or https URL"]}),
        ],
    )
    def test_bad_input(self, library, as_jane, asked, errors):
        before = stored_files()
        if asked and "source_url" not in asked and "file" not in asked:
            asked = asked | {"source_url": "http://example.com/a.mov"}
        refused(as_jane.post("/api/videos/", asked, format="json"), errors)
        assert not Video.objects.exists()
        assert not Job.objects.exists()
        assert stored_files() == before

    def test_bad_uploads(self, library, as_jane):
        before = stored_files()
        both = {"file": upload(), "source_url": "http://example.com/a.mov"}
        refused(as_jane.post("/api/videos/", both), {"file": ["give either a file or a source_url"]})
        refused(as_jane.post("/api/videos/", {"file": upload(b"")}), {"file": ["the file is empty"]})
        refused(as_jane.post("/api/videos/", {"film": upload()}), {"film": ["unknown field"]})
        with override_settings(MEDIACLOUD={"CLOUDS": CLOUDS, "MAX_UPLOAD_BYTES": 5}):
            refused(as_jane.post("/api/videos/", {"file": upload()}), {"file": ["the file has more than 5 bytes"]})
            large = {"file": upload(bytes(1_100_000))}
            refused(as_jane.post("/api/videos/", large), {"file": ["the file has more than 5 bytes"]})
        assert not Video.objects.exists()
        assert stored_files() == before

    @pytest.mark.parametrize(
        "name", ["../../etc/passwd", "C:\\temp\\film.mov", "fil\u202em.mov", "a" * 400 + ".mov", "."]
    )
    def test_a_hostile_file_name_is_only_a_name(self, library, as_jane, name):
        before = stored_files()
        answer = as_jane.post("/api/videos/", {"file": upload(name=name)}, format="multipart")
        assert answer.status_code in {201, 400}, answer.content
        made = stored_files() - before
        assert all("/source/" in str(path) for path in made)
        if answer.status_code == 201:
            assert "/" not in answer.json()["original_filename"]
            assert "\\" not in answer.json()["original_filename"]


class TestEncodings:
    def test_another_one(self, film, as_jane):
        video = film()
        Profile.objects.create(name="one", operation="copy")
        asked = {"video": str(video.public_id), "profile": "one", "priority": 7}
        shown = as_jane.post("/api/encodings/", asked, format="json").json()
        assert (shown["video"], shown["profile_name"], shown["job"]["priority"]) == (asked["video"], "one", 7)
        assert Encoding.objects.count() == 2

    @pytest.mark.parametrize(
        ("asked", "errors"),
        [
            ({"profile": None}, {"profile": ["This field may not be null."]}),
            ({"profile": "nobody"}, {"profile": ["no profile is called 'nobody'"]}),
            ({"profile": 5}, {"profile": ["must be names or ids of profiles"]}),
            ({"video": 1}, {"video": ["must be an id"]}),
            ({"priority": 101}, {"priority": ["must be between -100 and 100"]}),
            ({"priority": "high"}, {"priority": ["A valid integer is required."]}),
        ],
    )
    def test_bad_input(self, film, as_jane, asked, errors):
        asked = {"video": str(film().public_id), "profile": "twin"} | asked
        refused(as_jane.post("/api/encodings/", asked, format="json"), errors)
        assert Encoding.objects.count() == 1


class TestProcesses:
    @pytest.mark.parametrize(
        ("asked", "errors"),
        [
            ({}, {"file": ["give either a file or a url"]}),
            (
                {"url": "http://example.com/a", "output_format": "dream"},
                {"output_format": ["must be one of: copy, twin"]},
            ),
            (
                {"url": "http://example.com/a", "output_format": None},
                {"output_format": ["This field may not be null."]},
            ),
            ({"url": "gopher://example.com/a"}, {"url": ["must be an http or https URL"]}),
            ({"url": "http://example.com/a", "options": {"count": 0}}, {"count": ["must be at least 1"]}),
            ({"url": "http://example.com/a", "options": "[1]"}, {"options": ["must be an object"]}),
            ({"url": "http://example.com/a", "options": "{"}, {"options": ["must be valid JSON"]}),
            ({"url": "http://example.com/a", "cloud": "cirrus"}, {"cloud": ["must be one of: afar, default"]}),
        ],
    )
    def test_bad_input(self, as_jane, asked, errors):
        refused(as_jane.post("/api/processes/", {"output_format": "copy"} | asked, format="json"), errors)
        assert not Job.objects.exists()

    def test_a_refused_upload_leaves_nothing(self, as_jane):
        before = stored_files()
        asked = {"file": upload(), "output_format": "copy", "options": json.dumps({"count": 99})}
        refused(as_jane.post("/api/processes/", asked), {"count": ["must be at most 20"]})
        assert stored_files() == before


class TestTasks:
    @pytest.mark.parametrize(
        ("asked", "errors"),
        [
            ({"operation": ""}, {"operation": ["This field may not be blank."]}),
            ({"parameters": {"name": ["a"]}}, {"name": ["must be a string"]}),
            ({"parameters": {}}, {"name": ["this field is required"]}),
            ({"parameters": {"name": "a", "nome": 1}}, {"nome": ["unknown parameter"]}),
            ({"parameters": "x"}, {"parameters": ["must be valid JSON"]}),
            ({"parameters": {"name": "a\x00"}}, {"parameters": ["contains characters that cannot be stored"]}),
            ({"parameters": {"name": "a\ud800"}}, {"parameters": ["contains characters that cannot be stored"]}),
            ({"metas": {"a\x00": 1}}, {"metas": ["contains characters that cannot be stored"]}),
            ({"metas": [1]}, {"metas": ["must be an object"]}),
            ({"cloud": "cirrus"}, {"cloud": ["must be one of: afar, default"]}),
            ({"priority": -101}, {"priority": ["must be between -100 and 100"]}),
            ({"owner": 1}, {"owner": ["unknown field"]}),
        ],
    )
    def test_bad_input(self, as_jane, asked, errors):
        body = json.dumps({"operation": "hello", "parameters": {"name": "a"}} | asked)
        refused(as_jane.post("/api/tasks/", body, content_type="application/json"), errors)
        assert not Job.objects.exists()

    def test_an_operation_that_is_not_there(self, as_jane):
        answer = as_jane.post("/api/tasks/", {"operation": "dream"}, format="json")
        assert answer.status_code == 400
        assert answer.json()["code"] == "unknown_operation"
        assert "dream" in answer.json()["message"]
        assert answer.json()["advice"]

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ("{", 400, "parse_error"),
            ("[" * 100_000, 400, "parse_error"),
            ('{"operation": NaN}', 400, "parse_error"),
            ("[1]", 400, "invalid_parameters"),
            ("5", 400, "invalid_parameters"),
            ('{"operation": "hello", "metas": {"a": 1e999}}', 400, "invalid_parameters"),
            ('{"operation": "hello", "metas": ' + '{"a":' * 60 + "1" + "}" * 61, 400, "invalid_parameters"),
            ('{"operation": "' + "x" * 3_000_000 + '"}', 413, "too_large"),
        ],
    )
    def test_hostile_bodies(self, as_jane, body, status, code):
        answer = as_jane.post("/api/tasks/", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Job.objects.exists()

    def test_other_bodies(self, as_jane):
        large = "operation=" + "x" * 3_000_000
        answer = as_jane.post("/api/tasks/", large, content_type="application/x-www-form-urlencoded")
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        answer = as_jane.post("/api/tasks/", "<a/>", content_type="application/xml")
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
        answer = as_jane.post("/api/tasks/", {f"a{n}": "1" for n in range(1100)}, format="multipart")
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
        assert as_jane.put("/api/tasks/").json()["code"] == "method_not_allowed"

    def test_an_upload_goes_to_the_parameter_of_its_name(self, as_jane):
        asked = {"operation": "copy", "parameters": '{"count": 2}', "url": upload(b"bytes")}
        shown = as_jane.post("/api/tasks/", asked, format="multipart").json()
        job = Job.objects.get()
        jobs.run(job.pk)
        shown = as_jane.get(f"/api/tasks/{shown['id']}/").json()
        assert (shown["job"]["state"], len(shown["job"]["outputs"])) == ("succeeded", 2)

    @pytest.mark.parametrize(
        ("asked", "errors"),
        [
            ({"film": b"x"}, {"film": ["takes no file"]}),
            ({"count": b"x"}, {"count": ["takes no file"]}),
            ({"url": b""}, {"url": ["the file is empty"]}),
            ({"url": b"x", "parameters": b"{}"}, {"parameters": ["must be valid JSON"]}),
        ],
    )
    def test_a_bad_upload_leaves_nothing(self, as_jane, asked, errors):
        before = stored_files()
        files = {name: upload(content) for name, content in asked.items()}
        refused(as_jane.post("/api/tasks/", {"operation": "copy", **files}, format="multipart"), errors)
        assert stored_files() == before
        assert not Job.objects.exists()

    def test_a_form(self, as_jane):
        asked = {"operation": "hello", "parameters": '{"name": "Jane"}', "priority": "3"}
        shown = as_jane.post("/api/tasks/", asked, format="multipart").json()
        assert (shown["job"]["parameters"], shown["job"]["priority"]) == ({"name": "Jane"}, 3)


class TestIdempotency:
    """The same key from the same owner is the same request."""

    def test_tasks(self, as_jane, as_john):
        asked = {"operation": "hello", "parameters": {"name": "a"}}
        first = as_jane.post("/api/tasks/", asked, format="json", headers={"Idempotency-Key": "k"})
        again = as_jane.post("/api/tasks/", asked, format="json", headers={"Idempotency-Key": "k"})
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json()["id"] == again.json()["id"]
        other = as_john.post("/api/tasks/", asked, format="json", headers={"Idempotency-Key": "k"})
        assert other.json()["id"] != first.json()["id"]
        asked["parameters"]["name"] = "b"
        answer = as_jane.post("/api/tasks/", asked, format="json", headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
        assert Job.objects.count() == 2

    def test_videos_processes_and_encodings(self, as_jane, profile):
        headers = {"Idempotency-Key": "k"}
        before = stored_files()
        videos = {as_jane.post("/api/videos/", {"file": upload()}, headers=headers).json()["id"] for _ in range(2)}
        asked = {"output_format": "copy"}
        processes = {
            as_jane.post("/api/processes/", {"file": upload(), **asked}, headers=headers).json()["id"] for _ in range(2)
        }
        asked = {"video": videos.copy().pop(), "profile": "twin"}
        encodings = {
            as_jane.post("/api/encodings/", asked, format="json", headers=headers).json()["id"] for _ in range(2)
        }
        assert (len(videos), len(processes), len(encodings)) == (1, 1, 1)
        assert len(stored_files() - before) == 2

    def test_a_key_has_a_bound(self, as_jane):
        asked = {"operation": "hello", "parameters": {"name": "a"}}
        answer = as_jane.post("/api/tasks/", asked, format="json", headers={"Idempotency-Key": "k" * 300})
        refused(answer, {"idempotency_key": ["is too long"]})


def test_a_wrong_setting_is_not_told_to_the_world(as_jane, caplog):
    with override_settings(MEDIACLOUD={"CLOUDS": {"default": {"BACKEND": "tests.toys.secret_place"}}}):
        answer = as_jane.post("/api/tasks/", {"operation": "hello"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (500, "configuration")
    assert "secret_place" not in answer.content.decode()
    assert "secret_place" in caplog.text


def test_a_storage_that_refuses_is_503(as_jane, profile, settings):
    settings.STORAGES = {**settings.STORAGES, "gone": {"BACKEND": "no.such.Storage"}}
    factory = Factory.objects.create(name="Hall", storage="gone")
    asked = {"file": ContentFile(b"a film", name="a.mov"), "factory": str(factory.public_id)}
    answer = as_jane.post("/api/videos/", asked)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage")
    assert not Video.objects.exists()
