"""What this site tells others about its jobs: an outbox, written with the state that it tells of, sent until taken."""

from .deliver import Delivery, deliver_due
from .payload import describe, event_id, render

__all__ = ["Delivery", "deliver_due", "describe", "event_id", "render"]
