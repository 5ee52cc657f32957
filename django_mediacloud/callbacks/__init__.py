"""Callbacks: POSTs about jobs that have ended. An outbox, written with the state change and sent until accepted."""

from .deliver import Delivery, deliver_due
from .payload import describe, event_id, render

__all__ = ["Delivery", "deliver_due", "describe", "event_id", "render"]
