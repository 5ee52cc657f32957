"""Filters of lists, by query parameters. A name that is not known, or a value that cannot be, is an error by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.settings import api_settings

from ..clouds.registry import cloud_aliases
from ..core.ids import parse_id
from ..exceptions import InvalidParameters

MAX_VALUES = 100
_WORD = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """``condition`` turns the values given under ``name`` (any of them fits) into SQL, or raises ValueError."""

    name: str
    condition: Callable[[list[str]], Q]


def one_of(name: str, field: str, words: Callable[[], Iterable[str]]) -> Filter:
    """Values out of a known set."""

    def condition(values: list[str]) -> Q:
        known = list(words())
        if any(value not in known for value in values):
            raise ValueError("must be one of: " + ", ".join(known))
        return Q(**{f"{field}__in": values})

    return Filter(name=name, condition=condition)


def cloud(field: str = "cloud") -> Filter:
    return one_of("cloud", field, cloud_aliases)


def word(name: str, field: str) -> Filter:
    """A name that is made of letters, digits, dots, dashes and underscores."""

    def condition(values: list[str]) -> Q:
        if not all(_WORD.fullmatch(value) for value in values):
            raise ValueError("must be a name")
        return Q(**{f"{field}__in": values})

    return Filter(name=name, condition=condition)


def public_id(name: str, field: str) -> Filter:
    def condition(values: list[str]) -> Q:
        try:
            return Q(**{f"{field}__in": [parse_id(value) for value in values]})
        except ValueError:
            raise ValueError("must be an id") from None

    return Filter(name=name, condition=condition)


def name_or_id(name: str, *, name_field: str, id_field: str) -> Filter:
    def condition(values: list[str]) -> Q:
        if not all(_WORD.fullmatch(value) for value in values):
            raise ValueError("must be a name or an id")
        found = Q(**{f"{name_field}__in": values})
        for value in values:
            try:
                found |= Q(**{id_field: parse_id(value)})
            except ValueError:
                continue
        return found

    return Filter(name=name, condition=condition)


class QueryFilters(BaseFilterBackend):
    """Applies the ``filters`` of a view. Several values, repeated or comma separated, mean any of them."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filters: dict[str, Filter] = {each.name: each for each in view.filters}
        refuse_unknown(request, filters)
        errors: dict[str, list[str]] = {}
        for name in request.query_params:
            if name not in filters:
                continue
            try:
                queryset = queryset.filter(filters[name].condition(values_of(request, name)))
            except ValueError as error:
                errors[name] = [str(error)]
        if errors:
            raise InvalidParameters(errors)
        return queryset


def values_of(request: Request, name: str) -> list[str]:
    values = [item.strip() for text in request.query_params.getlist(name) for item in text.split(",")]
    if len(values) > MAX_VALUES:
        raise ValueError(f"has at most {MAX_VALUES} values")
    return values


def refuse_unknown(request: Request, names: Iterable[str]) -> None:
    """``InvalidParameters`` for every query parameter that is neither one of ``names`` nor for paging."""
    known = sorted(names)
    also = {"cursor", "page_size", api_settings.URL_FORMAT_OVERRIDE}
    hint = f"unknown filter; there are: {', '.join(known) or 'none'}"
    if unknown := [name for name in request.query_params if name not in also and name not in known]:
        raise InvalidParameters({name: [hint] for name in unknown})
