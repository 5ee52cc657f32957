"""The one way in: every door makes a specification and hands it over here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import PurePath
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from .. import signals
from ..clouds.registry import get_cloud, get_operation
from ..conf import config
from ..core.capabilities import OperationInfo
from ..core.parameters import REQUIRED_MESSAGE, Parameter, Type
from ..core.spec import JobSpec, Kind, StoredFile
from ..core.states import SourceState, State
from ..exceptions import IdempotencyConflict, InvalidParameters, StorageError
from ..models import Encoding, Factory, Job, JobEvent, Process, Profile, Task, Video
from .deadlocks import again_after_deadlock
from .ingest import source_path
from .outputs import delete_file, safe_name, storage_of
from .queue import wake_job, wake_video
from .sources import SOURCE

MAX_PRIORITY = 100
_URL = Parameter(name="url", type=Type.URL)

User = Any


def submit(
    spec: JobSpec,
    *,
    files: Mapping[str, File[Any]] | None = None,
    storage: str = "",
    owner: User | None = None,
    idempotency_key: str = "",
    **kind_fields: Any,
) -> Job:
    """Check ``spec`` against what its cloud offers, and put it on its way; the job, as it was stored.

    ``files`` are uploads by parameter name, which are streamed into ``storage`` (the site's own if none is named). The
    same ``idempotency_key`` from the same owner gives the same job again; ``IdempotencyConflict`` if the request is
    another one. ``kind_fields`` are the columns of the Task or Process beside the job. Raises ``InvalidParameters`` or
    ``UnknownOperation`` before anything is stored.
    """
    stored = _store_uploads(spec, files or {}, storage or config().storage)
    try:
        spec = replace(spec, inputs={**spec.inputs, **stored})
        job = _create(spec, owner, idempotency_key, kind_fields, state=State.QUEUED)
    except Exception:
        _delete_stored(stored.values())
        raise
    # Nobody reads them if the key led to a job that has its files already.
    _delete_stored(file for name, file in stored.items() if job.inputs[name]["path"] != file.path)
    return job


def submit_process(
    *,
    output_format: str,
    file: File[Any] | None = None,
    url: str = "",
    input_format: str = "",
    options: Mapping[str, Any] | None = None,
    cloud: str = "",
    factory: Factory | None = None,
    owner: User | None = None,
    idempotency_key: str = "",
    callback_url: str = "",
) -> Job:
    """Convert one file (uploaded, or behind ``url``) into ``output_format``; the job of the Process."""
    alias = cloud or (factory.cloud if factory else "default")
    if (file is None) == (not url):
        raise InvalidParameters({"file": ["give either a file or a url"]})
    filename = PurePath(file.name or "").name if file is not None else url.rpartition("/")[2]
    operation = _converter(alias, output_format)
    given = {SOURCE: url} if url else {}
    spec = JobSpec(
        kind=Kind.PROCESS,
        cloud=alias,
        operation=operation.name,
        parameters={**(options or {}), **operation.formats[output_format], **given},
        callback_url=callback_url,
    )
    fields = {
        "factory": factory,
        "filename": filename[:300],
        "input_format": input_format or PurePath(filename).suffix.lstrip(".").lower()[:32],
        "output_format": output_format,
    }
    return submit(
        spec,
        files={} if file is None else {SOURCE: file},
        storage=factory.storage if factory else "",
        owner=owner,
        idempotency_key=idempotency_key,
        **fields,
    )


def _converter(alias: str, output_format: str) -> OperationInfo:
    """The operation of a cloud that makes files of that format."""
    formats = get_cloud(alias).capabilities.formats
    if output_format not in formats:
        raise InvalidParameters({"output_format": ["must be one of: " + ", ".join(sorted(formats))]}, cloud=alias)
    return formats[output_format]


@again_after_deadlock
def submit_encodings(
    video: Video,
    profiles: Sequence[Profile],
    *,
    owner: User | None = None,
    callback_url: str = "",
    priority: int = 0,
    idempotency_key: str = "",
) -> list[Encoding]:
    """One encoding of ``video`` for each profile. They wait for the source if it is not there yet."""
    with transaction.atomic():
        # The lock orders this against the moment at which the source becomes ready.
        video = Video.objects.select_for_update().get(pk=video.pk)
        if video.state == SourceState.FAILED:
            raise InvalidParameters({"video": [f"the source failed: {video.failure_message}"]})
        Video.objects.filter(pk=video.pk).update(encoded_at=None)
        state = State.QUEUED if video.state == SourceState.READY else State.NEW
        encodings = []
        for profile in profiles:
            spec = JobSpec(
                kind=Kind.ENCODING,
                cloud=profile.cloud,
                operation=profile.operation,
                parameters=profile.parameters,
                callback_url=callback_url,
                priority=priority,
            )
            fields = {"video": video, "profile": profile, "profile_name": profile.name}
            key = f"{idempotency_key}/{profile.name}" if idempotency_key else ""
            encodings.append(_create(spec, owner or video.owner, key, fields, state=state).encoding)
    return encodings


def submit_video(
    *,
    file: File[Any] | None = None,
    source_url: str = "",
    profiles: Sequence[Profile] | None = None,
    factory: Factory | None = None,
    owner: User | None = None,
    title: str = "",
    filename: str = "",
    payload: str = "",
    callback_url: str = "",
    priority: int = 0,
    idempotency_key: str = "",
) -> Video:
    """A video from an uploaded ``file`` or from ``source_url``, and an encoding of it for each profile.

    Without ``profiles`` those marked as default are used. Raises ``InvalidParameters`` before anything is stored.
    """
    if (file is None) == (not source_url):
        raise InvalidParameters({"file": ["give either a file or a source_url"]})
    chosen = list(Profile.objects.filter(is_default=True)) if profiles is None else list(profiles)
    key = _scoped_key(owner, idempotency_key)
    if key and (known := Video.objects.filter(idempotency_key=key).first()):
        return known
    name = PurePath((filename or (file.name if file is not None else "") or "").replace("\\", "/")).name[:300]
    video = Video(
        factory=factory,
        owner=owner,
        title=title,
        original_filename=name,
        source_url=_checked_url("source_url", source_url),
        payload=payload,
        storage=factory.storage if factory else config().storage,
        idempotency_key=key,
    )
    for profile in chosen:
        _cleaned(_encoding_spec(profile))
    if file is not None:
        _check_file(file)
        stored = _store(video.storage, source_path(video, name or "source"), file, name)
        video.path, video.size_bytes = stored.path, stored.size_bytes
    try:
        with transaction.atomic():
            video.save()
            submit_encodings(video, chosen, owner=owner, callback_url=callback_url, priority=priority)
            wake_video(video)
    except Exception as error:
        delete_file(video.storage, video.path)
        if key and isinstance(error, IntegrityError) and (known := Video.objects.filter(idempotency_key=key).first()):
            return known
        raise
    return video


def _encoding_spec(profile: Profile) -> JobSpec:
    return JobSpec(
        kind=Kind.ENCODING,
        cloud=profile.cloud,
        operation=profile.operation,
        parameters=profile.parameters,
    )


def _cleaned(spec: JobSpec) -> dict[str, Any]:
    """The parameters as the operation wants them; ``InvalidParameters`` for all that does not fit."""
    operation = get_operation(spec.cloud, spec.operation)
    if spec.kind not in operation.kinds:
        raise InvalidParameters({"operation": [f"{spec.operation} cannot be used for a {spec.kind}"]})
    if not -MAX_PRIORITY <= spec.priority <= MAX_PRIORITY:
        raise InvalidParameters({"priority": [f"must be between -{MAX_PRIORITY} and {MAX_PRIORITY}"]})
    _checked_url("callback_url", spec.callback_url)
    unknown = set(spec.inputs) - set(operation.parameters.file_names)
    if unknown:
        raise InvalidParameters({name: ["takes no file"] for name in sorted(unknown)})
    # An encoding reads its video, wherever that then is.
    bound = {SOURCE} if spec.kind == Kind.ENCODING else set()
    return operation.parameters.clean(spec.parameters, bound=frozenset(bound | set(spec.inputs)))


def _checked_url(name: str, url: str) -> str:
    if not url:
        return ""
    try:
        return str(_URL.clean(url))
    except ValueError as error:
        raise InvalidParameters({name: [str(error)]}) from error


def _scoped_key(owner: User | None, key: str) -> str | None:
    """A key counts within its owner: two people may use the same."""
    if not key:
        return None
    scoped = f"{owner.pk if owner else '-'}:{key}"
    if len(scoped) > 255:
        raise InvalidParameters({"idempotency_key": ["is too long"]})
    return scoped


@again_after_deadlock
def _create(
    spec: JobSpec, owner: User | None, idempotency_key: str, kind_fields: Mapping[str, Any], *, state: State
) -> Job:
    parameters = _cleaned(spec)
    key = _scoped_key(owner, idempotency_key)
    asked = {
        "kind": spec.kind,
        "cloud": spec.cloud,
        "operation": spec.operation,
        "parameters": parameters,
        "inputs": {name: asdict(file) for name, file in spec.inputs.items()},
    }
    if key and (known := _known(key, asked)):
        return known
    now = timezone.now()
    try:
        with transaction.atomic():
            job = Job.objects.create(
                **asked,
                owner=owner,
                priority=spec.priority,
                callback_url=spec.callback_url,
                idempotency_key=key,
                state=state,
                queued_at=now if state == State.QUEUED else None,
            )
            _KINDS[spec.kind](job=job, **kind_fields).save(force_insert=True)
            JobEvent.objects.create(job=job, attempt=job.attempt, to_state=state, message="submitted")
            if state == State.QUEUED:
                wake_job(job)
            transaction.on_commit(lambda: signals.job_submitted.send_robust(Job, job=job), robust=True)
    except IntegrityError:
        if key and (known := _known(key, asked)):
            return known
        raise
    return job


_KINDS: Mapping[Kind, Callable[..., Any]] = {Kind.ENCODING: Encoding, Kind.PROCESS: Process, Kind.TASK: Task}


def _known(key: str, asked: Mapping[str, Any]) -> Job | None:
    """The job that this key already made. ``IdempotencyConflict`` if it was asked for something else."""
    job = Job.objects.filter(idempotency_key=key).first()
    if job is None:
        return None
    # The same upload is stored anew each time: what counts is what its owner called it, and its size.
    mine = {name: (file["filename"], file["size_bytes"]) for name, file in asked["inputs"].items()}
    theirs = {name: (file["filename"], file["size_bytes"]) for name, file in job.inputs.items()}
    same = all(getattr(job, name) == value for name, value in asked.items() if name != "inputs") and mine == theirs
    if not same:
        raise IdempotencyConflict("This idempotency key was used for another request.", operation=job.operation)
    return job


def _check_file(file: File[Any]) -> None:
    if not file.size:
        raise InvalidParameters({"file": ["the file is empty" if file.size == 0 else REQUIRED_MESSAGE]})
    if file.size > config().max_upload_bytes:
        raise InvalidParameters({"file": [f"the file has more than {config().max_upload_bytes} bytes"]})


def _store_uploads(spec: JobSpec, files: Mapping[str, File[Any]], storage: str) -> dict[str, StoredFile]:
    """Checked before any of them is stored: a bad request leaves nothing behind."""
    if not files:
        return {}
    awaited = {name: StoredFile(storage=storage, path="awaited") for name in files}
    _cleaned(replace(spec, inputs={**spec.inputs, **awaited}))
    for file in files.values():
        _check_file(file)
    stored: dict[str, StoredFile] = {}
    try:
        for name, file in files.items():
            filename = PurePath((file.name or "").replace("\\", "/")).name
            path = f"{config().prefix}/uploads/{timezone.now():%Y%m%d}/{safe_name(filename)}"
            stored[name] = _store(storage, path, file, filename)
    except StorageError:
        _delete_stored(stored.values())
        raise
    return stored


def _delete_stored(files: Iterable[StoredFile]) -> None:
    for file in files:
        delete_file(file.storage, file.path)


def _store(storage: str, path: str, file: File[Any], filename: str) -> StoredFile:
    try:
        saved = storage_of(storage).save(path, file)
    except OSError as error:
        raise StorageError(f"The storage did not take the file: {error.strerror or error}.") from error
    return StoredFile(storage=storage, path=saved, filename=filename, size_bytes=file.size)
