"""The life of a job, and the only code that changes a job's state. ``__all__`` is the interface for all callers."""

from .apply import apply
from .cancel import cancel
from .collect import collect
from .estimate import Estimate, estimate
from .ingest import ingest
from .news import receive
from .profiles import install_presets, profile_from_preset
from .purge import Purged, purge, remove_job, remove_video
from .retry import retry, retry_video
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
    "install_presets",
    "profile_from_preset",
    "purge",
    "receive",
    "remove_job",
    "remove_video",
    "retry",
    "retry_video",
    "run",
    "submit",
    "submit_encodings",
    "submit_process",
    "submit_video",
    "sweep",
]
