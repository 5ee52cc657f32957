"""What the Stupeflix Tasks API says and how: names, words, dates, and every object, parsed and rendered.

Source: the API's own documentation ("Stupeflix Tasks API Documentation", /v2, February 2017). What comes from its
earlier revisions, or from programs that used the service, is marked so. Pure: no Django, no I/O.

What cannot be read raises ``ValueError`` with a sentence; what whoever asked can correct raises ``InvalidRequest``.
"""

from ....core.strict_json import parse_json, render_json
from .names import (
    BARE_RESULTS,
    DEFAULT_STORES,
    FILE_OUTPUTS,
    FINAL_WORDS,
    STATES,
    TASKS,
    Version,
    directory_of,
    file_name,
    parse_key,
    render_key,
    status_word,
)
from .notation import (
    parse_boolean,
    parse_date,
    render_boolean,
    render_date,
    render_storage_date,
)
from .refusals import InvalidRequest, RequestError, parse_request_errors, render_message, render_request_errors
from .requests import (
    STORES,
    Credentials,
    TaskDefinition,
    parse_authorization,
    parse_definitions,
    parse_keys,
    render_authorization,
    render_definition,
)
from .statuses import Result, TaskStatus, parse_result, parse_status, parse_statuses, render_result, render_status
from .storage import (
    Deletion,
    Listing,
    Selection,
    StorageFile,
    parse_days,
    parse_deletion,
    parse_listing,
    parse_selection,
    render_deletion,
    render_listing,
    render_selection,
)

__all__ = [
    "BARE_RESULTS",
    "DEFAULT_STORES",
    "FILE_OUTPUTS",
    "FINAL_WORDS",
    "STATES",
    "STORES",
    "TASKS",
    "Credentials",
    "Deletion",
    "InvalidRequest",
    "Listing",
    "RequestError",
    "Result",
    "Selection",
    "StorageFile",
    "TaskDefinition",
    "TaskStatus",
    "Version",
    "directory_of",
    "file_name",
    "parse_authorization",
    "parse_boolean",
    "parse_date",
    "parse_days",
    "parse_definitions",
    "parse_deletion",
    "parse_json",
    "parse_key",
    "parse_keys",
    "parse_listing",
    "parse_request_errors",
    "parse_result",
    "parse_selection",
    "parse_status",
    "parse_statuses",
    "render_authorization",
    "render_boolean",
    "render_date",
    "render_definition",
    "render_deletion",
    "render_json",
    "render_key",
    "render_listing",
    "render_message",
    "render_request_errors",
    "render_result",
    "render_selection",
    "render_status",
    "render_storage_date",
    "status_word",
]
