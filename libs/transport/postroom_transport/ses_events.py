"""Reading what SES published."""

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
        kind = HEAD.decode(text).event_type
    except msgspec.DecodeError:
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
