from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.presets import load_presets
from django_mediacloud.management.profiles_file import Entry, read_file, write
from django_mediacloud.models import Factory, Profile

from .conftest import Called

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toys")]

FILE = """
[profiles."h264.hi"]
title = "High"
operation = "copy"
is_default = true

[profiles."h264.hi".parameters]
count = 2

[profiles.twin]
operation = "copy"
parameters = { format = "twin" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "profiles.toml"
    path.write_text(FILE)
    return path


def test_load_diff_and_load_again(file: Path) -> None:
    kept = Profile.objects.create(name="kept", operation="copy", remote_id="abc")
    different = Called("mediacloud_profiles", "diff", str(file))
    assert different.exit_code == 8
    assert '+[profiles."h264.hi"]' in different.out
    assert "kept" not in different.out

    assert Called("mediacloud_profiles", "load", str(file)).out == "created h264.hi\ncreated twin\n0 unchanged\n"
    high = Profile.objects.get(name="h264.hi")
    assert (high.title, high.parameters, high.is_default) == ("High", {"count": 2}, True)

    assert Called("mediacloud_profiles", "load", str(file)).out == "2 unchanged\n"
    same = Called("mediacloud_profiles", "diff", str(file))
    assert (same.exit_code, same.out) == (0, "")
    kept.refresh_from_db()
    assert kept.remote_id == "abc"


def test_a_change_is_seen_and_undone(file: Path) -> None:
    Called("mediacloud_profiles", "load", str(file))
    high = Profile.objects.get(name="h264.hi")
    Profile.objects.filter(pk=high.pk).update(parameters={"count": 3}, title="Changed")

    lines = Called("mediacloud_profiles", "diff", str(file)).out.splitlines()
    assert '-title = "Changed"' in lines
    assert '+title = "High"' in lines
    assert "-count = 3" in lines
    assert not any("twin" in line for line in lines)

    assert Called("mediacloud_profiles", "load", str(file), "--json").json["updated"] == ["h264.hi"]
    high.refresh_from_db()
    assert high.parameters == {"count": 2}


def test_prune(file: Path) -> None:
    Profile.objects.create(name="old", operation="copy")

    assert "-[profiles.old]" in Called("mediacloud_profiles", "diff", str(file), "--prune").out
    assert "deleted old" in Called("mediacloud_profiles", "load", str(file), "--prune").out
    assert set(Profile.objects.values_list("name", flat=True)) == {"h264.hi", "twin"}


def test_what_is_dumped_can_be_loaded(tmp_path: Path) -> None:
    factory = Factory.objects.create(name="Ours")
    Profile.objects.create(
        name="a.b", title='"x" ü', operation="copy", factory=factory, parameters={"count": 2, "format": None}
    )
    Profile.objects.create(name="plain", operation="copy", preset_name="h264", is_default=True)
    path = tmp_path / "out.toml"

    assert Called("mediacloud_profiles", "dump", str(path)).exit_code == 0
    assert Called("mediacloud_profiles", "dump").out == path.read_text()
    assert tomllib.loads(path.read_text())["profiles"] == {
        "a.b": {"title": '"x" ü', "factory": "Ours", "operation": "copy", "parameters": {"count": 2}},
        "plain": {"operation": "copy", "preset_name": "h264", "is_default": True},
    }
    assert Called("mediacloud_profiles", "diff", str(path), "--prune").exit_code == 0
    Profile.objects.all().delete()
    Called("mediacloud_profiles", "load", str(path))
    assert Profile.objects.get(name="a.b").factory == factory
    assert Called("mediacloud_profiles", "diff", str(path), "--prune").exit_code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profiles.a\n", "is not valid TOML"),
        ("[other]\n", "only tables [profiles.NAME]"),
        ("profiles = 3\n", "only tables [profiles.NAME]"),
        ("[profiles]\na = 1\n", "profiles.a must be a table"),
        ("[profiles.a]\nspeed = 1\n", "'speed' is not known"),
        ("[profiles.a]\nname = 'b'\n", "'name' is not known"),
        ("[profiles.a]\ntitle = 1\n", "profiles.a.title must be a string"),
        ("[profiles.a]\nis_default = 1\n", "must be a boolean"),
        ("[profiles.a]\nparameters = [1]\n", "must be a table"),
        ("[profiles.a]\noperation = 'nothing'\n", "profiles.a: Cloud 'default' has no operation 'nothing'"),
        ("[profiles.a]\noperation = 'copy'\nparameters = { count = 99 }\n", "count: must be at most 20"),
        ("[profiles.'a b']\noperation = 'copy'\n", "profiles.a b: "),
        ("[profiles.a]\noperation = 'copy'\nfactory = 'x'\n", "there is no factory called 'x'"),
    ],
)
def test_a_file_that_is_wrong_changes_nothing(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text if text.startswith("profiles") else f"[profiles.first]\noperation = 'copy'\n{text}")

    done = Called("mediacloud_profiles", "load", str(path))

    assert done.exit_code == 2
    assert words in done.error
    assert not Profile.objects.exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    missing = Called("mediacloud_profiles", "load", str(tmp_path / "none.toml"))
    assert (missing.exit_code, "No such file" in missing.error) == (2, True)
    nowhere = Called("mediacloud_profiles", "dump", str(tmp_path / "none" / "x.toml"))
    assert nowhere.exit_code == 2


def test_presets_are_listed_and_loaded_once(settings: Any) -> None:
    settings.MEDIACLOUD = {}  # the embedded engine, whose presets they are
    listed = Called("mediacloud_profiles", "presets", "--json").json
    assert {preset["name"] for preset in listed} == set(load_presets())
    assert not any(preset["is_loaded"] for preset in listed)

    loaded = Called("mediacloud_profiles", "presets", "--load", "h264", "mp3")
    assert loaded.out == "created h264\ncreated mp3\n"
    Profile.objects.filter(name="mp3").update(title="Mine")
    assert Called("mediacloud_profiles", "presets", "--load", "mp3", "aac").out == "kept mp3\ncreated aac\n"
    assert Profile.objects.get(name="mp3").title == "Mine"
    assert "h264" in Called("mediacloud_profiles", "presets").out

    unknown = Called("mediacloud_profiles", "presets", "--load", "nothing")
    assert (unknown.exit_code, "must be one of" in unknown.error) == (2, True)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ENTRIES = st.builds(
    Entry,
    name=TEXTS,
    title=TEXTS,
    cloud=TEXTS,
    factory=TEXTS,
    operation=TEXTS,
    preset_name=TEXTS,
    is_default=st.booleans(),
    parameters=st.dictionaries(TEXTS, TEXTS | st.booleans() | st.integers() | st.lists(st.dictionaries(TEXTS, TEXTS))),
)


@pytest.mark.slow
@given(st.lists(ENTRIES, unique_by=lambda entry: entry.name, max_size=4))
def test_any_profiles_survive_the_file(tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(write(entries), encoding="utf-8", newline="")

    assert list(read_file(path).values()) == entries
