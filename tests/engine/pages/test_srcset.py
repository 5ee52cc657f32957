from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.pages.srcset import Candidate, parse_srcset


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" , ,", []),
        ("a.jpg", [("a.jpg", None)]),
        ("a.jpg 1x, b.jpg 2x", [("a.jpg", None), ("b.jpg", None)]),
        ("a.jpg 320w,b.jpg 640w", [("a.jpg", 320), ("b.jpg", 640)]),
        ("w_1,h_2/a.jpg 320w, w_2,h_4/a.jpg 640w", [("w_1,h_2/a.jpg", 320), ("w_2,h_4/a.jpg", 640)]),
        ("a.jpg,b.jpg", [("a.jpg,b.jpg", None)]),
        ("a.jpg, b.jpg", [("a.jpg", None), ("b.jpg", None)]),
        ("a.jpg 640w 480h", [("a.jpg", 640)]),
        ("a.jpg wide, b.jpg 0w, c.jpg 1w 2w, d.jpg 3w", [("d.jpg", 3)]),
        ("a.jpg (x, y) 1w, b.jpg", [("b.jpg", None)]),
        ("a.jpg (x, y", []),
        ("\n\ta.jpg\t1.5x\n,\n b.jpg", [("a.jpg", None), ("b.jpg", None)]),
    ],
)
def test_candidates(text: str, expected: list[tuple[str, int | None]]) -> None:
    assert [(found.url, found.width) for found in parse_srcset(text)] == expected


URLS = st.text(st.characters(exclude_categories=["Zs", "Cc", "Cs"]), min_size=1).filter(
    lambda url: url.strip(",") == url and not url.isspace()
)


@given(st.lists(st.tuples(URLS, st.integers(1, 10**6))))
def test_what_is_written_is_read(written: list[tuple[str, int]]) -> None:
    text = ", ".join(f"{url} {width}w" for url, width in written)
    assert list(parse_srcset(text)) == [Candidate(url=url, width=width) for url, width in written]
