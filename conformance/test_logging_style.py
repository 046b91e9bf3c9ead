import json
from typing import Any

import pytest

from postroom_conformance.catalogue import find_strange_lines, known_events

LINE: dict[str, Any] = {
    "ts": "2026-01-02T03:04:05.678901Z",
    "level": "info",
    "service": "worker",
    "release": "r7",
    "event": "email.sent",
    "request_id": "one",
    "email_id": "two",
    "attempt": 1,
}
FAILED = LINE | {"level": "error", "event": "transport.failed"}
FAILED = {name: value for name, value in FAILED.items() if name != "attempt"}
FAILURE = {"error_type": "ValueError", "error": "no", "traceback": "..."}


def test_lines_as_services_write_them_are_not_strange() -> None:
    lines = [LINE, FAILED | FAILURE, LINE | {"webhook_id": "bound by a context"}]

    assert find_strange_lines(map(json.dumps, lines), "worker") == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Traceback (most recent call last):", "no JSON"),
        ("[1]", "no JSON object"),
        (json.dumps(dict(reversed(LINE.items()))), "does not begin with"),
        (json.dumps({name: value for name, value in LINE.items() if name != "release"}), "does not begin with"),
        (json.dumps(LINE | {"service": "api"}), "says that it is of the api"),
        (json.dumps(LINE | {"event": "email.teleported"}), "no event of the worker: email.teleported"),
        (json.dumps(LINE | {"event": "email.accepted"}), "no event of the worker: email.accepted"),
        (json.dumps(LINE | {"level": "error"}), "email.sent is no error, but info"),
        (json.dumps(LINE | {"colour": "red"}), "email.sent has no colour"),
        (json.dumps(LINE | FAILURE), "email.sent has no error_type, error, traceback"),
        (json.dumps(FAILED | FAILURE | {"job_id": "three"}), "do not stand"),
        (json.dumps(FAILED | dict(reversed(FAILURE.items()))), "do not stand at the end"),
        (json.dumps(LINE | {"workspace_id": "late"}), "do not stand after"),
    ],
)
def test_a_strange_line_is_found(line: str, fault: str) -> None:
    [found, *_] = find_strange_lines(["", line][1:], "worker")

    assert fault in found


def test_what_a_choice_writes_is_told_apart() -> None:
    levels = {(event.name, event.component): event.levels for event in known_events()}

    assert levels["email.sent", "services/worker"] == ("info",)
    assert levels["email.deferred", "services/worker"] == ("warning",)
    assert levels["request.answered", "services/api"] == ("debug", "info", "warning", "error")
