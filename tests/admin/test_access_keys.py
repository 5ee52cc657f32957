"""Keys are made by a form and shown once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.signals import pre_save
from django.test import Client

from django_mediacloud.access import admit, issue, recognise, revoke
from django_mediacloud.models import AccessKey

from .conftest import page

pytestmark = pytest.mark.django_db

GIVEN = {"service": "stupeflix", "name": "the old site", "cloud": "default", "referrers": "example.com\n*.example.org"}
LIMITS = {"max_unfinished": "10", "max_per_minute": "20", "keep_days": "30"}
Editor = Callable[..., Client]


def test_a_new_key_is_shown_once(editor: Editor) -> None:
    client = editor("add_accesskey", "view_accesskey")

    answer = client.post(page("accesskey", "add"), {**GIVEN, **LIMITS})

    shown = dict(re.findall(r'id="mc-(\w+)"[^>]*value="([^"]+)"', answer.content.decode()))
    assert shown.keys() == {"secret", "api_key"}
    assert "no-store" in answer["Cache-Control"]
    key = AccessKey.objects.get()
    assert recognise("stupeflix", shown["secret"]) == key
    assert (key.public_key, key.referrers, key.keep_days) == (shown["api_key"], ["example.com", "*.example.org"], 30)
    for address in (page("accesskey", "change", key.pk), page("accesskey", "changelist")):
        assert shown["secret"] not in client.get(address).content.decode()


def test_a_new_key_has_the_lifetime_of_its_account_unless_another_is_given(editor: Editor, admin_user: Any) -> None:
    issue("stupeflix", owner=admin_user, keep_days=7)
    client = editor("add_accesskey")
    for given, kept in (("0", 7), ("30", 30)):
        client.post(page("accesskey", "add"), {**GIVEN, **LIMITS, "keep_days": given, "owner": admin_user.pk})
        assert AccessKey.objects.latest("pk").keep_days == kept


def test_wrong_referrers_are_named_and_nothing_is_made(editor: Editor) -> None:
    answer = editor("add_accesskey").post(page("accesskey", "add"), {**GIVEN, **LIMITS, "referrers": "http://a.com"})

    assert "is no host such as example.com" in answer.content.decode()
    assert not AccessKey.objects.exists()


def test_limits_are_changed_and_the_credentials_stay(editor: Editor) -> None:
    issued = issue("stupeflix")
    client = editor("change_accesskey")

    answer = client.post(page("accesskey", "change", issued.key.pk), {**GIVEN, **LIMITS})

    assert answer.status_code == 302, answer.content.decode()
    key = recognise("stupeflix", issued.credentials["secret"])
    assert key is not None
    assert (key.max_unfinished, key.name) == (10, "the old site")


def test_revoking_asks_first_and_deleting_is_not_offered(editor: Editor) -> None:
    key = issue("stupeflix").key
    client = editor("change_accesskey", "delete_accesskey")
    data = {"action": "revoke_selected", "_selected_action": [key.pk]}

    asked = client.post(page("accesskey", "changelist"), data)
    key.refresh_from_db()
    assert key.revoked_at is None
    assert "cannot be undone" in asked.content.decode()

    client.post(page("accesskey", "changelist"), {**data, "confirmed": "yes"})
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert client.post(page("accesskey", "delete", key.pk), {"post": "yes"}).status_code == 403


@pytest.mark.django_db
def test_keys_are_found_by_what_the_sites_users_are_called(admin_client, django_user_model, monkeypatch):
    monkeypatch.setattr(django_user_model, "USERNAME_FIELD", "email")
    jane = django_user_model.objects.create_user("jane", email="jane@example.com")
    issue("stupeflix", owner=jane, name="of Jane")

    assert "of Jane" in admin_client.get("/admin/mediacloud/accesskey/?q=jane@example").content.decode()


@pytest.mark.parametrize("name", list(LIMITS))
def test_a_limit_that_no_column_holds_is_said_at_its_field(name: str, editor: Editor) -> None:
    key = issue("stupeflix").key
    client = editor("add_accesskey", "change_accesskey", "view_accesskey")

    for address in (page("accesskey", "add"), page("accesskey", "change", key.pk)):
        answer = client.post(address, {**GIVEN, **LIMITS, name: str(2**31)})
        assert answer.status_code == 200
        assert list(answer.context["adminform"].form.errors) == [name]


def test_a_key_that_is_revoked_while_somebody_edits_it_stays_revoked(editor: Editor) -> None:
    issued = issue("stupeflix")

    def meanwhile(**_: object) -> None:
        admit("stupeflix", issued.credentials["secret"])
        revoke(issued.key)

    client = editor("change_accesskey")
    pre_save.connect(meanwhile, sender=AccessKey)
    try:
        answer = client.post(page("accesskey", "change", issued.key.pk), {**GIVEN, **LIMITS})
    finally:
        pre_save.disconnect(meanwhile, sender=AccessKey)

    assert answer.status_code == 302, answer.content.decode()
    issued.key.refresh_from_db()
    assert (issued.key.name, issued.key.use_count) == ("the old site", 1)
    assert issued.key.revoked_at is not None


@pytest.mark.parametrize("state", ["valid", "revoked"])
def test_the_list_is_narrowed_by_state(editor: Editor, state: str) -> None:
    keys = {"valid": issue("stupeflix").key, "revoked": issue("stupeflix").key}
    revoke(keys["revoked"])

    listed = editor("view_accesskey").get(page("accesskey", "changelist"), {"state": state}).context["cl"]

    assert list(listed.result_list) == [keys[state]]


@pytest.mark.parametrize("permissions", [("add_accesskey",), ("add_accesskey", "view_accesskey")])
def test_the_way_on_from_a_new_key_leads_somewhere(editor: Editor, permissions: tuple[str, ...]) -> None:
    client = editor(*permissions)

    shown = client.post(page("accesskey", "add"), {**GIVEN, **LIMITS}).content.decode()

    [onward] = set(re.findall(r'data-onward="([^"]+)"', shown))
    assert f'href="{onward}">Done' in shown
    assert client.get(onward).status_code == 200


def test_a_key_is_revoked_from_its_own_page(editor: Editor) -> None:
    key = issue("stupeflix").key
    client = editor("change_accesskey", "view_accesskey")
    own = page("accesskey", "change", key.pk)
    assert 'id="mc-revoke_selected"' in client.get(own).content.decode()

    given = {"action": "revoke_selected", "_selected_action": key.pk, "stay": "1"}
    asked = client.post(page("accesskey", "changelist"), given)
    assert "This cannot be undone" in asked.content.decode()
    done = client.post(page("accesskey", "changelist"), {**given, "confirmed": "1"})

    assert done["Location"] == own
    assert 'id="mc-revoke_selected"' not in client.get(own).content.decode()
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_who_may_only_look_at_keys_is_offered_no_verb(editor: Editor) -> None:
    key = issue("stupeflix").key

    shown = editor("view_accesskey").get(page("accesskey", "change", key.pk)).content.decode()

    assert 'id="mc-revoke_selected"' not in shown
