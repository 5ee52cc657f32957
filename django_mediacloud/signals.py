"""The public signals. All are sent after the transaction that made the news has been committed, with ``send_robust``:
an exception in one receiver is logged and does not affect the others.

=========================  =======================================================
signal                     arguments besides ``sender`` (the model class)
=========================  =======================================================
``job_submitted``          ``job`` (Job)
``job_progressed``         ``job``, ``progress`` (float, 0 to 100)
``job_succeeded``          ``job``
``job_failed``             ``job``, ``failure`` (core.failure.Failure)
``job_cancelled``          ``job``
``video_ready``            ``video`` (Video): stored and probed
``video_encoded``          ``video``: every encoding of it has come to an end
``notification_received``  ``notification`` (Notification): stored, not yet applied
=========================  =======================================================
"""

from django.dispatch import Signal

job_submitted = Signal()
job_progressed = Signal()
job_succeeded = Signal()
job_failed = Signal()
job_cancelled = Signal()
video_ready = Signal()
video_encoded = Signal()
notification_received = Signal()
