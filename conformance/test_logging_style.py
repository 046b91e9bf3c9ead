"""The rules of docs/reference/logging.md, and the catalogue of what the log can say."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from postroom_conformance.catalogue import find_strange_lines, known_events
from postroom_conformance.log_calls import ROOT

GUIDE = Path("docs/reference/logging.md")
STYLE = Path("conformance/postroom_conformance/logging_style.py")
MODULE = Path("services/worker/postroom_worker/planted.py")
NO_EVENTS = ("log_meanings.py", "logger.exception", "main.py", "noun.verb_past", "sys.stderr", "sys.stdout")


def test_ruff_keeps_the_rest() -> None:
    """What docs/reference/logging.md says that ruff finds, in code of a service."""
    lines = [
        ("import logging", "TID251"),
        ("import sys", ""),
        ("import warnings", ""),
        ("from loguru import logger", ""),
        ('print("x")', "T201"),
        ('sys.stdout.write("x")', "TID251"),
        ('sys.stderr.write("x")', "TID251"),
        ('warnings.warn("x", stacklevel=1)', "TID251"),
        ('logger.info(f"email.{1}")', "G004"),
        ('logger.info("email.%s" % 1)', "G002"),
        ('logger.info("email." + sys.platform)', "G003"),
        ('logger.info("email.{}".format(1))', "G001"),
        ("try: ...", ""),
        ('except Exception: logger.info("job.failed")', "BLE001"),
        ("try: ...", ""),
        ('except Exception: logger.exception("job.failed")', ""),
    ]
    command = ["build-support/tools", "ruff", "check", "--no-cache", "--output-format=json"]
    told = subprocess.run(
        [*command, f"--stdin-filename={MODULE}", "--select=BLE,G,T20,TID", "-"],
        cwd=ROOT,
        input="\n".join(line for line, _ in lines),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    found = [(one["location"]["row"], one["code"]) for one in json.loads(told.stdout)]

    assert found == [(row, rule) for row, (_, rule) in enumerate(lines, start=1) if rule]


def test_the_guide_names_each_rule_that_a_finding_names() -> None:
    guide = (ROOT / GUIDE).read_text("utf-8")
    told = re.findall(r"^\*\*(L\d+) ", guide, re.MULTILINE)

    assert told == [f"L{number}" for number in range(1, len(told) + 1)]
    assert set(told) == set(re.findall(r'"(L\d+)"', (ROOT / STYLE).read_text("utf-8")))


def test_the_guide_names_no_event_that_is_none() -> None:
    guide = (ROOT / GUIDE).read_text("utf-8")
    named = {*re.findall(r"[`\"]([a-z_]+\.[a-z_]+)[`\"]", guide)} - {*NO_EVENTS}

    assert named - {event.name for event in known_events()} == set()
    assert len(named) > 5


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
FAILED = {name: value for name, value in LINE.items() if name != "attempt"} | {
    "level": "error",
    "event": "transport.failed",
}
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
        (json.dumps(LINE | {"ts": "2026-01-02 03:04:05"}), "no time in UTC"),
        (json.dumps(LINE | {"email_id": 2}), "email_id is no text"),
        (json.dumps(LINE | {"milliseconds": "12"}), "milliseconds is no number"),
        (json.dumps(LINE | {"attempt": 1.5}), "attempt is no whole number"),
        (json.dumps(LINE | FAILURE), "email.sent has no error_type, error, traceback"),
        (json.dumps(FAILED | FAILURE | {"job_id": "three"}), "do not stand"),
        (json.dumps(FAILED | dict(reversed(FAILURE.items()))), "do not stand at the end"),
        (json.dumps(LINE | {"workspace_id": "late"}), "do not stand after"),
    ],
)
def test_a_strange_line_is_found(line: str, fault: str) -> None:
    [found, *_] = find_strange_lines([line], "worker")

    assert fault in found


def test_an_event_that_the_code_does_not_hold_is_found_in_what_a_process_writes() -> None:
    program = """
from loguru import logger
from postroom_logging.setup import configure
configure(service="worker", release="r7")
with logger.contextualize(request_id="one"):
    logger.warning("email.deferred", attempt=1, reason="throttled")
    logger.warning("email.teleported")
"""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    lines = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()
    [found] = find_strange_lines(lines, "worker")

    assert found.startswith("line 2: no event of the worker: email.teleported")


def test_what_a_choice_writes_is_told_apart() -> None:
    levels = {(event.name, event.component): event.levels for event in known_events()}

    assert levels["email.sent", "services/worker"] == ("info",)
    assert levels["email.deferred", "services/worker"] == ("warning",)
    assert levels["request.answered", "services/api"] == ("debug", "info", "warning", "error")
