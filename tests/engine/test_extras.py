from __future__ import annotations

import colorsys

import pytest

from django_mediacloud.engine.extras import optional
from django_mediacloud.exceptions import EngineUnavailable


def test_a_library_is_loaded_at_its_first_use() -> None:
    library = optional("fractions", extra="faces")
    assert "Fraction" not in vars(library)
    assert library.Fraction(1, 2) == 0.5
    assert "Fraction" in vars(library)


def test_what_is_set_is_set_in_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    library = optional("colorsys")
    monkeypatch.setattr(colorsys, "ONE_THIRD", 1.0)
    assert library.ONE_THIRD == 1.0
    library.ONE_THIRD = 2.0
    assert colorsys.ONE_THIRD == 2.0  # type: ignore[attr-defined]
    assert library.ONE_THIRD == 2.0


@pytest.mark.parametrize(("given", "extra"), [({}, "engine"), ({"extra": "faces"}, "faces")])
def test_one_that_is_missing_says_how_it_is_installed(given: dict[str, str], extra: str) -> None:
    library = optional("no_such_library", **given)
    with pytest.raises(EngineUnavailable) as caught:
        library.anything()
    assert str(caught.value) == (
        "The engine needs no_such_library, which cannot be imported: No module named 'no_such_library'. "
        f"It comes with django-mediacloud[{extra}]."
    )
