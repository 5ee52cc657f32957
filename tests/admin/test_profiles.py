from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError

from django_mediacloud.models import Factory, Profile

from .conftest import page, text_of

pytestmark = pytest.mark.django_db

SOUND = {"name": "twin.hi", "title": "Twin", "cloud": "default", "operation": "copy", "parameters": '{"count": 3}'}


def test_a_profile_is_held_against_its_operation(admin_client):
    url = page("profile", "add")
    response = admin_client.post(url, {**SOUND, "parameters": '{"count": 99, "zoom": 1}'})
    assert response.context["adminform"].form.errors["parameters"] == [
        "zoom: unknown parameter",
        "count: must be at most 20",
    ]
    assert not Profile.objects.exists()
    admin_client.post(url, SOUND)
    assert Profile.objects.get().parameters == {"count": 3}


@pytest.mark.parametrize("parameters", ['{"token": "s3cret"}', "{}"])
def test_a_profile_takes_no_secrets(admin_client, parameters):
    """The row, its page and the API would tell them."""
    response = admin_client.post(page("profile", "add"), {**SOUND, "operation": "post", "parameters": parameters})
    errors = response.context["adminform"].form.errors
    assert errors["operation"] == ["post takes secrets (token), and a profile keeps none"]
    with pytest.raises(ValidationError) as caught:
        Profile(name="a", operation="post", parameters=json.loads(parameters)).full_clean()
    assert caught.value.message_dict == {"operation": errors["operation"]}
    assert not Profile.objects.exists()


def test_the_page_explains_the_parameters_of_the_operation(admin_client):
    profile = Profile.objects.create(name="twin", operation="copy")
    shown = text_of(admin_client.get(page("profile", "change", profile.pk)))
    for words in ("Parameters of copy", "One of: copy, twin.", "Files to make. From 1 to 20."):
        assert words in shown


def test_a_preset_fills_the_form(admin_client):
    response = admin_client.get(page("profile", "add"), {"preset": "h264.hi"})
    form = response.context["adminform"].form
    assert (form["name"].value(), form["title"].value()) == ("h264.hi", "MP4 (H.264), high")
    assert '"video_codec": "h264"' in form["parameters"].value()
    assert "Start from a preset" in text_of(response)


def test_a_profile_whose_cloud_is_gone_can_still_be_looked_at(admin_client):
    profile = Profile.objects.create(name="old", cloud="gone", operation="lost")
    response = admin_client.get(page("profile", "change", profile.pk))
    assert response.status_code == 200
    assert '<option value="gone" selected>' in response.content.decode()
    response = admin_client.post(page("profile", "change", profile.pk), {**SOUND, "cloud": "gone", "operation": "lost"})
    assert "No cloud is called" in response.context["adminform"].form.errors["operation"][0]


def test_a_profile_can_be_looked_at_without_the_right_to_change_it(editor):
    profile = Profile.objects.create(name="twin", operation="copy")
    assert editor("view_profile").get(page("profile", "change", profile.pk)).status_code == 200


def test_a_factory_offers_the_clouds_and_storages_of_the_settings(admin_client):
    response = admin_client.get(page("factory", "add"))
    form = response.context["adminform"].form
    assert form.fields["cloud"].choices == [("default", "default")]
    assert form.fields["storage"].choices == [("default", "default")]
    admin_client.post(page("factory", "add"), {"name": "Works", "cloud": "default", "storage": "default"})
    assert (Factory.objects.get().name, Factory.objects.get().remote_id) == ("Works", None)
