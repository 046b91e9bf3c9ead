"""One event as one line: which fields, in which order."""

import json
import time
from functools import lru_cache
from typing import Any, Protocol

from postroom_logging.values import clean_field, clean_text

CONTEXT = ("request_id", "workspace_id", "email_id", "job_id")
"""What ties the lines of three services together; always before an event's own data."""
_OWN = frozenset({"ts", "level", "service", "release", "event", "error_type", "error", "traceback"})


_clean_event = lru_cache(maxsize=1024)(clean_text)  # events are constants
_encode = json.JSONEncoder(check_circular=False).encode  # what is cleaned holds no circle


class Format(Protocol):
    def __call__(self, fields: dict[str, Any]) -> str: ...


def gather_fields(
    level: str, service: str, release: str, event: str, data: dict[str, Any], failure: dict[str, Any]
) -> dict[str, Any]:
    """All fields, in order and fit to be written."""
    fields: dict[str, Any] = {
        "ts": format_time(time.time_ns()),
        "level": level,
        "service": service,
        "release": release,
        "event": _clean_event(event),
    }
    for name in CONTEXT:
        if name in data:
            fields[name] = clean_field(name, data[name])
    for name, value in data.items():
        if name not in CONTEXT:
            # `error` is a fair name for data, save beside an exception's own.
            taken = name in fields or (name in _OWN and (name != "error" or failure))
            fields[f"data_{name}" if taken else name] = clean_field(name, value)
    fields.update(failure)
    return fields


def format_json(fields: dict[str, Any]) -> str:
    # ASCII only: then no character, U+2028 and the like included, can break a line or a terminal.
    return _encode(fields) + "\n"


def format_time(nanoseconds: int) -> str:
    """RFC 3339, UTC, microseconds."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    moment = time.gmtime(seconds)
    return (
        f"{moment.tm_year:04}-{moment.tm_mon:02}-{moment.tm_mday:02}"
        f"T{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}.{rest // 1000:06}Z"
    )
