"""What every old protocol's server keeps to, whatever its service is. Found by themselves, as ``access`` finds them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib import import_module
from urllib.parse import quote

import pytest
from django.test import Client, override_settings
from django.urls import get_resolver

from django_mediacloud import clouds
from django_mediacloud.access import Credential, KeyKind, kind_of, services
from django_mediacloud.callbacks.protocols import renderer_of
from django_mediacloud.models import AccessKey, Job

SERVICES = services()
BODIES = (b"", b"rubbish", b"\xff\x00", b"null", b"[]", b'{"tasks": 1}', b'{"job": {}}', b"[" * 100_000, b"<a>")
TEXTS = ("x", "..", "a b%2F", "\N{SNOWMAN}", "0" * 300)


@pytest.fixture(params=SERVICES)
def kind(request: pytest.FixtureRequest) -> KeyKind:
    return kind_of(request.param)


def package_of(kind: KeyKind) -> str:
    return f"{clouds.__name__}.{kind.service}.server"


def test_every_server_is_looked_at() -> None:
    assert "stupeflix" in SERVICES


def test_keys_urls_and_callbacks_go_by_the_folders_name(kind: KeyKind) -> None:
    urls = import_module(f"{package_of(kind)}.urls")
    assert urls.app_name == f"mediacloud_{kind.service}"
    assert urls.urlpatterns
    assert renderer_of(kind.service) is import_module(f"{package_of(kind)}.callback").render
    assert kind.title


def test_a_secret_cannot_be_guessed(kind: KeyKind) -> None:
    parts: list[Credential] = [kind.secret, *([kind.public] if kind.public else [])]
    assert len({part.name for part in parts}) == len(parts)
    for part in parts:
        drawn = {part.draw() for _ in range(20)}
        assert len(drawn) == 20
        assert all(len(text) == part.length and set(text) <= set(part.alphabet) for text in drawn)
    # ``access.keys.digest`` counts on it.
    assert kind.secret.length * math.log2(len(set(kind.secret.alphabet))) >= 60


def paths_of(urlconf: str) -> Iterator[str]:
    """Every path that the urlconf knows, with something in the place of its parts."""
    found = {
        (template, tuple(names))
        for possibilities in dict(get_resolver(urlconf).reverse_dict.lists()).values()
        for bits, *_rest in possibilities
        for template, names in bits
    }
    for template, names in sorted(found):
        for text in TEXTS if names else TEXTS[:1]:
            yield "/" + template % dict.fromkeys(names, quote(text))


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_strangers_get_an_answer_and_nothing_else(kind: KeyKind, method: str) -> None:
    """By the server alone, as where it is mounted at the root; no cookies, no token of a form."""
    urlconf = f"{package_of(kind)}.urls"
    client = Client(enforce_csrf_checks=True)
    with override_settings(ROOT_URLCONF=urlconf):
        paths = list(paths_of(urlconf))
        assert len(paths) >= len(TEXTS)
        for path in paths:
            for body in BODIES if method in {"POST", "PUT", "DELETE"} else BODIES[:1]:
                answer = client.generic(method, path, body, content_type="application/json")
                assert answer.status_code < 500, (path, body[:50])
                assert b"CSRF" not in answer.getvalue(), path
                assert not answer.cookies
    assert not Job.objects.exists()
    assert not AccessKey.objects.exists()
