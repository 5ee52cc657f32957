"""The life of a job. Everybody else calls what is named here; nobody else changes a job's state."""

from .apply import apply
from .cancel import cancel
from .collect import collect
from .estimate import Estimate, estimate
from .ingest import ingest
from .purge import Purged, purge
from .retry import retry
from .run import run
from .submit import submit, submit_encodings, submit_process, submit_video
from .sweep import Swept, sweep

__all__ = [
    "Estimate",
    "Purged",
    "Swept",
    "apply",
    "cancel",
    "collect",
    "estimate",
    "ingest",
    "purge",
    "retry",
    "run",
    "submit",
    "submit_encodings",
    "submit_process",
    "submit_video",
    "sweep",
]
