from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.parameters import Parameter, Parameters, Type
from django_mediacloud.core.states import SourceState, State
from django_mediacloud.jobs.sealing import open_parameters
from django_mediacloud.jobs.state import move
from django_mediacloud.management.request import read_parameters
from django_mediacloud.models import Encoding, Job, Profile, Video

from ..toys.workshop.cloud import OPERATIONS
from .conftest import Called, Start, await_state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toys")]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "my clip.mp4"
    path.write_bytes(b"frames" * 1000)
    return path


@pytest.fixture
def profiles() -> list[Profile]:
    return [
        Profile.objects.create(name="h264.hi", operation="copy", is_default=True),
        Profile.objects.create(name="two", operation="copy", parameters={"count": 2}),
    ]


def test_a_file_through_profiles(clip: Path, profiles: list[Profile]) -> None:
    done = Called(
        "mediacloud_submit", str(clip), "--profile", "two", "--profile", "h264.hi", "--title", "Ours", "--priority", "7"
    )

    assert done.exit_code == 0
    video = Video.objects.get()
    assert (video.title, video.original_filename, video.size_bytes) == ("Ours", "my clip.mp4", 6000)
    with default_storage.open(video.path) as stored:
        assert stored.read() == clip.read_bytes()
    assert clip.exists()
    encodings = Encoding.objects.order_by("pk").select_related("job")
    assert [encoding.profile_name for encoding in encodings] == ["two", "h264.hi"]
    assert {encoding.job.priority for encoding in encodings} == {7}
    assert done.out.splitlines() == [
        f"video {video.public_id} Ours",
        *(f"job {encoding.job.public_id} {encoding.profile_name} new" for encoding in encodings),
    ]


def test_a_url_through_the_default_profiles_as_json(profiles: list[Profile]) -> None:
    done = Called(
        "mediacloud_submit", "https://media.example/clip.mp4", "--json", "--callback-url", "https://a.example/"
    )

    video = Video.objects.get()
    assert video.source_url == "https://media.example/clip.mp4"
    assert done.json["video"]["id"] == str(video.public_id)
    (job,) = done.json["jobs"]
    assert (job["profile"], job["state"], job["kind"]) == ("h264.hi", "new", "encoding")
    assert Job.objects.get().callback_url == "https://a.example/"


def test_the_same_key_gives_the_same_jobs(clip: Path, profiles: list[Profile]) -> None:
    first = Called("mediacloud_submit", str(clip), "--idempotency-key", "k")
    again = Called("mediacloud_submit", str(clip), "--idempotency-key", "k")

    assert first.out == again.out
    assert Video.objects.count() == 1


def test_an_operation_on_a_file(clip: Path) -> None:
    done = Called("mediacloud_submit", str(clip), "--operation", "copy", "--param", "count=3", "--idempotency-key", "k")

    job = Job.objects.get()
    assert done.out == f"job {job.public_id} copy queued\n"
    assert job.parameters == {"format": "copy", "count": 3}
    stored = job.inputs["url"]
    assert (stored["filename"], stored["size_bytes"]) == ("my clip.mp4", 6000)
    assert default_storage.size(stored["path"]) == 6000

    again = Called(
        "mediacloud_submit",
        "--operation",
        "copy",
        "--param",
        f"url={clip}",
        "--param",
        "count=3",
        "--idempotency-key",
        "k",
    )
    assert again.out == done.out
    folder = stored["path"].rpartition("/")[0]
    assert [name for name in default_storage.listdir(folder)[1] if "my_clip" in name] == [
        stored["path"].rpartition("/")[2]
    ]


def test_an_operation_on_a_url() -> None:
    Called("mediacloud_submit", "--operation", "copy", "--param", "url=https://media.example/a", "--priority", "-3")

    job = Job.objects.get()
    assert job.parameters["url"] == "https://media.example/a"
    assert job.inputs == {}
    assert job.priority == -3


def test_a_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody on the machine sees the words of a command line."""
    monkeypatch.setenv("VIMEO_TOKEN", "T0KEN")
    arguments = ["https://media.example/a.mp4", "--operation", "video.upload.vimeo", "--cloud", "engine"]

    with override_settings(MEDIACLOUD={"CLOUDS": {"engine": {"BACKEND": "django_mediacloud.clouds.local"}}}):
        done = Called("mediacloud_submit", *arguments, "--param-env", "oauth2_token=VIMEO_TOKEN", "--json")
        job = Job.objects.get()
        assert open_parameters(job)["oauth2_token"] == "T0KEN"
        assert "T0KEN" not in done.out + repr(job.parameters)
        missing = Called("mediacloud_submit", *arguments, "--param-env", "oauth2_token=NO_SUCH_THING")
    assert missing.exit_code == 2
    assert "no variable NO_SUCH_THING" in missing.error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name a file or a URL"),
        (["no/such/file.mp4"], "file.mp4 cannot be read: No such file"),
        (["{clip}", "--profile", "no"], "There is no profile no; there are: h264.hi, two"),
        (["{clip}", "--timeout", "5"], "--timeout belongs to --wait"),
        (["{clip}", "--cloud", "default"], "belong to --operation"),
        (["{clip}", "--param", "a=b"], "belong to --operation"),
        (["{clip}", "--priority", "101"], "priority: must be between"),
        (["{empty}"], "the file is empty"),
        (["http://"], "must be an http or https URL"),
        (["{clip}", "--operation", "copy", "--profile", "two"], "belong to a video"),
        (["{clip}", "--operation", "nothing"], "has no operation 'nothing'"),
        (["{clip}", "--operation", "copy", "--cloud", "no"], "No cloud is called 'no'; there are: default. Name one"),
        (["{clip}", "--operation", "copy", "--param", "count=99"], "count: must be at most 20"),
        (["{clip}", "--operation", "copy", "--param", "speed=1"], "speed: unknown parameter"),
        (["{clip}", "--operation", "copy", "--param", "url={clip}"], "one local file"),
        (["{clip}", "--operation", "copy", "--param", "url=http://a.example/"], "either a local file or URLs"),
        (["--operation", "copy", "--param", "count=1", "--param", "count=2"], "count is given twice"),
        (["{clip}", "--operation", "hello", "--param", "name=x"], "url: unknown parameter"),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(
    clip: Path, profiles: list[Profile], arguments: list[str], words: str
) -> None:
    (clip.parent / "empty").touch()
    before = count_stored()
    done = Called("mediacloud_submit", *(a.format(clip=clip, empty=clip.parent / "empty") for a in arguments))

    assert done.exit_code == 2
    assert words in done.error
    assert not Job.objects.exists()
    assert not Video.objects.exists()
    assert count_stored() == before


def count_stored() -> int:
    root = Path(default_storage.location)
    return sum(path.is_file() for path in root.rglob("*"))


def test_a_key_for_another_request_is_bad_input() -> None:
    for name, exit_code in (("a", 0), ("b", 2)):
        done = Called("mediacloud_submit", "--operation", "hello", "--param", f"name={name}", "--idempotency-key", "k")
        assert done.exit_code == exit_code


def test_without_a_default_profile_one_must_be_named(clip: Path) -> None:
    assert "No profile is marked as default" in Called("mediacloud_submit", str(clip)).error


def test_a_setting_that_is_wrong_is_no_bad_input(settings: Any) -> None:
    settings.MEDIACLOUD = {"CLOUDS": {"elsewhere": {"BACKEND": "tests.toys.workshop"}}}
    done = Called("mediacloud_submit", "--operation", "hello")

    assert done.exit_code == 1
    assert "No cloud is called 'default'; there are: elsewhere. Correct the setting" in done.error


def test_lists_and_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = Parameters(
        (
            Parameter(name="urls", type=Type.URLS),
            Parameter(name="words", type=Type.STRINGS),
            Parameter(name="rungs", type=Type.OBJECTS),
            Parameter(name="options", type=Type.OBJECT),
            Parameter(name="text", type=Type.TEXT),
        )
    )
    info = OPERATIONS["hello"]
    monkeypatch.setitem(OPERATIONS, "many", type(info)(name="many", summary="", parameters=declared))
    pairs = [
        ("urls", '["http://a.example/1"]'),
        ("urls", "http://a.example/2"),
        ("words", "one"),
        ("words", '["two", "three"]'),
        ("rungs", '{"height": 240}'),
        ("rungs", '[{"height": 360}]'),
        ("options", '{"a": [1]}'),
        ("text", '{"not": "read"}'),
    ]

    assert read_parameters("default", "many", pairs).parameters == {
        "urls": ["http://a.example/1", "http://a.example/2"],
        "words": ["one", "two", "three"],
        "rungs": [{"height": 240}, {"height": 360}],
        "options": {"a": [1]},
        "text": '{"not": "read"}',
    }
    assert read_parameters("default", "many", [("urls", "/a/b.png")]).files == {"urls": "/a/b.png"}
    with pytest.raises(CommandError, match="options is not valid JSON"):
        read_parameters("default", "many", [("options", "{")])


@pytest.mark.parametrize(
    ("states", "exit_code", "words"),
    [
        ([State.SUCCEEDED, State.SUCCEEDED], 0, ""),
        ([State.SUCCEEDED, State.FAILED], 3, "failed: Broken. Mend it."),
        ([State.CANCELLED, State.SUCCEEDED], 4, "1 of 2 jobs were cancelled"),
        ([State.CANCELLED, State.FAILED], 3, "failed: Broken. Mend it."),
        ([State.FAILED, None], 5, "1 of 2 jobs have not ended in time"),
    ],
)
def test_waiting_ends_with_the_jobs(
    clip: Path, profiles: list[Profile], states: list[State | None], exit_code: int, words: str
) -> None:
    Called("mediacloud_submit", str(clip), "--profile", "two", "--profile", "h264.hi", "--idempotency-key", "k")
    for job, state in zip(Job.objects.order_by("pk"), states, strict=True):
        end(job, state)

    done = Called("mediacloud_submit", str(clip), "--idempotency-key", "k", "--wait", "--timeout", "0.3", "--json")

    assert (done.exit_code, done.error[-len(words) :] if exit_code == 3 else done.error[: len(words)]) == (
        exit_code,
        words,
    )
    assert [job["state"] for job in done.json["jobs"]] == [state or "new" for state in states]


def end(job: Job, state: State | None) -> None:
    if state == State.CANCELLED:
        jobs.cancel(job)
    elif state == State.FAILED:
        move(job, State.FAILED, failure_code="media", failure_message="Broken.", failure_advice="Mend it.")
    elif state == State.SUCCEEDED:
        for target in (State.QUEUED, State.SUBMITTING, State.RUNNING, State.COLLECTING, State.SUCCEEDED):
            assert move(job, target)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_with_a_worker_the_exit_code_says_how_it_ended(start: Start, clip: Path, profiles: list[Profile]) -> None:
    worker = start("mediacloud_worker", "--interval", "0.1")
    done = start("mediacloud_submit", str(clip), "--profile", "two", "--wait", "--timeout", "240")

    assert done.wait() == 0, done.text
    assert " two succeeded" in done.text
    assert "copies/1.bin 6000 bytes application/x-copy" in done.text
    assert Video.objects.get().state == SourceState.READY

    failing = start("mediacloud_submit", "--operation", "fail", "--wait", "--timeout", "240")
    assert failing.wait() == 3, failing.text
    assert "Nothing can be made of it. Check that the file plays" in failing.text
    late = start("mediacloud_submit", "--operation", "wait", "--param", "seconds=600", "--wait", "--timeout", "0.5")
    assert late.wait() == 5, late.text

    job = Job.objects.get(operation="wait")
    await_state(job, State.RUNNING)
    waiting = start("mediacloud_cancel", job.public_id.hex)
    assert waiting.wait() == 0
    await_state(job, State.CANCELLED)
    worker.process.terminate()
    assert worker.wait() == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_shell_sees_the_exit_codes(start: Start, clip: Path) -> None:
    codes: dict[str, Any] = {
        "no such option": start("mediacloud_submit", "--colour"),
        "no such file": start("mediacloud_submit", str(clip) + "x"),
        "no such id": start("mediacloud_cancel", "abc"),
        "no such cloud": start("mediacloud_submit", "--operation", "hello", "--cloud", "no"),
    }

    assert {name: running.wait() for name, running in codes.items()} == {
        "no such option": 2,
        "no such file": 2,
        "no such id": 2,
        "no such cloud": 2,
    }
    assert not any("Traceback" in running.text for running in codes.values())
