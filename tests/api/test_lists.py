"""Filters, pages, and what a list costs."""

from __future__ import annotations

import datetime as dt
from base64 import b64encode

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.models import Factory, Job, Output, Profile, Video
from tests.api.conftest import client_of
from tests.toys.workshop.cloud import OPERATIONS

pytestmark = pytest.mark.django_db


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row.get("id") for row in answer.json()["results"]]


class TestFilters:
    @pytest.fixture
    def jobs_by_state(self, encoded, hello):
        done = encoded()
        waiting = hello()
        stopped = jobs.cancel(hello("Ann"))
        return {"succeeded": done, "queued": waiting, "cancelled": stopped}

    @pytest.mark.parametrize(
        ("query", "states"),
        [
            ("state=queued", ["queued"]),
            ("state=queued,cancelled", ["cancelled", "queued"]),
            ("state=queued&state=succeeded", ["queued", "succeeded"]),
            ("kind=encoding", ["succeeded"]),
            ("operation=hello&state=cancelled", ["cancelled"]),
            ("operation=dream", []),
            ("cloud=default", ["cancelled", "queued", "succeeded"]),
            ("cloud=afar", []),
            ("profile=twin", ["succeeded"]),
            ("profile=nobody", []),
            ("", ["cancelled", "queued", "succeeded"]),
        ],
    )
    def test_jobs(self, jobs_by_state, as_jane, query, states):
        expected = [str(jobs_by_state[state].public_id) for state in states]
        assert ids(as_jane.get(f"/api/jobs/?{query}")) == expected

    def test_by_ids(self, encoded, film, profile, as_jane):
        job = encoded()
        video = Video.objects.get()
        other = film()
        found = [str(job.public_id)]
        for address in ("jobs", "encodings"):
            assert ids(as_jane.get(f"/api/{address}/?video={video.public_id}")) == found
            assert ids(as_jane.get(f"/api/{address}/?video={video.public_id.hex}&state=succeeded")) == found
            assert len(ids(as_jane.get(f"/api/{address}/?profile={profile.public_id}"))) == 2
            assert ids(as_jane.get(f"/api/{address}/?video={'0' * 32}")) == []
        for query in (f"video={video.public_id}", f"job={job.public_id}", "role=output", "cloud=default"):
            outputs = as_jane.get(f"/api/outputs/?{query}").json()["results"]
            assert [output["name"] for output in outputs] == ["copies/1.bin", "copies/0.bin"]
        assert as_jane.get(f"/api/outputs/?video={other.public_id}").json()["results"] == []

    def test_the_others(self, film, as_jane):
        video = film()
        factory = Factory.objects.create(name="Hall")
        assert ids(as_jane.get("/api/videos/?state=ready")) == [str(video.public_id)]
        assert ids(as_jane.get(f"/api/videos/?factory={factory.public_id}")) == []
        assert len(ids(as_jane.get("/api/profiles/?name=twin&operation=copy&cloud=default"))) == 1
        assert ids(as_jane.get("/api/factories/?cloud=afar")) == []
        process = jobs.submit_process(output_format="twin", url="http://example.com/a", owner=video.owner)
        assert ids(as_jane.get("/api/processes/?output_format=twin")) == [str(process.public_id)]
        assert ids(as_jane.get(f"/api/processes/?factory={factory.public_id}")) == []

    @pytest.mark.parametrize(
        ("address", "errors"),
        [
            ("jobs/?state=done", {"state": "must be one of: new, queued"}),
            ("jobs/?state=", {"state": "must be one of: new, queued"}),
            ("jobs/?video=5", {"video": "must be an id"}),
            ("jobs/?cloud=cirrus", {"cloud": "must be one of: afar, default"}),
            ("jobs/?kind=video", {"kind": "must be one of"}),
            ("jobs/?operation=a%00", {"operation": "must be a name"}),
            ("jobs/?profile=%20a%20b", {"profile": "must be a name or an id"}),
            ("jobs/?stat=queued&vidoe=1", {"stat": "unknown filter; there are: cloud, kind", "vidoe": "unknown"}),
            ("jobs/?state=done&video=5", {"state": "must be", "video": "must be an id"}),
            ("jobs/?state=" + "queued," * 101, {"state": "has at most 100 values"}),
            ("tasks/?video=" + "0" * 32, {"video": "unknown filter; there are: cloud, operation, state"}),
            ("videos/?state=queued", {"state": "must be one of: waiting, ingesting, ready, failed"}),
            ("outputs/?owner=1", {"owner": "unknown filter"}),
            ("operations/?cloud=cirrus", {"cloud": "must be one of: afar, default"}),
            ("operations/?kind=x", {"kind": "must be one of"}),
            ("operations/?colour=x", {"colour": "unknown filter; there are: cloud, kind"}),
            ("jobs/?page_size=0", {"page_size": "must be an integer from 1 to 100"}),
            ("jobs/?page_size=101", {"page_size": "must be an integer from 1 to 100"}),
            ("jobs/?page_size=many", {"page_size": "must be an integer from 1 to 100"}),
            ("jobs/?cursor=xyz!", {"cursor": "is not one of this list's cursors"}),
            ("jobs/?cursor=%C3%A9", {"cursor": "is not one of this list's cursors"}),
            ("jobs/?cursor=" + b64encode(b"p=5").decode(), {"cursor": "is not one of this list's cursors"}),
            (
                "jobs/?cursor=" + b64encode(b"p=0001-01-01 00:00:00%2B14:00").decode(),
                {"cursor": "is not one of this list's cursors"},
            ),
        ],
    )
    def test_what_makes_no_sense_is_named(self, as_jane, hello, address, errors):
        hello()
        answer = as_jane.get(f"/api/{address}")
        assert answer.status_code == 400
        told = answer.json()["errors"]
        assert set(told) == set(errors)
        for name, start in errors.items():
            assert told[name][0].startswith(start)


class TestPages:
    def walk(self, client, address):
        seen = []
        while address:
            page = client.get(address).json()
            seen += [row["id"] for row in page["results"]]
            address = page["next"]
        return seen

    @pytest.mark.parametrize("same_moment", [False, True])
    def test_newest_first_and_all_of_them_once(self, hello, as_jane, same_moment):
        made = [str(hello(str(number)).public_id) for number in range(23)]
        if same_moment:
            Job.objects.update(created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        assert self.walk(as_jane, "/api/jobs/?page_size=4") == made[::-1]

    def test_what_comes_in_or_goes_shifts_nothing(self, hello, as_jane):
        made = [hello(str(number)) for number in range(9)]
        expected = [str(job.public_id) for job in reversed(made)]
        page = as_jane.get("/api/jobs/?page_size=3").json()
        assert [row["id"] for row in page["results"]] == expected[:3]
        hello("new")
        made[6].delete()
        page = as_jane.get(page["next"]).json()
        assert [row["id"] for row in page["results"]] == expected[3:6]
        back = as_jane.get(page["previous"]).json()
        assert expected[0] in [row["id"] for row in back["results"]]

    def test_a_page_has_a_bound(self, hello, as_jane):
        for number in range(27):
            hello(str(number))
        assert len(as_jane.get("/api/jobs/").json()["results"]) == 25
        assert len(as_jane.get("/api/jobs/?page_size=100").json()["results"]) == 27

    def test_a_cursor_keeps_the_filter_and_no_primary_key(self, hello, as_jane):
        for number in range(5):
            hello(str(number))
        jobs.cancel(hello("Ann"))
        assert len(self.walk(as_jane, "/api/tasks/?page_size=2&state=queued")) == 5


class TestCost:
    """The same number of queries for 1, 5 and 50 rows, and no storage opened."""

    def populate(self, jane, number):
        factory = Factory.objects.create(name=f"Hall {number}")
        profile = Profile.objects.create(name=f"p{number}", operation="copy", factory=factory)
        url = "http://example.com/a.mov"
        video = jobs.submit_video(source_url=url, profiles=[profile], factory=factory, owner=jane)
        process = jobs.submit_process(output_format="copy", url=url, factory=factory, owner=jane)
        task = jobs.submit(JobSpec(operation="hello", parameters={"name": "a"}), owner=jane)
        for job in (video.encodings.get().job, process, task):
            for name in ("a", "b"):
                Output.objects.create(job=job, attempt=1, name=name, storage="gone", path="x", is_ready=True)
        # No storage has this name: whoever touches a file fails.
        Video.objects.update(storage="gone", path="x")

    @pytest.mark.parametrize(
        ("name", "queries"),
        [
            ("videos", 2),
            ("encodings", 2),
            ("processes", 2),
            ("tasks", 2),
            ("jobs", 2),
            ("outputs", 1),
            ("profiles", 1),
            ("factories", 1),
        ],
    )
    def test_queries(self, jane, name, queries, django_assert_num_queries):
        client = client_of(jane)
        for before, rows in ((0, 1), (1, 5), (5, 50)):
            for number in range(before, rows):
                self.populate(jane, number)
            with django_assert_num_queries(queries):
                shown = client.get(f"/api/{name}/?page_size=100").json()["results"]
            assert len(shown) == min(100, rows * {"jobs": 3, "outputs": 6}.get(name, 1))

    def test_operations_need_no_query(self, jane, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert client_of(jane).get("/api/operations/").status_code == 200

    def test_a_job_costs_the_same_whatever_it_made(self, jane, encoded):
        client, counts = client_of(jane), set()
        job = encoded()
        for more in (0, 5, 50):
            for number in range(more):
                Output.objects.create(
                    job=job, attempt=1, name=f"{more}/{number}", storage="default", path="x", is_ready=True
                )
            with CaptureQueriesContext(connection) as captured:
                client.get(f"/api/encodings/{job.public_id}/")
            counts.add(len(captured))
        assert len(counts) == 1


def test_nothing_internal_is_shown(encoded, hello, film, as_jane, as_boss, jane):
    job = encoded()
    video = Video.objects.get()
    process = jobs.submit_process(output_format="copy", file=ContentFile(b"x", name="in.mov"), owner=jane)
    Job.objects.filter(pk=job.pk).update(lease_owner="a.machine:1234:beef", idempotency_key="1:secret")
    secrets = ["a.machine", "1:secret", "mediacloud/", "lease", "storage", job.outputs.first().path, video.path]
    for address in (
        f"encodings/{job.public_id}/",
        f"jobs/{job.public_id}/",
        f"processes/{process.public_id}/",
        f"videos/{video.public_id}/",
        "jobs/",
        "videos/",
        "outputs/",
    ):
        shown = as_boss.get(f"/api/{address}").content.decode()
        assert not [word for word in secrets if word in shown], address
        assert '"pk"' not in shown
        assert f'"id":{job.pk}' not in shown


def test_segments_are_listed_apart(encoded, as_jane):
    job = encoded()
    Output.objects.filter(name="copies/1.bin").update(role="segment")
    shown = as_jane.get(f"/api/jobs/{job.public_id}/").json()
    assert [output["name"] for output in shown["outputs"]] == ["copies/0.bin"]
    assert len(as_jane.get(shown["outputs_url"]).json()["results"]) == 2


def test_a_log_is_for_the_detail_only(jane, as_jane):
    job = jobs.submit(JobSpec(operation="fail"), owner=jane)
    jobs.run(job.pk)
    [listed] = as_jane.get("/api/jobs/").json()["results"]
    detail = as_jane.get(f"/api/jobs/{job.public_id}/").json()
    assert listed["failure"] == {
        "code": "unreadable_media",
        "message": "Nothing can be made of it.",
        "advice": "Check that the file plays or opens elsewhere, and upload it again.",
        "is_retryable": False,
    }
    assert detail["failure"] == listed["failure"] | {"log": "raw words of the decoder"}


class TestOperations:
    def test_all_of_every_cloud(self, as_jane):
        shown = as_jane.get("/api/operations/").json()["results"]
        assert [(each["cloud"], each["name"]) for each in shown] == [
            ("afar", "render"),
            *(("default", name) for name in sorted(OPERATIONS)),
        ]
        copy = next(each for each in shown if each["name"] == "copy")
        assert copy["parameters"]["properties"]["count"]["maximum"] == 20
        assert copy["parameters"]["required"] == ["url"]
        assert copy["kinds"] == ["encoding", "process", "task"]
        assert copy["files"] == {"output": "The copy."}
        assert copy["formats"] == ["copy", "twin"]
        assert as_jane.get(copy["url"]).json() == copy

    def test_filters(self, as_jane):
        assert len(as_jane.get("/api/operations/?cloud=afar").json()["results"]) == 1
        names = [each["name"] for each in as_jane.get("/api/operations/?kind=encoding").json()["results"]]
        assert "media.info" not in names

    @pytest.mark.parametrize("address", ["default/dream", "cirrus/hello"])
    def test_what_is_not_there(self, as_jane, address):
        assert as_jane.get(f"/api/operations/{address}/").status_code == 404


@pytest.mark.parametrize(
    "name", ["", *(f"{name}/" for name in ("videos", "encodings", "profiles", "factories", "processes", "tasks"))]
)
def test_people_can_look_at_it_in_a_browser(encoded, as_boss, name):
    encoded()
    answer = as_boss.get(f"/api/{name}", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
