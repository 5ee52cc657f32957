"""Delivers finished files to other platforms."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from ..clouds.registry import get_operation
from ..conf import config
from ..core.destinations import DESTINATIONS
from ..core.media import extension_of
from ..core.states import RETRYABLE
from ..exceptions import DeliveryError, DeliveryRefused, DeliveryUnknown, StorageError, WorkStopped
from ..models import Job, Output
from ..transport.uploads import Uploaded, upload
from .lease import Lease
from .outputs import json_safe
from .sealing import open_destination, open_parameters
from .sources import fetch_rules
from .state import note

MAX_URL_CHARS = 2_000
"""What the column holds. That a file was delivered is to be kept even where its address is longer."""

SAID = "platform"
"""Key in ``Output.info``: the values that the platform returned."""

MAY_BE_THERE = "may_be_there"
"""Key in ``JobEvent.data``: whether the platform may have the ``output`` although it has not confirmed it."""


def check_count(destination: str, count: int) -> None:
    """``DeliveryRefused`` if ``destination`` does not take so many files, before any of them is sent."""
    place = DESTINATIONS[destination]
    if place.takes_one and count > 1:
        raise DeliveryRefused(f"{place.title} takes one file, and the job made {count}.", code="delivery_too_many")


def deliver(job: Job, destination: str, output: Output, local: Path, lease: Lease) -> None:
    """Upload ``local`` to ``destination``; where it then is stands on the row of ``output``, with what the platform
    says besides. ``DeliveryUnknown`` if a worker that was lost may have brought it there."""
    check_lost_delivery(job, destination, output)
    uploaded = _upload(job, destination, output, local, lease)
    # Before anything else can fail: what was delivered must not be delivered again.
    output.url, output.size_bytes = uploaded.url[:MAX_URL_CHARS], local.stat().st_size
    if uploaded.values:
        output.info = {**output.info, SAID: json_safe(dict(uploaded.values))}
    kept = {"url": output.url, "size_bytes": output.size_bytes, "info": output.info}
    if not Output.objects.filter(pk=output.pk).update(**kept):
        # We were slow, and the sweeper has taken the job from us, and the row. The next worker has to find it.
        output.save(force_insert=True)
        raise WorkStopped("The work was given to another worker.")
    tell_delivered(job, output, lease)


def check_lost_delivery(job: Job, destination: str, output: Output) -> None:
    """A worker that is killed tells nothing more; what it has told before is in the history. Whoever asks for a retry
    has decided: only what was told since counts."""
    decided = job.events.filter(from_state__in=RETRYABLE).order_by("-pk").first()
    told = [
        event.data[MAY_BE_THERE]
        for event in job.events.filter(to_state="", pk__gt=decided.pk if decided else 0)
        if event.data.get("output") == output.name and MAY_BE_THERE in event.data
    ]
    if told and told[-1]:
        raise DeliveryUnknown(
            f"The work on this job ended when the last of the film was on its way to {DESTINATIONS[destination].title}:"
            " nobody knows whether it is there."
        )


def _upload(job: Job, destination: str, output: Output, local: Path, lease: Lease) -> Uploaded:
    current = config()
    title = DESTINATIONS[destination].title
    is_told = False

    def tell() -> None:
        nonlocal is_told
        # Whoever has lost the job in the meantime must not publish what another worker sends, too.
        lease.beat_now()
        note(job, f"the last of {output.name} goes to {title}", output=output.name, **{MAY_BE_THERE: True})
        is_told = True

    try:
        return upload(
            destination,
            local,
            _parameters(job, destination),
            filename=_filename_of(output),
            content_type=output.content_type,
            endpoint=current.delivery_endpoints.get(destination, ""),
            rules=fetch_rules(current),
            on_progress=lambda _sent, _total: lease.beat(),
            before_publishing=tell,
        )
    except (DeliveryError, StorageError) as error:
        if is_told and error.is_retryable:
            note(job, f"{title} has not got {output.name}", output=output.name, **{MAY_BE_THERE: False})
        raise


def tell_delivered(job: Job, output: Output, lease: Lease) -> None:
    """What is known of ``output``, which this attempt or an earlier one has delivered, among the values of ``job``."""
    told = output.info.get(SAID, {}) | ({"output": output.url} if _tells_address(job) else {})
    if told:
        job.values = {**job.values, **told}
        lease.rows().update(values=job.values)


def _tells_address(job: Job) -> bool:
    """Of some operations the address of what was delivered is a value of its own."""
    return not job.destination and "output" in get_operation(job.cloud, job.operation).results


def _filename_of(output: Output) -> str:
    suffix = PurePosixPath(output.name).suffix
    return output.name if suffix else output.name + extension_of(output.content_type)


def _parameters(job: Job, destination: str) -> dict[str, Any]:
    """What the destination needs: asked for with the job, or, for an operation that is a delivery, its own."""
    if job.destination:
        return open_destination(job)
    given = open_parameters(job)
    return {item.name: given.get(item.name) for item in DESTINATIONS[destination].parameters}
