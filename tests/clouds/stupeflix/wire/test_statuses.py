from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.clouds.stupeflix import wire
from django_mediacloud.core.states import State

from .. import examples
from .strategies import json_values, keys, moments, results, words

QUEUED = dt.datetime(2013, 4, 3, 15, 47, 27, 703674, tzinfo=dt.UTC)


@pytest.mark.parametrize("example", [*examples.CREATED, examples.EXECUTING, examples.SUCCESS, examples.INVALID])
def test_a_status_of_the_documentation_comes_out_as_it_went_in(example: dict[str, Any]) -> None:
    parsed = wire.parse_status(example)

    rendered = wire.render_status(
        status=parsed.status,
        key=parsed.key,
        progress=parsed.progress,
        result=parsed.result,
        error=parsed.error,
        **parsed.events,
    )

    assert rendered == example
    assert parsed.raw is example


def test_what_a_finished_task_says() -> None:
    parsed = wire.parse_status(examples.SUCCESS)

    assert parsed.state is State.COLLECTING
    assert parsed.is_final
    assert parsed.events["completed"] - parsed.events["queued"] == dt.timedelta(microseconds=701813)
    assert parsed.result == examples.SUCCESS["result"]


def test_what_a_refused_parameter_says() -> None:
    parsed = wire.parse_status(examples.INVALID)

    assert parsed.state is State.FAILED
    assert parsed.parameter_errors == {"url": ["this field is required"]}
    assert parsed.message == "url: this field is required"


def test_a_partial_result_is_not_final() -> None:
    parsed = wire.parse_status(examples.PARTIAL)

    assert not parsed.is_final
    assert parsed.state is State.RUNNING
    values, files = wire.parse_result("video.create", parsed.result)
    assert values == {"duration": 10}
    assert files == {"preview": examples.PARTIAL["result"]["preview"]}


def test_the_lines_of_the_stream_example_need_no_progress() -> None:
    first, *rest = [json.loads(line) for line in examples.STREAM.split("\n")]

    assert [status.key for status in wire.parse_statuses(first)] == examples.KEYS
    last = wire.parse_status(rest[-1])
    assert (last.progress, last.result) == (None, "Hello Jane")
    assert wire.parse_result("hello", last.result).values == {"greeting": "Hello Jane"}


def test_the_keys_of_a_rendered_status_stand_as_in_the_examples() -> None:
    rendered = wire.render_status(status="success", key="K", queued=QUEUED, result={})

    assert list(rendered) == list(examples.SUCCESS)


def test_progress_is_left_out_while_queued_and_null_at_the_end() -> None:
    assert "progress" not in wire.render_status(status="queued", key="K", progress=0)
    assert wire.render_status(status="executing", key="K")["progress"] is None
    assert wire.render_status(status="success", key="K", progress=100)["progress"] is None


def test_details_never_stand_in_the_place_of_what_is_documented() -> None:
    rendered = wire.render_status(status="queued", key="K", details={"key": "other", "task_name": "hello"})

    assert rendered == {"task_name": "hello", "key": "K", "status": "queued", "events": {}}


def test_an_unknown_word_is_kept_and_means_nothing() -> None:
    parsed = wire.parse_status({"status": "paused", "key": "K"})

    assert (parsed.status, parsed.state, parsed.is_final) == ("paused", None, False)


def test_v1_has_errors_under_result() -> None:
    error = {"parameters": {"url": ["this field is required"]}}

    rendered = wire.render_status(status="error", key="K", error=error, version="v1")

    assert rendered["result"] == error
    assert "error" not in rendered
    parsed = wire.parse_status(rendered, "v1")
    assert (parsed.error, parsed.result) == (error, None)


def test_the_first_v1_had_values_and_files_apart_under_other_names() -> None:
    given = {
        "status": "success",
        "key": "K",
        "result": {
            "files": {"out": "http://f/1"},
            "values": {"mimeType": "video/mp4", "framerate": 25, "acodec": "aac"},
        },
    }

    assert wire.parse_status(given, "v1").result == {
        "output": "http://f/1",
        "content_type": "video/mp4",
        "frame_rate": 25,
        "audio_codec": "aac",
    }
    assert wire.parse_status(given, "v2").result == given["result"]


def test_a_date_that_is_none_does_not_lose_the_result() -> None:
    given = {"status": "success", "key": "K", "events": {"queued": "yesterday", "completed": None}, "result": {"a": 1}}

    parsed = wire.parse_status(given)

    assert parsed.events == {}
    assert parsed.result == {"a": 1}
    assert parsed.raw["events"]["queued"] == "yesterday"


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "queued",
        {},
        {"status": "queued"},
        {"key": "K"},
        {"status": 1, "key": "K"},
        {"status": "queued", "key": ""},
    ],
)
def test_what_is_no_status_is_said_to_be_none(given: Any) -> None:
    with pytest.raises(ValueError, match="a task's status"):
        wire.parse_status(given)


def test_statuses_come_in_a_list() -> None:
    with pytest.raises(ValueError, match="not a list"):
        wire.parse_statuses(examples.EXECUTING)


@given(
    word=st.sampled_from(["queued", "executing", "success", "error"]),
    key=keys,
    progress=json_values,
    events=st.fixed_dictionaries({}, optional={"queued": moments, "started": moments, "completed": moments}),
    result=results,
    error=st.text(min_size=1) | st.dictionaries(words, json_values, max_size=3),
    version=st.sampled_from(["v1", "v2"]),
)
def test_a_status_survives_the_wire(
    word: str,
    key: str,
    progress: Any,
    events: dict[str, dt.datetime],
    result: Any,
    error: Any,
    version: wire.Version,
) -> None:
    line = wire.render_json(
        wire.render_status(
            status=word, key=key, progress=progress, result=result, error=error, version=version, **events
        )
    )
    assert b"\n" not in line
    # The old names of /v1 are for reading only, so what was rendered is read as /v2.
    parsed = wire.parse_status(wire.parse_json(line))

    assert (parsed.status, parsed.key, parsed.events) == (word, key, events)
    assert parsed.progress == (progress if word == "executing" else None)
    assert parsed.error == (error if word == "error" else None)
    assert parsed.result == (None if word == "error" else result)


@given(
    given=json_values
    | st.fixed_dictionaries({"status": json_values, "key": json_values, "events": json_values, "result": json_values})
)
def test_any_json_is_a_status_or_a_value_error(given: Any) -> None:
    for version in ("v1", "v2"):
        try:
            parsed = wire.parse_status(given, version)
        except ValueError:
            continue
        assert parsed.message is not None
        assert wire.parse_result("video.create", parsed.result)


@given(task=st.sampled_from(wire.TASKS), values=st.dictionaries(words, json_values, max_size=3))
def test_values_and_files_come_apart_again(task: str, values: dict[str, Any]) -> None:
    files = {name: f"https://files.example/{name}" for name in wire.FILE_OUTPUTS[task]}
    values = {name: value for name, value in values.items() if name not in files}
    if task in wire.BARE_RESULTS:
        values = {wire.BARE_RESULTS[task]: "Hello John"}

    assert wire.parse_result(task, wire.render_result(task, values, files)) == (values, files)


@pytest.mark.parametrize("key", ["A" * 201, "A\x00", "half a \ud83d", "a b", "ä"])
def test_what_no_service_calls_a_key_is_none(key: str) -> None:
    with pytest.raises(ValueError, match="no status or no key"):
        wire.parse_status({"status": "queued", "key": key})
