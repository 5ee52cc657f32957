"""``html.scrape`` of Stupeflix (its reference, "Tasks Reference"): the pictures, films and sounds of a web page.

The reference calls ``hits`` an object and says no more of it; nothing that used it has been found. This shape is ours::

    {"images": [{"url", "width", "height", "title", "content_type", "source"}, ...],
     "videos": [{"url", "type", "width", "height", "duration", "title", "content_type",
                 "provider", "provider_id", "thumbnail", "source"}, ...],
     "audio": [{"url", "type", "duration", "title", "content_type", "provider", "provider_id", "source"}, ...],
     "oembed": [{"url", "format", "title"}, ...],
     "page": {"url", "canonical_url", "description", "site_name", "language", "charset"},
     "left_out": {"images", "videos", "audio", "oembed"},
     "is_truncated"}

Every key is always there; what the page does not tell is None. In page order, each address once, at its first place,
with the largest size that is told of it. Addresses are absolute, http or https. Sizes are pixels, durations seconds.
``type`` is ``file``, ``stream`` (a playlist) or ``embed`` (a page with a player; ``provider`` if it is a known one).
``content_type`` is the page's word, else what the name's end stands for. ``source`` is where it stood first: ``img,
srcset, picture, lazy, amp, input, svg, poster, style, icon, link, preload, video, audio, iframe, embed, object, a,
lite, og, twitter, json-ld, microdata``. Links (``a``) count if their name ends like a media file's; frames if they hold
a known player or a media file.

``left_out`` counts what was found beyond ``MAX_HITS`` of a kind (``MAX_OEMBED`` of oEmbed). ``is_truncated`` says that
the page was longer than ``MAX_PAGE_BYTES``, had more than ``MAX_REFERENCES`` addresses, or was made to stall parsers;
its rest was not read.

A picture, film or PDF is refused, not taken for a page with one hit: its own tasks (``image.info``, ...) tell more.
"""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameters
from ..operation import Context, Operation, Outcome
from ..pages.hits import MAX_HITS
from ..pages.page import read_page
from ..parameters import source


def _run(context: Context) -> Outcome:
    origin = context.origin()
    page = read_page(
        context.input(),
        url=origin.url or context.parameters.get("url") or "",
        content_type=origin.content_type,
        charset=origin.charset,
    )
    return Outcome(values={"hits": page.hits, "page_title": page.title})


OPERATION = Operation(
    info=OperationInfo(
        name="html.scrape",
        summary="Find the pictures, films and sounds of a web page.",
        parameters=Parameters((source("The web page."),)),
        results={
            "hits": (
                f"Lists images, videos, audio and oembed in page order (at most {MAX_HITS} of each, left_out counts "
                "the rest), each with its absolute url, source, and width, height, duration, title, content_type, "
                "provider and thumbnail where the page tells them; page: what it says of itself."
            ),
            "page_title": "Title of the page; null if it has none.",
        },
    ),
    run=_run,
)
