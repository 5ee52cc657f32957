"""The admin pages. They show what is in the database, and change jobs only by the functions of ``jobs``."""

from .access_key import AccessKeyAdmin
from .job import JobAdmin
from .kinds import EncodingAdmin, ProcessAdmin, TaskAdmin
from .messages import CallbackAdmin, NotificationAdmin
from .output import OutputAdmin
from .profile import FactoryAdmin, ProfileAdmin
from .video import VideoAdmin

__all__ = [
    "AccessKeyAdmin",
    "CallbackAdmin",
    "EncodingAdmin",
    "FactoryAdmin",
    "JobAdmin",
    "NotificationAdmin",
    "OutputAdmin",
    "ProcessAdmin",
    "ProfileAdmin",
    "TaskAdmin",
    "VideoAdmin",
]
