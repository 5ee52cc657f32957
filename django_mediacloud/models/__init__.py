"""Data, constraints and querysets. Models never talk to the network and never change a job's state."""

from .access import AccessKey
from .job import Job, JobEvent, Output
from .kinds import Encoding, Process, Task
from .library import Factory, Profile, Video
from .messages import Callback, Notification

__all__ = [
    "AccessKey",
    "Callback",
    "Encoding",
    "Factory",
    "Job",
    "JobEvent",
    "Notification",
    "Output",
    "Process",
    "Profile",
    "Task",
    "Video",
]
