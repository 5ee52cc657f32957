"""What every door shares: produced files as answers (``downloads``), and answers that wait for jobs (``streams``)."""

from .downloads import MISSING, download, is_shown

__all__ = ["MISSING", "download", "is_shown"]
