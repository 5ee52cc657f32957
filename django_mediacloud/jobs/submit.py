"""The one way in: every door makes a specification and hands it over here."""

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
from ..models import Encoding, Factory, Job, Process, Profile, Video
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
    idempotency_key: str = "",
    **kind_fields: Any,
) -> Job:
    """Check ``spec`` against what its cloud offers, and put it on its way; the job, as it was stored.

    ``files`` are uploads by parameter name, which are streamed into ``storage`` (the site's own if none is named). The
    same ``idempotency_key`` from the same owner gives the same job again; ``IdempotencyConflict`` if the request is
    another one. ``kind_fields`` are the columns of the Task or Process beside the job. Raises ``InvalidParameters`` or
    ``UnknownOperation`` before anything is stored.
    """
    stored = store_uploads(spec, files or {}, storage or config().storage)
    try:
        spec = replace(spec, inputs={**spec.inputs, **stored})
        job = create_job(spec, owner, idempotency_key, kind_fields, state=State.QUEUED)
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
    """Convert one file (uploaded, or behind ``url``) into ``output_format``; the job of the Process."""
    alias = cloud or (factory.cloud if factory else "default")
    if (file is None) == (not url):
        raise InvalidParameters({"file": ["give either a file or a url"]})
    filename = (filename_of(file) if file is not None else unquote(PurePosixPath(urlsplit(url).path).name))[:300]
    if file is not None:
        check_file("file", file)
    operation = _converter(alias, output_format)
    given = {SOURCE: url} if url else {}
    spec = JobSpec(
        kind=Kind.PROCESS,
        cloud=alias,
        operation=operation.name,
        parameters={**(options or {}), **operation.formats[output_format], **given},
        callback_url=callback_url,
    )
    check_lengths(Process, {"input_format": input_format})
    fields = {
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
    """A video from an uploaded ``file`` or from ``source_url``, and an encoding of it for each profile.

    Without ``profiles`` those marked as default are used. The same ``idempotency_key`` from the same owner gives the
    same video again; ``IdempotencyConflict`` if the request is another one. Raises ``InvalidParameters`` before
    anything is stored.
    """
    if (file is None) == (not source_url):
        raise InvalidParameters({"file": ["give either a file or a source_url"]})
    chosen = list(Profile.objects.filter(is_default=True)) if profiles is None else list(profiles)
    asked: dict[str, Any] = {"title": title, "payload": payload, "source_url": checked_url("source_url", source_url)}
    check_lengths(Video, asked)
    for profile in chosen:
        cleaned_parameters(replace(_spec_of(profile), callback_url=callback_url, priority=priority))
    name = PurePath(filename.replace("\\", "/")).name[:300] or (filename_of(file) if file is not None else "")
    if file is not None:
        check_file("file", file)
        asked |= {"original_filename": name, "size_bytes": file.size}
    key = scoped_key(owner, idempotency_key)
    if key and (known := _known_video(key, asked, chosen)):
        return known
    storage = factory.storage if factory else config().storage
    fields = {**asked, "original_filename": name}
    video = Video(**fields, factory=factory, owner=owner, storage=storage, idempotency_key=key)
    if file is not None:
        video.path = store_upload(storage, source_path(video, name or "source"), file, name).path
    try:
        with transaction.atomic():
            video.save()
            submit_encodings(video, chosen, owner=owner, callback_url=callback_url, priority=priority)
            wake_video(video)
    except Exception as error:
        delete_file(video.storage, video.path)
        if key and isinstance(error, IntegrityError) and (known := _known_video(key, asked, chosen)):
            return known
        raise
    return video


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
