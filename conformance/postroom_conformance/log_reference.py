"""Writes the catalogue of events, from the code that logs and the table of meanings.

``python -m postroom_conformance.log_reference FOLDER`` writes the page into the repository at FOLDER (`make docs`).
"""

import sys
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

from postroom_conformance.catalogue import Event, known_events
from postroom_conformance.log_calls import LEVELS
from postroom_conformance.log_meanings import DECIDING, MEANINGS

PAGE = Path("docs/reference/log-events.md")

_INTRODUCTION = """\
# Log events

<!-- Generated from the code that logs by `make docs`; do not edit. -->

All that a service can say in its [log](logging.md), by name. What [webhooks](../how-to/receive-webhooks.md) tell
clients are other events, though some have the same names.

Each line begins with `ts`, `level`, `service`, `release`, `event`. Context follows where there is any: `request_id`,
`workspace_id`, `email_id`, `job_id`. The column "Data" names what an event adds, and context that it brings itself;
what is `null` says nothing. "Stack trace" stands for `error_type`, `error`, `traceback`.

"From" says which service writes it, and in which modules; what a library writes, any service may.
"""


def render(events: Iterable[Event], meanings: Mapping[str, str], deciding: Mapping[str, str]) -> str:
    """Raises KeyError for an event without a meaning."""
    lines = [_INTRODUCTION, "| Event | Level | Meaning | From | Data |", "|---|---|---|---|---|"]
    for name, group in groupby(events, key=lambda one: one.name):
        ones = list(group)
        cells = (f"`{name}`", _levels(ones, deciding.get(name)), meanings[name], _places(ones), _data(ones))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _levels(events: list[Event], decided: str | None) -> str:
    levels = {level for event in events for level in event.levels}
    return ", ".join(level for level in LEVELS if level in levels) + (f": {decided}" if decided else "")


def _places(events: list[Event]) -> str:
    return "; ".join(f"{event.component.partition('/')[2]}: {', '.join(event.modules)}" for event in events)


def _data(events: list[Event]) -> str:
    names = sorted({name for event in events for name in event.data})
    shown = [f"`{name}`" for name in names] + ["stack trace"] * any(event.fails for event in events)
    return ", ".join(shown)


def main(folder: Path) -> None:
    (folder / PAGE).write_text(render(known_events(folder), MEANINGS, DECIDING), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
