"""Every example of the API's documentation ("Stupeflix Tasks API Documentation", /v2), as it stands there."""

from __future__ import annotations

from typing import Any

BASE_URL = "https://dragon.stupeflix.com/v2/"

KEYS = ["6GRQ3H5EHU7GXUTIOSS2GUDPGQ", "5OYA5JQVFIAHYOMLQG5QV3U33M"]

REFUSED: dict[str, Any] = {
    "status": "error",
    "errors": [{"name": "tasks", "location": "body", "description": "tasks is missing"}],
}

EXECUTING: dict[str, Any] = {
    "status": "executing",
    "key": "5OYA5JQVFIAHYOMLQG5QV3U33M",
    "progress": 90,
    "events": {"started": "2013-04-03T15:47:27.707526+00:00", "queued": "2013-04-03T15:47:27.703674+00:00"},
}

SUCCESS: dict[str, Any] = {
    "status": "success",
    "progress": None,
    "events": {"completed": "2013-10-31T14:54:52.689272+00:00", "queued": "2013-10-31T14:54:51.987459+00:00"},
    "key": "UM6EFJKQWMVON5N3CBKPV52NHE",
    "result": {
        "exposure_time": 0.00156,
        "date_time": "2009:11:02 01:21:55",
        "content_type": "image/jpeg",
        "flash": False,
        "height": 1320,
        "width": 1918,
        "iso_speed": 640,
        "focal_length": 2800,
        "alpha": False,
        "rotation": None,
        "type": "image",
    },
}

INVALID: dict[str, Any] = {
    "status": "error",
    "progress": None,
    "events": {"completed": "2013-09-20T12:56:49.385937+00:00", "queued": "2013-09-20T12:56:49.369911+00:00"},
    "key": "QJZTXA3LNZKQ6X4RPGQ5EHRSMI",
    "error": {"parameters": {"url": ["this field is required"]}},
}

PARTIAL: dict[str, Any] = {
    "status": "executing",
    "result": {
        "duration": 10,
        "preview": "http://bill.stupeflix.com/storage/flvstreamer/222/LY5XZIPILG6WKKIAGQAB4RLHBY/360p/preview.flv",
    },
    "key": "LY5XZIPILG6WKKIAGQAB4RLHBY",
    "progress": 100,
    "events": {"started": "2013-11-16T06:02:55.669278+00:00", "queued": "2013-11-16T06:02:55.667394+00:00"},
}

SECRET_BODY: dict[str, Any] = {
    "secret": "123456",
    "tasks": {"task_name": "image.info", "url": "http://files.com/image.jpg"},
}
SECRET_HEADER = "Secret 123456"
SECRET_URL = "https://dragon.stupeflix.com/v2/storage/files?secret=123456"
API_KEY_BODY: dict[str, Any] = {
    "api_key": "654321",
    "tasks": {"task_name": "image.info", "url": "http://files.com/image.jpg"},
}
API_KEY_HEADER = "Api-Key 654321"

DEFINITION: dict[str, Any] = {
    "task_name": "image.info",
    "task_store": {"type": "volatile"},
    "url": "http://files.com/image.jpg",
}

CREATE: dict[str, Any] = {
    "tasks": [
        {"task_name": "image.info", "url": "http://files.com/image.jpg"},
        {"task_name": "image.thumb", "url": "http://files.com/image.jpg"},
    ]
}
CREATED: list[dict[str, Any]] = [
    {"status": "queued", "events": {"queued": "2013-04-03T15:47:27.703674+00:00"}, "key": KEYS[0]},
    {"status": "queued", "events": {"queued": "2013-04-03T15:47:27.703717+00:00"}, "key": KEYS[1]},
]

# The documentation has a comma too many after the second task.
CREATE_STREAM: dict[str, Any] = {
    "tasks": [{"task_name": "hello", "name": "John"}, {"task_name": "hello", "name": "Jane"}]
}
STREAM = """\
[{"status": "queued", "events": {"queued": "2013-04-03T15:47:27.703674+00:00"}, "key": "6GRQ3H5EHU7GXUTIOSS2GUDPGQ"}, \
{"status": "queued", "events": {"queued": "2013-04-03T15:47:27.703717+00:00"}, "key": "5OYA5JQVFIAHYOMLQG5QV3U33M"}]
{"status": "executing", "events": {"started": "2013-04-03T15:47:27.707526+00:00", \
"queued": "2013-04-03T15:47:27.703674+00:00"}, "key": "6GRQ3H5EHU7GXUTIOSS2GUDPGQ"}
{"status": "executing", "events": {"started": "2013-04-03T15:47:27.710286+00:00", \
"queued": "2013-04-03T15:47:27.703717+00:00"}, "key": "5OYA5JQVFIAHYOMLQG5QV3U33M"}
{"status": "success", "result": "Hello John", "events": {"completed": "2013-04-03T15:47:27.726229+00:00", \
"queued": "2013-04-03T15:47:27.703674+00:00"}, "key": "6GRQ3H5EHU7GXUTIOSS2GUDPGQ"}
{"status": "success", "result": "Hello Jane", "events": {"completed": "2013-04-03T15:47:27.729026+00:00", \
"queued": "2013-04-03T15:47:27.703717+00:00"}, "key": "5OYA5JQVFIAHYOMLQG5QV3U33M"}"""

STATUS_URL = (
    "https://dragon.stupeflix.com/v2/status"
    "?tasks=6GRQ3H5EHU7GXUTIOSS2GUDPGQ&tasks=5OYA5JQVFIAHYOMLQG5QV3U33M&block=true"
)
STREAM_URL = "https://dragon.stupeflix.com/v2/stream?tasks=6GRQ3H5EHU7GXUTIOSS2GUDPGQ&tasks=5OYA5JQVFIAHYOMLQG5QV3U33M"

LISTING: dict[str, Any] = {
    "files": [{"name": "dragon-image.thumb-IeWutW", "size": 4293, "last_modified": "2013-10-28T20:22:21.000Z"}],
    "directories": ["XDJC6DIS5UDSFBBOLXWMN27ORI/"],
    "usage": 4293,
}
DELETION: dict[str, Any] = {
    "deleted": [
        "BCSIT5KDDQQTC7GZ6TBJE7NFIU/dragon-image.thumb-9b0E9P",
        "XDJC6DIS5UDSFBBOLXWMN27ORI/dragon-image.thumb-IeWutW",
    ],
    "freed": 1257,
    "usage": 6578,
}

STORES: dict[str, Any] = {
    "tasks": [
        {"task_name": "image.thumb", "task_store": {"type": "volatile"}, "url": "http://files.com/image.jpg"},
        {"task_name": "image.thumb", "task_store": {"type": "persistent"}, "url": "http://files.com/image.jpg"},
    ]
}

REFERENCE = [
    "audio.beats",
    "audio.convert",
    "audio.info",
    "audio.waveform",
    "html.scrape",
    "image.gif",
    "image.info",
    "image.strip",
    "image.thumb",
    "video.convert",
    "video.create",
    "video.info",
    "video.reverse",
    "video.strip",
    "video.thumb",
    "video.upload.fb",
    "video.upload.vimeo",
    "video.upload.youtube",
]
