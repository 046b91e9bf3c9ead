"""From what the driver's SES took and the services wrote to records."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from postroom_acceptance.load import recipient_of
from postroom_chaos.ahead import AHEAD_SECONDS
from postroom_chaos.cluster import NAMES, Cluster, is_ahead
from postroom_chaos.logs import count_events, count_exceptions, parse, read_notes
from postroom_chaos.records import Note, Taken
from postroom_testing.ses_messages import AcceptedMail

_SUBJECT = re.compile(rb"^Subject: mail (\d+)\r$", re.MULTILINE)
_SLOT = re.compile(rb"^Subject: (schedule \d+)\r$", re.MULTILINE)
_ID_TAG = "postroom_email_id"


@dataclass(slots=True)
class Logs:
    """What all services wrote.

    Attributes:
        exceptions: events with a stack trace, and how often.
        events: warnings and errors by name, and how often.
        others: lines that are no events.
    """

    folder: Path
    notes: list[Note] = field(default_factory=list)
    exceptions: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    others: list[str] = field(default_factory=list)


def read_taken(mails: Iterable[AcceptedMail]) -> list[Taken]:
    """What clients sent; mails of schedules stand apart."""
    return [
        Taken(
            email_id=mail.tags.get(_ID_TAG, ""),
            number=_number_of(mail),
            at=mail.accepted_at,
            access_key=mail.access_key,
            answered=mail.answered,
        )
        for mail in mails
        if _SLOT.search(mail.raw) is None
    ]


def read_slot_mails(mails: Iterable[AcceptedMail]) -> dict[str, str]:
    """The schedule, as the mail itself says, by the email's id."""
    found = ((mail.tags.get(_ID_TAG, ""), _SLOT.search(mail.raw)) for mail in mails)
    return {email_id: slot[1].decode() for email_id, slot in found if slot is not None}


def _number_of(mail: AcceptedMail) -> int | None:
    """Of the mail; None when its recipient and its subject are not of one mail."""
    found = _SUBJECT.search(mail.raw)
    number = int(found[1]) if found else None
    return number if number is not None and mail.recipients == (recipient_of(number),) else None


def read_logs(cluster: Cluster, *, clock: float) -> Logs:
    """All that was logged.

    Args:
        cluster: when all its processes have ended.
        clock: what the time of day was when time.monotonic() was zero.
    """
    logs = Logs(cluster.stack.folder)
    for name in NAMES:
        events, others = parse(cluster.stack.lines(name))
        lives = [life for life in cluster.lives if life.name == name]
        logs.notes += read_notes(events, lives, clock=clock + (AHEAD_SECONDS if is_ahead(name) else 0))
        logs.exceptions += count_exceptions(events)
        logs.events += count_events(events)
        logs.others += [f"{name}: {line}" for line in others]
    return logs
