"""Submits jobs: the admin, the REST API, the commands and the servers of old services all call these functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.files import File
from django.db import IntegrityError, transaction

from ..clouds.registry import get_cloud
from ..conf import config
from ..core.capabilities import OperationInfo
from ..core.spec import JobSpec, Kind
from ..core.states import SourceState, State
from ..exceptions import IdempotencyConflict, InvalidParameters
from ..models import AccessKey, Encoding, Factory, Job, Process, Profile, Video
from .admission import check_file, check_lengths, checked_url, cleaned_parameters, scoped_key
from .creation import create_job
from .deadlocks import again_after_deadlock
from .ingest import source_path
from .outputs import delete_file
from .queue import wake_video
from .sources import SOURCE
from .uploads import delete_stored, filename_of, store_upload, store_uploads

User = Any


def submit(
    spec: JobSpec,
    *,
    files: Mapping[str, File[Any]] | None = None,
    storage: str = "",
    owner: User | None = None,
    access_key: AccessKey | None = None,
    idempotency_key: str = "",
    **kind_fields: Any,
) -> Job:
    """Check ``spec`` against what its cloud offers, store it as a job, queue it, and return the job.

    ``files`` are uploads by parameter name; they are streamed into ``storage``, an alias in ``STORAGES`` (by default
    ``MEDIACLOUD["STORAGE"]``). The same ``idempotency_key`` from the same owner returns the same job again, or raises
    ``IdempotencyConflict`` if the request differs. ``access_key`` is the key of an old service's client.
    ``kind_fields`` are further columns of the Task or Process. Raises ``InvalidParameters`` or ``UnknownOperation``
    before anything is stored.
    """
    stored = store_uploads(spec, files or {}, storage or config().storage)
    try:
        spec = replace(spec, inputs={**spec.inputs, **stored})
        job = create_job(spec, owner, idempotency_key, kind_fields, state=State.QUEUED, access_key=access_key)
    except Exception:
        delete_stored(stored.values())
        raise
    # Nobody reads them if the key led to a job that has its files already.
    delete_stored(file for name, file in stored.items() if job.inputs[name]["path"] != file.path)
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
    """Convert one file (uploaded, or behind ``url``) into ``output_format``, and return the job of the Process.

    Raises as ``submit`` does.
    """
    alias = cloud or (factory.cloud if factory else "default")
    _check_source(file, "url", url)
    filename = (filename_of(file) if file is not None else unquote(PurePosixPath(urlsplit(url).path).name))[:300]
    operation = _converter(alias, output_format)
    spec = JobSpec(
        kind=Kind.PROCESS,
        cloud=alias,
        operation=operation.name,
        parameters={**(options or {}), **operation.formats[output_format], **({SOURCE: url} if url else {})},
        callback_url=callback_url,
    )
    check_lengths(Process, {"input_format": input_format})
    fields: dict[str, Any] = {
        "factory": factory,
        "filename": filename,
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


def _check_source(file: File[Any] | None, url_name: str, url: str) -> None:
    """``InvalidParameters`` unless it is either a file that may come in, or an address."""
    if (file is None) == (not url):
        raise InvalidParameters({"file": [f"give either a file or a {url_name}"]})
    if file is not None:
        check_file("file", file)


def _converter(alias: str, output_format: str) -> OperationInfo:
    """The operation of a cloud that makes files of that format. ``InvalidParameters`` if there is none."""
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
    """Submit an encoding of ``video`` for each profile, and return them. They wait until the source is stored.

    ``InvalidParameters`` if the source has failed, or parameters of a profile do not fit.
    """
    with transaction.atomic():
        # The lock orders this against the moment at which the source becomes ready.
        video = Video.objects.select_for_update().get(pk=video.pk)
        if video.state == SourceState.FAILED:
            raise InvalidParameters({"video": [f"the source failed: {video.failure_message}"]})
        state = State.QUEUED if video.state == SourceState.READY else State.NEW
        encodings = []
        for profile in profiles:
            spec = replace(_spec_of(profile), callback_url=callback_url, priority=priority)
            fields = {"video": video, "profile": profile, "profile_name": profile.name}
            key = f"{idempotency_key}/{profile.name}" if idempotency_key else ""
            encodings.append(create_job(spec, owner or video.owner, key, fields, state=state).encoding)
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
    """Store a video from an uploaded ``file`` or from ``source_url``, submit an encoding for each profile, and return
    the video.

    If ``profiles`` is None, those marked as default are used. The same ``idempotency_key`` from the same owner returns
    the same video again, or raises ``IdempotencyConflict`` if the request differs. Raises ``InvalidParameters`` before
    anything is stored.
    """
    _check_source(file, "source_url", source_url)
    chosen = list(Profile.objects.filter(is_default=True)) if profiles is None else list(profiles)
    for profile in chosen:
        cleaned_parameters(replace(_spec_of(profile), callback_url=callback_url, priority=priority))
    name = PurePath(filename.replace("\\", "/")).name[:300] or (filename_of(file) if file is not None else "")
    asked = _asked(file, name, title=title, payload=payload, source_url=checked_url("source_url", source_url))
    key = scoped_key(owner, idempotency_key)
    if key and (known := _known_video(key, asked, chosen)):
        return known
    video = Video(**{**asked, "original_filename": name}, factory=factory, owner=owner, idempotency_key=key)
    video.storage = factory.storage if factory else config().storage
    if file is not None:
        video.path = store_upload(video.storage, source_path(video, name or "source"), file, name).path
    try:
        _insert_video(video, chosen, owner=owner, callback_url=callback_url, priority=priority)
    except IntegrityError:
        if key and (known := _known_video(key, asked, chosen)):
            return known
        raise
    return video


def _asked(file: File[Any] | None, name: str, **words: str) -> dict[str, Any]:
    """The columns by which the same request is known again. ``InvalidParameters`` for words that are too long."""
    check_lengths(Video, words)
    return words if file is None else {**words, "original_filename": name, "size_bytes": file.size}


def _insert_video(video: Video, profiles: Sequence[Profile], **how: Any) -> None:
    """Insert ``video`` with its encodings. If that fails, its stored file is deleted."""
    try:
        with transaction.atomic():
            video.save()
            submit_encodings(video, profiles, **how)
            wake_video(video)
    except Exception:
        delete_file(video.storage, video.path)
        raise


def _known_video(key: str, asked: Mapping[str, Any], profiles: Sequence[Profile]) -> Video | None:
    """The video that this key already made. ``IdempotencyConflict`` if it was asked for something else."""
    video = Video.objects.filter(idempotency_key=key).first()
    if video is None:
        return None
    wanted = {profile.name for profile in profiles}
    made = set(video.encodings.values_list("profile_name", flat=True))
    if not wanted <= made or any(getattr(video, name) != value for name, value in asked.items()):
        raise IdempotencyConflict("This idempotency key was used for another request.")
    return video


def _spec_of(profile: Profile) -> JobSpec:
    return JobSpec(kind=Kind.ENCODING, cloud=profile.cloud, operation=profile.operation, parameters=profile.parameters)
