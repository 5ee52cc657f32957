"""The credentials of the Tasks API, as those seen in the wild are spelled (wire/requests.py)."""

from __future__ import annotations

import string

from ....access.kinds import Credential, KeyKind

KIND = KeyKind(
    service="stupeflix",
    title="Stupeflix Tasks",
    secret=Credential(name="secret", alphabet=string.ascii_uppercase + "234567", length=26),
    public=Credential(name="api_key", alphabet=string.ascii_lowercase + string.digits, length=13),
    has_referrers=True,
)
