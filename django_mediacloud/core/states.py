"""The states of a job and the allowed transitions."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a job stands.

    ========== ===========================================================================
    NEW        accepted; waits for its source to arrive
    QUEUED     may run now, or at ``run_after``
    SUBMITTING a worker holds it and hands it to its cloud
    RUNNING    the cloud works on it
    COLLECTING the work is done; its files move into the site's storage
    CANCELLING somebody wants it stopped; whoever holds it has not let go yet
    SUCCEEDED, FAILED, CANCELLED  final
    ========== ===========================================================================
    """

    NEW = "new"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTING = "collecting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


_S = State

TRANSITIONS: MappingProxyType[State, frozenset[State]] = MappingProxyType(
    {
        _S.NEW: frozenset({_S.QUEUED, _S.FAILED, _S.CANCELLED}),
        _S.QUEUED: frozenset({_S.SUBMITTING, _S.FAILED, _S.CANCELLED}),
        # Back to QUEUED: handed back by a worker that stops, lost with its worker, or to be tried again later.
        _S.SUBMITTING: frozenset({_S.RUNNING, _S.COLLECTING, _S.QUEUED, _S.FAILED, _S.CANCELLING, _S.CANCELLED}),
        _S.RUNNING: frozenset({_S.COLLECTING, _S.QUEUED, _S.FAILED, _S.CANCELLING, _S.CANCELLED}),
        _S.COLLECTING: frozenset({_S.SUCCEEDED, _S.QUEUED, _S.FAILED, _S.CANCELLING, _S.CANCELLED}),
        # How the work still ends before it hears of the wish does not matter any more.
        _S.CANCELLING: frozenset({_S.CANCELLED}),
        # Back to COLLECTING: the service had done its work, only the files did not come.
        _S.FAILED: frozenset({_S.NEW, _S.QUEUED, _S.COLLECTING}),
        _S.CANCELLED: frozenset({_S.NEW, _S.QUEUED}),
        _S.SUCCEEDED: frozenset(),
    }
)

FINAL = frozenset({_S.SUCCEEDED, _S.FAILED, _S.CANCELLED})
WAITING = frozenset({_S.NEW, _S.QUEUED})
HELD = frozenset({_S.SUBMITTING, _S.RUNNING, _S.COLLECTING})
"""A worker may hold a lease on a job in one of these."""
RETRYABLE = frozenset(state for state, targets in TRANSITIONS.items() if state in FINAL and targets)
CANCELLABLE = frozenset(state for state in State if state not in FINAL | {_S.CANCELLING})


def sources_of(target: State) -> frozenset[State]:
    """The states from which ``target`` may be entered: the ``WHERE state IN`` of the one conditional update."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


class SourceState(StrEnum):
    """Where a video's source file stands: still to be brought, being brought, stored and probed, or unusable."""

    WAITING = "waiting"
    INGESTING = "ingesting"
    READY = "ready"
    FAILED = "failed"


class CallbackState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
