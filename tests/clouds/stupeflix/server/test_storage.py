"""The store of an account: listed, emptied, and never anybody else's."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from pathlib import Path

import pytest
import requests
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_mediacloud import jobs
from django_mediacloud.access import Issued, issue
from django_mediacloud.clouds.stupeflix.server import storage
from django_mediacloud.models import Job, Output
from tests.servers import LocalServer

from .conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored(api: Api, assets: LocalServer) -> list[str]:
    """The addresses of two thumbnails in Jane's store, after one that is not there for long."""
    url = assets.url("/image.jpg")
    api.run("image.thumb", url=url, width=8, task_store={"type": "volatile"})
    return [api.run("image.thumb", url=url, width=width)["result"]["output"] for width in (16, 32)]


def path_of(url: str) -> str:
    return url.split("/storage/")[1]


def files_on_disk() -> set[Path]:
    return {path for path in Path(default_storage.location).rglob("*") if path.is_file()}


def test_the_root_lists_directories_and_the_whole_usage(api: Api, stored: list[str]) -> None:
    sizes = [len(requests.get(url, timeout=60).content) for url in stored]

    for path in ("v2/storage/files", "v2/storage/files/"):
        listing = api.get(path).json()
        assert listing == {
            "files": [],
            "directories": [path_of(url).split("/")[0] + "/" for url in stored],
            "usage": sum(sizes),
        }


def test_a_directory_lists_its_files(api: Api, stored: list[str]) -> None:
    directory, name = path_of(stored[0]).split("/")
    size = len(requests.get(stored[0], timeout=60).content)

    for path in (directory, directory + "/"):
        [file] = api.get(f"v2/storage/files/{path}").json()["files"]
        assert (file["name"], file["size"]) == (name, size)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", file["last_modified"])


def test_recursive_lists_every_file_with_its_directory(api: Api, stored: list[str]) -> None:
    listing = api.get("v2/storage/files/", recursive="true").json()

    assert [file["name"] for file in listing["files"]] == [path_of(url) for url in stored]


def test_a_dry_run_tells_what_would_go_and_leaves_it(api: Api, stored: list[str]) -> None:
    before = files_on_disk()

    told = api.delete("v2/storage/files/", {"dry_run": True}).json()

    assert told["deleted"] == [path_of(url) for url in stored]
    assert told["freed"] == told["usage"] > 0
    assert files_on_disk() == before


def test_one_file_a_directory_and_everything(api: Api, stored: list[str]) -> None:
    first, second = map(path_of, stored)

    assert api.delete(f"v2/storage/files/{first}").json()["deleted"] == [first]
    assert requests.get(stored[0], timeout=60).status_code == 404
    assert api.delete(f"v2/storage/files/{first}").json()["deleted"] == []
    assert api.delete(f"v2/storage/files/{second.split('/')[0]}/").json()["deleted"] == [second]
    told = api.delete("v2/storage/files").json()
    assert told == {"deleted": [], "freed": 0, "usage": 0}
    # The volatile one is none of the store's business.
    assert Output.objects.count() == 1


def test_by_age_and_by_date(api: Api, stored: list[str]) -> None:
    old, new = map(path_of, stored)
    moment = timezone.now() - dt.timedelta(days=10)
    Output.objects.filter(job=Job.objects.order_by("pk")[1]).update(created_at=moment)

    def would_go(**selection: object) -> list[str]:
        return list(api.delete("v2/storage/files/", {"dry_run": True, **selection}).json()["deleted"])

    assert would_go(max_age=5) == [old]
    assert would_go(max_age=20) == []
    assert would_go(to=(moment + dt.timedelta(hours=1)).isoformat()) == [old]
    assert would_go(**{"from": (moment + dt.timedelta(hours=1)).isoformat()}) == [new]
    # Without a zone it is UTC.
    assert would_go(to=(moment + dt.timedelta(hours=1)).replace(tzinfo=None).isoformat()) == [old]
    assert would_go(**{"from": "2001-01-01", "to": "2002-01-01"}) == []


@pytest.mark.parametrize(
    "selection",
    [
        {"max_age": 1e6},
        {"max_age": 1e9},
        {"max_age": "old"},
        {"from": "yesterday"},
        {"to": 5},
        {"urls": "http://a/"},
        {"urls": None},
        {"dry_run": "perhaps"},
        {"dryRun": True},
        {"path": "AAAAAAAAAAAAAAAAAAAAAAAAAA/"},
    ],
)
def test_what_cannot_be_read_deletes_nothing(api: Api, stored: list[str], selection: dict[str, object]) -> None:
    before = files_on_disk()

    answer = api.delete("v2/storage/files/", selection)

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["name"], error["location"]) == (next(iter(selection)), "body")
    assert files_on_disk() == before


@pytest.mark.parametrize(
    "query", [{"dry_run": "true"}, {"to": "2001-01-01"}, {"max_age": "30"}, {"urls": ["http://a/storage/A/b", "x"]}]
)
def test_a_selection_in_the_query_counts_too(api: Api, stored: list[str], query: dict[str, object]) -> None:
    before = files_on_disk()

    answer = api.session.delete(f"{api.base}v2/storage/files/", params=query, timeout=60)

    assert answer.json()["deleted"] == ([path_of(url) for url in stored] if "dry_run" in query else [])
    assert files_on_disk() == before


def test_what_the_query_has_and_nobody_knows_deletes_nothing(api: Api, stored: list[str]) -> None:
    before = files_on_disk()

    answer = api.session.delete(f"{api.base}v2/storage/files/", params={"recursive": "false"}, timeout=60)

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["name"], error["location"]) == ("recursive", "querystring")
    assert files_on_disk() == before


def test_what_every_request_may_have_selects_nothing(base: str, secret: str, stored: list[str]) -> None:
    body = {"secret": secret, "location": "us-west-1", "dry_run": True}

    told = requests.delete(f"{base}v2/storage/files/", params={"secret": secret}, json=body, timeout=60).json()

    assert told["deleted"] == [path_of(url) for url in stored]


def test_by_addresses_and_then_nothing_else_counts(api: Api, stored: list[str]) -> None:
    foreign = ["http://example.com/storage/AAAA/x", "nonsense", stored[1][:-1] + "_"]

    told = api.delete("v2/storage/files/", {"urls": [stored[0], *foreign, stored[0]], "max_age": 1000}).json()

    assert told["deleted"] == [path_of(stored[0])]
    assert requests.get(stored[1], timeout=60).status_code == 200


def test_an_address_of_a_directory_is_of_no_file(api: Api, stored: list[str]) -> None:
    directory = stored[0].rpartition("/")[0]

    told = api.delete("v2/storage/files/", {"urls": [directory, f"{directory}/", f"{api.base}storage/", ""]}).json()

    assert told["deleted"] == []
    assert requests.get(stored[0], timeout=60).status_code == 200


def test_more_files_than_are_deleted_while_the_client_waits(
    api: Api, stored: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "DELETED_AT_ONCE", 1)
    before = files_on_disk()

    told = api.delete("v2/storage/files").json()

    assert told["deleted"] == [path_of(url) for url in stored]
    assert (told["freed"] > 0, told["usage"]) == (True, 0)
    # Gone for everybody; its bytes leave the storage a little later, and a new lifetime does not bring them back.
    assert len(before - files_on_disk()) == 1
    assert api.post("v2/storage/expiration", {"days": 0}).status_code == 200
    assert [requests.get(url, timeout=60).status_code for url in stored] == [404, 404]
    assert jobs.sweep().outputs == 1
    assert len(before - files_on_disk()) == 2


def many_files(count: int) -> None:
    """More of what is there already."""
    [output] = Output.objects.filter(job__keep_s=None)[:1]
    for number in range(count):
        job = output.job
        job.pk, job.public_id = None, uuid.uuid4()
        job.save(force_insert=True)
        output.pk, output.job, output.path = None, job, f"none/{number}"
        output.save(force_insert=True)


@pytest.mark.parametrize("selection", ["listing", "recursive", "addresses", "everything"])
def test_queries_do_not_grow_with_the_files(secret: str, stored: list[str], selection: str) -> None:
    client = Client(headers={"authorization": f"Secret {secret}"})

    def ask(urls: list[str]) -> int:
        body = {"urls": urls} if selection == "addresses" else {}
        with CaptureQueriesContext(connection) as captured:
            if selection in ("addresses", "everything"):
                body |= {"dry_run": True}
                answer = client.delete("/stupeflix/v2/storage/files", body, content_type="application/json")
                assert len(answer.json()["deleted"]) == len(urls)
            else:
                query = {"recursive": "true"} if selection == "recursive" else {}
                answer = client.get("/stupeflix/v2/storage/files", query)
                assert len(answer.json()["directories"]) == len(urls)
        # The parameters and the values of the jobs stay where they are.
        assert not any("failure_log" in query["sql"] for query in captured.captured_queries)
        return len(captured)

    few = ask(stored)
    many_files(30)
    listing = client.get("/stupeflix/v2/storage/files", {"recursive": "true"}).json()
    assert ask([f"http://testserver/storage/{file['name']}" for file in listing["files"]]) == few


def test_another_account_sees_and_deletes_nothing(base: str, stored: list[str]) -> None:
    before = files_on_disk()
    john = Api(base, issue("stupeflix").credentials["secret"])

    assert john.get("v2/storage/files/", recursive="true").json() == {"files": [], "directories": [], "usage": 0}
    for path, body in [("", {}), (path_of(stored[0]), {}), ("", {"urls": stored})]:
        assert john.delete(f"v2/storage/files/{path}", body).json() == {"deleted": [], "freed": 0, "usage": 0}
    assert john.post("v2/storage/expiration", {"days": 1}).json() == 1
    assert files_on_disk() == before
    assert not Output.objects.filter(job__keep_s=None).exclude(expires_at=None).exists()


def test_another_key_of_the_same_owner_is_the_same_account(base: str, issued: Issued, stored: list[str]) -> None:
    other = Api(base, issue("stupeflix", owner=issued.key.owner).credentials["secret"])

    assert len(other.get("v2/storage/files/").json()["directories"]) == 2


def test_names_that_lead_elsewhere_lead_nowhere(api: Api, stored: list[str]) -> None:
    before = files_on_disk()
    for path in ("%2e%2e", "..%2f..%2f", "%00", "a/b/c/d", "%F0%9F%92%A9", "'"):
        assert api.delete(f"v2/storage/files/{path}").json()["deleted"] == [], path
    assert files_on_disk() == before


def test_the_lifetime_of_files_counts_for_old_and_new_ones(api: Api, stored: list[str], assets: LocalServer) -> None:
    assert api.get("v2/storage/expiration").json() == 0
    assert api.post("v2/storage/expiration", {"days": 3}).status_code == 200
    assert api.get("v2/storage/expiration").json() == 3
    api.run("image.thumb", url=assets.url("/image.jpg"), width=48)
    for output in Output.objects.filter(job__keep_s=None):
        assert abs(output.expires_at - output.created_at - dt.timedelta(days=3)) < dt.timedelta(minutes=1)

    Output.objects.filter(job__keep_s=None).update(expires_at=timezone.now())

    assert requests.get(stored[0], timeout=60).status_code == 404
    assert api.get("v2/storage/files/").json()["directories"] == []
    assert jobs.sweep().outputs == 3
    assert api.post("v2/storage/expiration", {"days": 0}).json() == 0
    assert not Output.objects.filter(job__keep_s=None).exists()
    # A week is a week.
    assert Output.objects.get().expires_at is not None


@pytest.mark.parametrize("days", [-1, "many", None, 1e9, True, [3]])
def test_a_lifetime_that_is_none(api: Api, days: object) -> None:
    answer = api.post("v2/storage/expiration", {"days": days})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "days"


def test_an_api_key_does_not_open_the_store(base: str, issued: Issued) -> None:
    headers = {"Authorization": f"Api-Key {issued.credentials['api_key']}", "Referer": "http://example.com/"}

    for method, path in [("GET", "files"), ("DELETE", "files"), ("GET", "expiration"), ("POST", "expiration")]:
        answer = requests.request(method, f"{base}v2/storage/{path}", headers=headers, timeout=60)
        assert answer.status_code == 401


def test_the_secret_in_the_query_string(base: str, secret: str) -> None:
    assert requests.get(f"{base}v2/storage/files", params={"secret": secret}, timeout=60).status_code == 200
