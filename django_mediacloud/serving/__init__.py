"""Produced files as answers to requests: what every door that hands out files shares."""

from .downloads import MISSING, download, is_shown

__all__ = ["MISSING", "download", "is_shown"]
