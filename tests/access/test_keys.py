"""Keys are found by what clients send, whatever they send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps

from django_mediacloud import jobs
from django_mediacloud.access import Issued, issue, recognise, recognise_public, revoke
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.exceptions import InvalidParameters
from django_mediacloud.models import AccessKey

pytestmark = pytest.mark.django_db

HOSTILE = ["", "\x00", "half a \ud83d", "x" * 1_000_000, "' OR 1=1 --", "%", "ä"]


@pytest.fixture
def issued() -> Issued:
    return issue("stupeflix")


def test_a_key_is_found_by_its_secret_and_by_its_public_part(issued: Issued) -> None:
    secret, public = issued.credentials["secret"], issued.credentials["api_key"]

    assert recognise("stupeflix", secret) == recognise_public("stupeflix", public) == issued.key
    assert recognise("stupeflix", public) is recognise_public("stupeflix", secret) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_else_finds_a_key(issued: Issued, text: str) -> None:
    assert recognise("stupeflix", text) is recognise_public("stupeflix", text) is None


def test_some_databases_take_one_spelling_for_another(issued: Issued) -> None:
    secret, public = issued.credentials["secret"], issued.credentials["api_key"]
    for other in (public.upper(), f"{public} ", f" {public}"):
        assert recognise_public("stupeflix", other) is None
    for other in (secret.lower(), f"{secret} "):
        assert recognise("stupeflix", other) is None


def test_the_secret_is_not_in_the_database_nor_in_a_repr(issued: Issued) -> None:
    [row] = AccessKey.objects.values()

    assert issued.credentials["secret"] not in repr((row, issued, issued.key))


@pytest.mark.parametrize(
    "limits", [{"keep_days": -1}, {"keep_days": 2**31}, {"max_unfinished": -1}, {"max_per_minute": 2**31}]
)
def test_limits_that_no_column_holds_are_named(limits: dict[str, int]) -> None:
    with pytest.raises(InvalidParameters) as caught:
        issue("stupeflix", **limits)
    assert caught.value.errors == {name: ["must be between 0 and 2147483647"] for name in limits}
    assert not AccessKey.objects.exists()


def test_the_keys_of_a_user_who_is_deleted_end(django_user_model: Any) -> None:
    """Else they would go on as keys that nobody owns."""
    jane, john = (django_user_model.objects.create_user(name) for name in ("jane", "john"))
    hers, his, nobodys = issue("stupeflix", owner=jane).key, issue("stupeflix", owner=john).key, issue("stupeflix").key
    jobs.submit(JobSpec(operation="hello", parameters={"name": "Jane"}), owner=jane, access_key=hers)

    django_user_model.objects.filter(username="jane").delete()

    assert set(AccessKey.objects.valid()) == {his, nobodys}
    hers.refresh_from_db()
    assert hers.owner is None
    assert hers.jobs.count() == 1


def test_a_new_key_has_the_lifetime_of_its_account(django_user_model: Any) -> None:
    jane, john = (django_user_model.objects.create_user(name) for name in ("jane", "john"))
    issue("stupeflix", owner=jane, keep_days=7)
    revoke(issue("stupeflix", owner=jane, keep_days=30).key)
    issue("stupeflix", keep_days=90)

    assert issue("stupeflix", owner=jane).key.keep_days == 30
    assert issue("stupeflix", owner=jane, keep_days=0).key.keep_days == 0
    assert issue("stupeflix", owner=john).key.keep_days == issue("stupeflix").key.keep_days == 0


@pytest.fixture
def colleagues(django_user_model: Any) -> Iterator[Any]:
    """The site's users under another name, as sites have them for pages of their own in the admin."""

    class Colleague(django_user_model):
        class Meta:
            app_label = "auth"
            proxy = True

    yield Colleague
    del apps.all_models["auth"]["colleague"]
    apps.clear_cache()


def test_keys_end_with_their_owner_whatever_it_is_deleted_as(django_user_model: Any, colleagues: Any) -> None:
    jane = django_user_model.objects.create_user("jane")
    former, present = issue("stupeflix", owner=jane).key, issue("stupeflix", owner=jane).key
    revoke(former)
    former.refresh_from_db()

    colleagues.objects.get(username="jane").delete()

    assert not AccessKey.objects.valid().exists()
    present.refresh_from_db()
    assert present.owner is None
    assert AccessKey.objects.get(pk=former.pk).revoked_at == former.revoked_at
