"""The credentials of the Toy Jobs API (section "Keys")."""

from __future__ import annotations

import string

from ....access.kinds import Credential, KeyKind

KIND = KeyKind(
    # The name of the cloud's folder: by it callbacks find their words.
    service="toyservice",
    title="Toy Jobs",
    secret=Credential(name="key", alphabet=string.ascii_lowercase + string.digits, length=20),
)
