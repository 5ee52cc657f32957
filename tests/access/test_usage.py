"""Referrers and limits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from unittest import mock

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud import jobs
from django_mediacloud.access import issue, within_limits
from django_mediacloud.access.referrers import clean_referrers, is_allowed
from django_mediacloud.access.usage import FULL_RETRY_S
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.exceptions import InvalidParameters, LimitReached
from django_mediacloud.models import AccessKey, Job

HELLO = JobSpec(operation="hello", parameters={"name": "Jane"})
LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("referrer", "allowed", "expected"),
    [
        ("http://example.com/page?x=1", ["example.com"], True),
        ("https://EXAMPLE.com", ["example.com"], True),
        ("https://example.com:443/", ["example.com"], True),
        ("http://example.com:8000/", ["example.com"], False),
        ("http://localhost:8000/", ["localhost:8000"], True),
        ("http://www.example.com/", ["example.com"], False),
        ("http://a.b.example.com/", ["*.example.com"], True),
        ("http://example.com/", ["*.example.com"], False),
        ("http://evil-example.com/", ["*.example.com"], False),
        ("http://example.com.evil.org/", ["example.com", "*.example.com"], False),
        ("http://example.com@evil.org/", ["example.com"], False),
        ("http://evil.org/?http://example.com/", ["example.com"], False),
        ("example.com", ["example.com"], False),
        ("javascript://example.com/", ["example.com"], False),
        ("http://evil.org\\@example.com/", ["example.com"], False),
        ("http://[", ["example.com"], False),
        ("", ["example.com"], False),
        ("http://example.com/", [], False),
    ],
)
def test_referrers(referrer: str, allowed: list[str], expected: bool) -> None:
    assert is_allowed(referrer, allowed) is expected


@pytest.mark.slow
@given(HOST, st.text())
def test_a_host_is_allowed_and_nothing_that_only_looks_like_it(host: str, path: str) -> None:
    [cleaned] = clean_referrers([host])

    assert is_allowed(f"https://{host}/{path}", [cleaned])
    assert not is_allowed(f"https://{host}.evil/{path}", [cleaned])


@pytest.mark.parametrize(
    "entry", ["http://example.com", "example.com/page", "*", "*.", "", "a b", "exa_mple.com", "x:y"]
)
def test_what_is_no_host_is_named(entry: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        clean_referrers([entry])
    assert repr(entry) in caught.value.errors["referrers"][0]


def take(key: AccessKey, count: int) -> None:
    """As if ``count`` jobs had been made, which end at once."""
    with within_limits(key, count):
        pass


@pytest.mark.django_db
def test_so_many_in_a_minute_and_no_more() -> None:
    key = issue("stupeflix", max_per_minute=5).key
    with mock.patch("django_mediacloud.access.usage.time.time", return_value=59.0):
        take(key, 3)
        take(key, 2)
        with pytest.raises(LimitReached) as caught:
            take(key, 1)
    assert caught.value.retry_after_s == 1
    with mock.patch("django_mediacloud.access.usage.time.time", return_value=60.0):
        take(key, 5)
    key.refresh_from_db()
    assert key.refused_count == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("one_minute")
def test_so_many_unfinished_and_no_more() -> None:
    key = issue("stupeflix", max_unfinished=1, max_per_minute=2).key
    job = jobs.submit(HELLO, access_key=key)
    with pytest.raises(LimitReached) as caught:
        take(key, 1)
    assert caught.value.retry_after_s == FULL_RETRY_S
    jobs.cancel(job)
    take(key, 1)
    # What was refused has taken nothing of the minute.
    take(key, 1)
    key.refresh_from_db()
    assert key.refused_count == 1


@pytest.mark.django_db
def test_what_never_fits_is_no_matter_of_waiting() -> None:
    with pytest.raises(InvalidParameters):
        take(issue("stupeflix", max_per_minute=5).key, 6)


@pytest.mark.django_db
def test_what_goes_wrong_inside_takes_nothing() -> None:
    key = issue("stupeflix", max_per_minute=1).key

    def make() -> None:
        with within_limits(key, 1):
            jobs.submit(HELLO, access_key=key)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make()
    assert not Job.objects.exists()
    take(key, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("one_minute")
def test_the_minutes_limit_holds_under_fire() -> None:
    key = issue("stupeflix", max_per_minute=20).key

    assert fire(lambda: take(key, 1)) == 20


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("one_minute")
def test_the_limit_of_unfinished_jobs_holds_under_fire() -> None:
    key = issue("stupeflix", max_unfinished=10, max_per_minute=1_000).key

    def make() -> None:
        with within_limits(key, 2):
            jobs.submit(HELLO, access_key=key)
            jobs.submit(HELLO, access_key=key)

    assert fire(make) == 5
    assert Job.objects.filter(access_key=key).unfinished().count() == 10
    key.refresh_from_db()
    assert (key.minute_count, key.refused_count) == (10, 16)


def fire(shoot: Callable[[], None]) -> int:
    """Let sixteen threads ``shoot`` until they are refused, each at most thirty times; how often they were not."""
    hits: list[int] = []
    barrier = threading.Barrier(16)

    def take_part() -> None:
        try:
            barrier.wait(30)
            for _ in range(30):
                shoot()
                hits.append(1)
        except LimitReached:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=take_part) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(hits)
