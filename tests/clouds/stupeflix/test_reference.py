"""The engine's operations as they are declared, held against the service's own reference."""

from __future__ import annotations

import pytest

from django_mediacloud.clouds.stupeflix import wire
from django_mediacloud.core.parameters import Type
from django_mediacloud.engine.registry import load_operations
from tests.clouds.stupeflix import examples
from tests.clouds.stupeflix.reference import REFERENCE

TYPES = {
    "string": {Type.STRING, Type.TEXT, Type.COLOR, Type.URL},
    "integer": {Type.INTEGER},
    "float": {Type.NUMBER},
    "boolean": {Type.BOOLEAN},
    "list of strings": {Type.STRINGS, Type.URLS},
    "MultiHttpFileField": {Type.URLS},
}
OFFERED = sorted(REFERENCE.keys() & load_operations().keys())


def test_the_reference_is_whole() -> None:
    assert sorted(REFERENCE) == examples.REFERENCE


@pytest.mark.parametrize("name", OFFERED)
def test_parameters(name: str) -> None:
    ours = {item.name: item for item in load_operations()[name].info.parameters}
    theirs = REFERENCE[name].parameters

    assert ours.keys() == theirs.keys()
    for key, given in theirs.items():
        assert ours[key].type in TYPES[given.type], key
        assert ours[key].default == given.default, key
        assert type(ours[key].default) is type(given.default), key
        assert sorted(ours[key].choices) == sorted(given.choices), key
        # What has a default, or may be left empty by its description, is never asked for.
        assert not (ours[key].is_required and given.default is not None), key


@pytest.mark.parametrize("name", OFFERED)
def test_output_values_and_files(name: str) -> None:
    info = load_operations()[name].info

    assert info.results.keys() == REFERENCE[name].results.keys()
    assert tuple(info.files) == REFERENCE[name].files


@pytest.mark.parametrize("name", REFERENCE)
def test_our_client_knows_values_from_files(name: str) -> None:
    # What an upload gives as ``output`` is the address of a page, and nothing to fetch.
    expected = () if name.startswith("video.upload.") else REFERENCE[name].files
    assert wire.FILE_OUTPUTS[name] == expected
