"""Changes job rows for the bench of streams, in a process of its own: ``python -m tests.bench.stream_writer COUNT``.

Makes COUNT jobs, prints their primary keys as a JSON list, then obeys lines of JSON:

- ``{"pks": [...], "rate": N, "changes": M}`` writes M changes, one at a time and N in a second, and prints for each
  ``[pk, n, moment of the commit]``, then ``"changed"``
- ``{"pks": [...], "end": true}`` lets the jobs succeed, and prints ``"ended"``

Moments are by ``time.monotonic``, which all processes of a machine share.
"""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

import django


def main() -> None:
    django.setup()
    _say(_make(int(sys.argv[1])))
    n = 0
    for words in sys.stdin:
        order = json.loads(words)
        if order.get("end"):
            _end(order["pks"])
            _say("ended")
        else:
            n = _change(order["pks"], order["rate"], order["changes"], n)
            _say("changed")


def _say(words: Any) -> None:
    print(json.dumps(words), flush=True)


def _make(count: int) -> list[int]:
    from django_mediacloud.models import Job, Task

    fields = {"kind": "task", "cloud": "default", "operation": "hello", "state": "running"}
    jobs = [Job(**fields, parameters={"name": str(number)}) for number in range(count)]
    Job.objects.bulk_create(jobs)
    pks = list(Job.objects.order_by("-pk").values_list("pk", flat=True)[:count])
    Task.objects.bulk_create([Task(job_id=pk) for pk in pks])
    return pks


def _change(pks: list[int], rate: float, changes: int, n: int) -> int:
    from django.utils import timezone

    from django_mediacloud.models import Job

    began = time.monotonic()
    for number in range(changes):
        n += 1
        pk = random.choice(pks)
        Job.objects.filter(pk=pk).update(values={"n": n}, updated_at=timezone.now())
        _say([pk, n, time.monotonic()])
        time.sleep(max(0.0, began + (number + 1) / rate - time.monotonic()))
    return n


def _end(pks: list[int]) -> None:
    from django.utils import timezone

    from django_mediacloud.models import Job

    for at in range(0, len(pks), 500):
        Job.objects.filter(pk__in=pks[at : at + 500]).update(state="succeeded", updated_at=timezone.now())


if __name__ == "__main__":
    main()
