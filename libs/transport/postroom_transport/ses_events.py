"""Reading what SES published."""

import json
from dataclasses import dataclass

import msgspec

from postroom_domain.reports import Report, Sighting
from postroom_transport.ses_event_shapes import EVENT, HEAD, TYPES

_OTHER = "other"


@dataclass(frozen=True, slots=True)
class SesEvent:
    """What was published.

    Attributes:
        type: for metrics and logs, one of few.
        report: None when it names no email of ours.
        is_readable: whether it is what SES documents.
    """

    type: str
    report: Report | Sighting | None = None
    is_readable: bool = True


def read_event(text: str) -> SesEvent:
    """Read what a topic published; SES also sends it a plain sentence when it is set up."""
    try:
        return _read(text)
    except msgspec.DecodeError:  # no JSON, or JSON with half a character in it
        if not text.lstrip().startswith("{"):
            return SesEvent(_OTHER)
    try:
        return _read(_with_whole_characters(text))
    except (ValueError, RecursionError):
        return SesEvent(_OTHER, is_readable=False)


def _read(text: str | bytes) -> SesEvent:
    """Raises msgspec.DecodeError, a ValueError, for what is no JSON."""
    try:
        kind = HEAD.decode(text).event_type
    except msgspec.ValidationError:
        return SesEvent(_OTHER)
    except RecursionError:
        return SesEvent(_OTHER, is_readable=False)
    if kind not in TYPES:
        return SesEvent(_OTHER)
    try:
        event = EVENT.decode(text)
    except msgspec.ValidationError:
        return SesEvent(TYPES[kind], is_readable=False)
    email_id = event.mail.email_id()
    return SesEvent(TYPES[kind], None if email_id is None else event.report(email_id))


def _with_whole_characters(text: str) -> bytes:
    """The same JSON, where JSON names one half of a surrogate pair: where SES, or a client of the mail, cut a text.

    RFC 8259 allows it (8.2), and no UTF-8 can hold it.
    """
    return json.dumps(json.loads(text), ensure_ascii=False).encode(errors="replace")
