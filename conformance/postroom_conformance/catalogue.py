"""All events that our sources can write, and whether lines of a process are made of them."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from postroom_conformance.log_calls import LEVELS, ROOT, LogCall, read_calls, read_contexts

REQUIRED = ("ts", "level", "service", "release", "event")
"""The first fields of each line, in this order."""
CONTEXT = ("request_id", "workspace_id", "email_id", "job_id")
"""Next, in this order, those that there are."""
FAILURE = ("error_type", "error", "traceback")
"""Last, in this order, on lines that tell of an exception."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_TYPES = (
    (re.compile(r".+_id|reason|ts|level|service|release|event|error|error_type|traceback"), {str}, "text"),
    (re.compile(r"(.+_)?seconds|milliseconds"), {int, float}, "number"),
    (re.compile(r"attempt|count"), {int}, "whole number"),
)
"""Of names that mean the same in every event."""


@dataclass(frozen=True, slots=True)
class Event:
    """What one component can write under one name.

    Attributes:
        component: `services/api`, `libs/health`; what a library writes, any service may.
        modules: where, relative to the component.
        levels: in the order of their weight.
        data: names of its fields, those of the context that it names itself included.
        fails: whether an exception's own fields may go with it.
    """

    name: str
    component: str
    modules: tuple[str, ...]
    levels: tuple[str, ...]
    data: frozenset[str]
    fails: bool


def known_events(root: Path = ROOT) -> tuple[Event, ...]:
    """What the sources below the root can write, by name and component.

    Raises:
        FileNotFoundError: there are no sources.
    """
    return gather(read_calls(root))


def gather(calls: Iterable[LogCall]) -> tuple[Event, ...]:
    found: dict[tuple[str, str], list[tuple[LogCall, int]]] = {}
    for call in calls:
        for number, entry in enumerate(call.entries):
            found.setdefault((entry.event, call.component), []).append((call, number))
    events = []
    for (name, component), places in sorted(found.items()):
        entries = [call.entries[number] for call, number in places]
        levels = {entry.level for entry in entries}
        modules = dict.fromkeys("/".join(call.file.parts[3:]).removesuffix(".py") for call, _ in places)
        events.append(
            Event(
                name,
                component,
                tuple(modules),
                tuple(level for level in LEVELS if level in levels),
                frozenset().union(*(entry.fields for entry in entries)),
                any(entry.fails for entry in entries),
            )
        )
    return tuple(events)


def find_strange_lines(lines: Iterable[str], service: str, root: Path = ROOT) -> list[str]:
    """What is wrong with lines that a service wrote to stdout; each fault names the line.

    Args:
        lines: without line breaks.
        service: `api`, `worker` or `scheduler`.
        root: of the sources that it was built from.
    """
    known, context = _known(root, service), _context(root)
    return [
        f"line {number}: {fault}: {line[:500]}"
        for number, line in enumerate(lines, start=1)
        for fault in _faults(line, service, known, context)
    ]


@cache
def _known(root: Path, service: str) -> dict[str, list[Event]]:
    known: dict[str, list[Event]] = {}
    for event in known_events(root):
        if event.component.startswith("libs/") or event.component == f"services/{service}":
            known.setdefault(event.name, []).append(event)
    return known


@cache
def _context(root: Path) -> frozenset[str]:
    return read_contexts(root)


def _faults(line: str, service: str, known: dict[str, list[Event]], context: frozenset[str]) -> Iterator[str]:
    try:
        fields = json.loads(line)
    except ValueError:
        yield "no JSON"
        return
    if not isinstance(fields, dict):
        yield "no JSON object"
        return
    names = list(fields)
    if tuple(names[: len(REQUIRED)]) != REQUIRED:
        yield f"does not begin with {', '.join(REQUIRED)}"
        return
    if fields["service"] != service:
        yield f"says that it is of the {fields['service']}"
    if not _TIME.fullmatch(str(fields["ts"])):
        yield f"{fields['ts']} is no time in UTC with microseconds"
    yield from _mistyped(fields)
    events = known.get(fields["event"], [])
    if not events:
        yield f"no event of the {service}: {fields['event']}"
        return
    yield from _misplaced(names)
    yield from _unknown(fields, events, context)


def _mistyped(fields: dict[str, Any]) -> Iterator[str]:
    for pattern, types, words in _TYPES:
        for name, value in fields.items():
            if pattern.fullmatch(name) and value is not None and type(value) not in types:
                yield f"{name} is no {words}"


def _misplaced(names: list[str]) -> Iterator[str]:
    for wanted, place in ((CONTEXT, "after the required fields"), (FAILURE, "at the end")):
        found = [name for name in wanted if name in names]
        first = len(REQUIRED) if wanted is CONTEXT else len(names) - len(found)
        if "error_type" not in names and wanted is FAILURE:  # `error` alone is data
            continue
        if names[first : first + len(found)] != found:
            yield f"{', '.join(found)} do not stand {place}"


def _unknown(fields: dict[str, Any], events: list[Event], context: frozenset[str]) -> Iterator[str]:
    levels = {level for event in events for level in event.levels}
    if fields["level"] not in levels:
        yield f"{fields['event']} is no {fields['level']}, but {' or '.join(sorted(levels))}"
    data = {*REQUIRED, *CONTEXT, *context}.union(*(event.data for event in events))
    if any(event.fails for event in events):
        data.update(FAILURE)
    unknown = [name for name in fields if name not in data]
    if unknown:
        yield f"{fields['event']} has no {', '.join(unknown)}"
