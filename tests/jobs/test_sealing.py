from __future__ import annotations

import sys

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud import jobs
from django_mediacloud.core.parameters import Parameter, Parameters, Type
from django_mediacloud.core.spec import Delivery, JobSpec
from django_mediacloud.core.states import State
from django_mediacloud.exceptions import ConfigurationError, InvalidParameters, MediaCloudError
from django_mediacloud.jobs.sealing import HIDDEN, hide, seal, unseal
from django_mediacloud.models import Job

DECLARED = Parameters(
    (
        Parameter(name="title", type=Type.STRING),
        Parameter(name="access_token", type=Type.STRING, is_secret=True),
        Parameter(name="other_token", type=Type.STRING, is_secret=True),
    )
)


def test_only_what_is_secret_and_given_is_hidden() -> None:
    shown, secrets = hide({"title": "A film", "access_token": "s3cret", "other_token": None}, DECLARED)

    assert shown == {"title": "A film", "access_token": HIDDEN, "other_token": None}
    assert secrets == {"access_token": "s3cret"}


@given(st.dictionaries(st.text(), st.dictionaries(st.text(), st.text())))
def test_what_was_sealed_is_read_back_and_not_seen(secrets: dict[str, dict[str, str]]) -> None:
    sealed = seal(secrets)

    assert unseal(sealed) == (secrets if any(secrets.values()) else {})
    assert sealed.isascii()


def test_the_sealed_text_does_not_hold_the_secret() -> None:
    assert "s3cret" not in seal({"parameters": {"access_token": "s3cret"}})


def test_a_former_key_is_read_while_it_is_among_the_fallbacks() -> None:
    with override_settings(SECRET_KEY="former"):
        sealed = seal({"parameters": {"access_token": "s3cret"}})

    with override_settings(SECRET_KEY="present", SECRET_KEY_FALLBACKS=["former"]):
        assert unseal(sealed) == {"parameters": {"access_token": "s3cret"}}
    with override_settings(SECRET_KEY="present"), pytest.raises(MediaCloudError) as caught:
        unseal(sealed)
    assert caught.value.code == "secrets_lost"


def test_what_stands_for_a_secret_is_none() -> None:
    """Parameters as the API or the admin show them, handed in again."""
    with pytest.raises(InvalidParameters) as caught:
        hide({"title": HIDDEN, "access_token": HIDDEN, "other_token": "a"}, DECLARED)
    assert caught.value.errors == {"access_token": ["give the secret itself"]}


@pytest.mark.django_db
def test_without_cryptography_nothing_is_stored_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    given = {"url": "http://example.com/a.mp4", "oauth2_token": "s3cret", "title": "A film"}
    with override_settings(MEDIACLOUD={}):
        with pytest.raises(ConfigurationError, match="pip install 'django-mediacloud\\[uploads\\]'"):
            jobs.submit(JobSpec(operation="video.upload.vimeo", parameters=given))
        assert not Job.objects.exists()
        jobs.submit(JobSpec(operation="hello", parameters={"name": "Jane"}))


@pytest.mark.django_db
def test_a_key_that_is_lost_is_told_before_any_work_is_done() -> None:
    destination = Delivery(name="s3_signed", parameters={"url": "http://127.0.0.1:1/a"})
    with override_settings(MEDIACLOUD={}):
        job = jobs.submit(JobSpec(operation="hello", parameters={"name": "Jane"}, destination=destination))
        with override_settings(SECRET_KEY="another"):
            jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.failure_code, job.values) == (State.FAILED, "secrets_lost", {})
