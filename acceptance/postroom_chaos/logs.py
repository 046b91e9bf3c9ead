"""What the services' logs say: of emails, and of exceptions."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from postroom_chaos.records import Life, Note

_TEXT_CHARACTERS = 200


def parse(lines: Iterable[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The events, and the lines that are none. A killed process may leave a part of a line."""
    events, others = [], []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            others.append(line)
        else:
            events.append(event)
    return events, others


def read_notes(events: Iterable[Mapping[str, Any]], lives: Sequence[Life], *, clock: float) -> list[Note]:
    """What the lives of one worker said of emails.

    Args:
        events: of its log.
        lives: in order.
        clock: what its time of day was when time.monotonic() was zero.
    """
    notes = []
    for event in events:
        if "email_id" not in event:
            continue
        at = datetime.fromisoformat(event["ts"]).timestamp() - clock
        life = next((life for life in reversed(lives) if life.began <= at), None)
        if life is not None:
            notes.append(Note(event["email_id"], at, life.access_key, event["event"], event.get("reason") or ""))
    return notes


def count_exceptions(events: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Events with a stack trace: what was raised, and where."""
    found: Counter[str] = Counter()
    for event in events:
        if "traceback" in event:
            frames = [line.strip() for line in event["traceback"].splitlines() if line.startswith("  File ")]
            where = frames[-1] if frames else "?"
            error = event.get("error", "")[:_TEXT_CHARACTERS]
            found[f"{event['service']} {event['event']}: {event.get('error_type')}: {error} ({where})"] += 1
    return found


def count_events(events: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Warnings and errors, by their names."""
    return Counter(
        f"{event['service']} {event['level']} {event['event']}"
        for event in events
        if event.get("level") in {"warning", "error", "critical"}
    )
