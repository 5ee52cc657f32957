"""Keys for old protocols: made, shown once, recognised, counted and limited, alike for every service."""

from .admission import admit, admit_page
from .keys import MAX_LIMIT, Issued, issue, recognise, recognise_public, revoke
from .kinds import Credential, KeyKind, kind_of, services
from .referrers import clean_referrers
from .usage import within_limits

__all__ = [
    "MAX_LIMIT",
    "Credential",
    "Issued",
    "KeyKind",
    "admit",
    "admit_page",
    "clean_referrers",
    "issue",
    "kind_of",
    "recognise",
    "recognise_public",
    "revoke",
    "services",
    "within_limits",
]
