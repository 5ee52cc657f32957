from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.clouds.stupeflix import wire

from .. import examples
from .strategies import json_values, words


def test_a_definition_of_the_documentation() -> None:
    (parsed,) = wire.parse_definitions(examples.DEFINITION)

    assert parsed == wire.TaskDefinition(
        task_name="image.info", parameters={"url": "http://files.com/image.jpg"}, store={"type": "volatile"}
    )
    assert wire.render_definition(parsed) == examples.DEFINITION


@pytest.mark.parametrize("body", [examples.CREATE, examples.CREATE_STREAM, examples.STORES])
def test_the_requests_of_the_documentation(body: dict[str, Any]) -> None:
    parsed = wire.parse_definitions(body["tasks"])

    assert [wire.render_definition(definition) for definition in parsed] == body["tasks"]
    assert not any(definition.errors for definition in parsed)


def test_a_single_definition_stands_for_a_list_of_one() -> None:
    assert [item.task_name for item in wire.parse_definitions(examples.SECRET_BODY["tasks"])] == ["image.info"]


@pytest.mark.parametrize(
    ("tasks", "errors"),
    [
        (None, [("tasks", "body", "tasks is missing")]),
        ("hello", [("tasks", "body", "tasks is neither a list nor an object")]),
        ({}, [("tasks.task_name", "body", "tasks.task_name is missing")]),
        (
            [{"task_name": "hello"}, {"task_name": " "}, 5],
            [
                ("tasks.1.task_name", "body", "tasks.1.task_name is missing"),
                ("tasks.2", "body", "tasks.2 is not an object"),
            ],
        ),
    ],
)
def test_what_is_no_definition_refuses_the_request(tasks: Any, errors: list[tuple[str, str, str]]) -> None:
    with pytest.raises(wire.InvalidRequest) as refused:
        wire.parse_definitions(tasks)

    assert list(refused.value.errors) == errors


@pytest.mark.parametrize(
    ("shared", "errors"),
    [
        ({"url_callback": "ftp://a/b"}, {"url_callback": ["must be an http or https URL"]}),
        ({"url_errback": 5}, {"url_errback": ["must be a string"]}),
        ({"task_store": "volatile"}, {"task_store": ["must be an object"]}),
        ({"task_store": {}}, {"task_store": ["type: this field is required"]}),
        (
            {"task_store": {"type": "tape"}},
            {"task_store": ["type: must be one of: persistent, volatile, youtube, s3_signed, dummy"]},
        ),
        ({"task_store": {"type": "volatile", "url": "x"}}, {"task_store": ["url: unknown parameter"]}),
        ({"task_store": {"type": "s3_signed"}}, {"task_store": ["url: this field is required"]}),
        (
            {"task_store": {"type": "youtube", "title": "T", "privacy_status": "secret"}},
            {
                "task_store": [
                    "access_token: this field is required",
                    "developer_key: this field is required",
                    "privacy_status: must be one of: public, private, unlisted",
                ]
            },
        ),
        ({"task_metas": [1]}, {"task_metas": ["must be an object"]}),
    ],
)
def test_what_is_wrong_with_the_shared_keys_is_the_tasks_own_error(shared: Any, errors: Any) -> None:
    (parsed,) = wire.parse_definitions([{"task_name": "hello", "name": "John", **shared}])

    assert parsed.errors == errors
    assert parsed.parameters == {"name": "John"}


def test_a_store_is_completed() -> None:
    store = {"type": "youtube", "access_token": "A", "developer_key": "D", "title": "T", "category_id": "22"}

    (parsed,) = wire.parse_definitions([{"task_name": "video.reverse", "task_store": store}])

    assert parsed.store == {**store, "category_id": 22, "tags": [], "privacy_status": "public"}
    assert parsed.errors == {}


def test_tokens_are_not_shown() -> None:
    store = {"type": "youtube", "access_token": "token-1", "developer_key": "token-2", "title": "T"}

    (parsed,) = wire.parse_definitions({"task_name": "video.upload.fb", "access_token": "token-3", "task_store": store})

    assert parsed.parameters["access_token"] == "token-3"
    assert "token-" not in repr(parsed)
    assert "hush" not in repr(wire.Credentials(secret="hush")) + repr(wire.Credentials(api_key="hush"))


def test_v1_takes_the_old_names_of_parameters() -> None:
    old = {"task_name": "image.thumb", "rot": 90, "thumbtype": "png"}

    assert wire.parse_definitions(old, "v1")[0].parameters == {"rotation": 90, "format": "png"}
    assert wire.parse_definitions(old, "v2")[0].parameters == {"rot": 90, "thumbtype": "png"}
    both = {"task_name": "image.thumb", "rot": 90, "rotation": 180}
    assert wire.parse_definitions(both, "v1")[0].parameters == {"rot": 90, "rotation": 180}


@given(
    definition=st.builds(
        wire.TaskDefinition,
        task_name=words.map(str.strip).filter(bool),
        parameters=st.dictionaries(words.map("p_{}".format), json_values, max_size=3),
        store=st.sampled_from(
            [{}, {"type": "volatile"}, {"type": "s3_signed", "url": "https://s3.example/x?Signature=1"}]
        ),
        metas=st.dictionaries(words.filter(lambda text: "\x00" not in text), st.integers(), max_size=2),
        url_callback=st.sampled_from(["", "https://site.example/done"]),
        url_errback=st.sampled_from(["", "https://site.example/failed"]),
        errors=st.just({}),
    )
)
def test_a_definition_survives_the_wire(definition: wire.TaskDefinition) -> None:
    rendered = wire.parse_json(wire.render_json(wire.render_definition(definition)))

    assert wire.parse_definitions([rendered]) == [definition]


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        (examples.SECRET_HEADER, wire.Credentials(secret="123456")),
        (examples.API_KEY_HEADER, wire.Credentials(api_key="654321")),
        ("SECRET 123456", wire.Credentials(secret="123456")),
        ("api-key  654321 ", wire.Credentials(api_key="654321")),
        ("123456", wire.Credentials(secret="123456")),
        ("Basic YTpi", wire.Credentials()),
        ("", wire.Credentials()),
    ],
)
def test_credentials_are_found_in_the_header(header: str, credentials: wire.Credentials) -> None:
    assert wire.parse_authorization(header) == credentials
    if credentials:
        assert wire.parse_authorization(wire.render_authorization(credentials)) == credentials


def test_keys_are_a_list_or_a_single_one() -> None:
    assert wire.parse_keys(examples.KEYS) == examples.KEYS
    assert wire.parse_keys("K") == ["K"]


@pytest.mark.parametrize(
    ("tasks", "description"),
    [(None, "missing"), ([], "missing"), ([5], "not a list of keys"), ({"K": 1}, "not a list")],
)
def test_what_are_no_keys_refuses_the_request(tasks: Any, description: str) -> None:
    with pytest.raises(wire.InvalidRequest, match=description) as refused:
        wire.parse_keys(tasks, "querystring")

    assert refused.value.errors[0][:2] == ("tasks", "querystring")
