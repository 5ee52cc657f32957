"""Serializer fields of requests."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.utils import html

from ..clouds.registry import cloud_aliases
from ..core.ids import parse_id
from ..models import Profile
from .text import is_storable

MAX_PROFILES = 100
MAX_DEPTH = 50


class KnownFieldsOnly(serializers.Serializer[Any]):
    """Refuses fields that are unknown or read-only, so that typing errors do not pass."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only} | {"csrfmiddlewaretoken"}
            if unknown := [str(name) for name in data if name not in known and not self.may_take(data[name])]:
                raise serializers.ValidationError({name: ["unknown field"] for name in unknown})
        return super().to_internal_value(data)

    def may_take(self, value: Any) -> bool:
        """Whether ``value`` is accepted although no field has its name."""
        return False


class ObjectField(serializers.JSONField):
    """A JSON object; in a form, its text. Refuses what no database can keep."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(decoder=None, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except (ValueError, RecursionError):
                raise serializers.ValidationError("must be valid JSON") from None
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("must be an object")
        if problem := _problem_in(data, MAX_DEPTH):
            raise serializers.ValidationError(problem)
        return dict(data)


def _problem_in(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return "" if is_storable(value) else "contains characters that cannot be stored"
    if isinstance(value, float) and not math.isfinite(value):
        return "contains a number that is too large"
    if isinstance(value, Mapping | list) and depth == 0:
        return "is nested too deeply"
    items: Iterable[Any] = ()
    if isinstance(value, Mapping):
        items = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        items = value
    return next((problem for item in items if (problem := _problem_in(item, depth - 1))), "")


class ReferenceField(serializers.Field[Any, Any, Any, Any]):
    """A row, by its public id. ``rows`` gives those that the user may refer to."""

    def __init__(self, *, noun: str, rows: Callable[[Any], QuerySet[Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._noun = noun
        self._rows = rows

    def to_internal_value(self, data: Any) -> Any:
        try:
            public_id = parse_id(data) if isinstance(data, str) else None
        except ValueError:
            public_id = None
        if public_id is None:
            raise serializers.ValidationError("must be an id")
        found = self._rows(self.context["request"].user).filter(public_id=public_id).first()
        if found is None:
            raise serializers.ValidationError(f"no {self._noun} has this id")
        return found

    def to_representation(self, value: Any) -> str:
        return str(value.public_id)


class ProfileField(serializers.Field[Any, Any, Any, Any]):
    """A profile, by its name or its public id."""

    def to_internal_value(self, data: Any) -> Profile:
        return find_profiles([data])[0]

    def to_representation(self, value: Profile) -> str:
        return value.name


class ProfilesField(serializers.Field[Any, Any, Any, Any]):
    """Profiles by name or public id: a list, or one text with commas. Blank in a form: not given."""

    def get_value(self, dictionary: Any) -> Any:
        if not html.is_html_input(dictionary):
            return super().get_value(dictionary)
        words = _words(dictionary.getlist(self.field_name))
        return words or serializers.empty

    def to_internal_value(self, data: Any) -> list[Profile]:
        return find_profiles(_words([data]) if isinstance(data, str) else data)

    def to_representation(self, value: Iterable[Profile]) -> list[str]:
        return [profile.name for profile in value]


def _words(texts: Iterable[str]) -> list[str]:
    return [item for text in texts for part in text.split(",") if (item := part.strip())]


def find_profiles(words: Any) -> list[Profile]:
    """The profiles of these names or ids, in that order, each once. An error names what is not there."""
    if not isinstance(words, list) or not all(isinstance(item, str) for item in words):
        raise serializers.ValidationError("must be names or ids of profiles")
    if len(words) > MAX_PROFILES:
        raise serializers.ValidationError(f"has at most {MAX_PROFILES} profiles")
    if not all(map(is_storable, words)):
        raise serializers.ValidationError("must be names or ids of profiles")
    ids = {}
    for item in words:
        try:
            ids[item] = parse_id(item)
        except ValueError:
            continue
    rows = list(Profile.objects.filter(Q(name__in=words) | Q(public_id__in=list(ids.values()))))
    by_name = {profile.name: profile for profile in rows}
    by_id = {profile.public_id: profile for profile in rows}
    found: dict[int, Profile] = {}
    missing = []
    for item in words:
        profile = by_name.get(item) or (by_id.get(ids[item]) if item in ids else None)
        if profile is None:
            missing.append(item[:100])
        else:
            found[profile.pk] = profile
    if missing:
        raise serializers.ValidationError([f"no profile is called {item!r}" for item in missing])
    return list(found.values())


class CloudField(serializers.CharField):
    """The alias of a cloud of this site."""

    def to_internal_value(self, data: Any) -> str:
        alias = super().to_internal_value(data)
        known = cloud_aliases()
        if alias not in known:
            raise serializers.ValidationError("must be one of: " + ", ".join(known))
        return alias
