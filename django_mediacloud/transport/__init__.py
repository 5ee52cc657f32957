"""Everything that goes out over HTTP.

``make_session`` is for the site's own services, whose addresses come from its settings. ``fetch`` and ``post_json`` are
for addresses that came from outside: they go nowhere that ``FetchRules`` forbid.
"""

from .delivery import Delivered, post_json
from .fetch import Fetched, fetch
from .rules import FetchRules
from .session import make_session

__all__ = ["Delivered", "FetchRules", "Fetched", "fetch", "make_session", "post_json"]
