"""The rules of docs/reference/logging.md, and the catalogue of what the log can say."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from postroom_conformance.catalogue import find_strange_lines, known_events
from postroom_conformance.constants import Module
from postroom_conformance.log_calls import ROOT, calls_of, read_calls, read_module, sources
from postroom_conformance.log_meanings import DECIDING, MEANINGS
from postroom_conformance.log_reference import PAGE, main
from postroom_conformance.logging_style import (
    Finding,
    find_faults,
    find_level_faults,
    find_meaning_faults,
    find_silent_actions,
)

GUIDE = Path("docs/reference/logging.md")
STYLE = Path("conformance/postroom_conformance/logging_style.py")
NO_EVENTS = ("log_meanings.py", "logger.exception", "main.py", "noun.verb_past", "sys.stderr", "sys.stdout")
MODULE = Path("services/worker/postroom_worker/planted.py")
CLEAN = """\
from functools import partial
from loguru import logger

_LINES = {True: ("INFO", "email.sent"), False: ("WARNING", "email.deferred")}


def deliver(email_id, sent, parked):
    with logger.contextualize(request_id="one", email_id=str(email_id)):
        level, event = ("INFO", "email.parked") if parked else _LINES[sent]
        logger.log(level, event, attempt=1, retry_in_seconds=2.5)
    _tell("webhook.given_up", attempt=1)
    partial(logger.log, "INFO" if sent else "DEBUG", "pace.shared" if sent else "pace.localised")()


def _tell(event, **data):
    try:
        work()
    except TimeoutError as problem:
        logger.warning(event, **data, reason=str(problem), code=problem.code)
    except Exception:
        logger.exception("webhook.failed", **data)
"""


def plant(code: str) -> Module:
    return Module(ast.parse(f"from functools import partial\nfrom loguru import logger\n{code}\n"))


def rules(findings: Iterable[Finding]) -> list[str]:
    return [one.rule for one in findings]


def test_our_sources_keep_the_rules() -> None:
    found = [one for file in sources() for one in find_faults(read_module(ROOT / file), file)]

    assert [*map(str, found)] == []
    assert len(read_calls()) > 100


def test_what_keeps_the_rules_is_no_finding() -> None:
    assert find_faults(Module(ast.parse(CLEAN)), MODULE) == []


@pytest.mark.parametrize(
    ("rule", "code", "words"),
    [
        ("L1", "log = logger.info", "handed on"),
        ("L1", "run(logger)", "handed on"),
        ("L1", "import loguru", "from loguru import logger"),
        ("L1", "from loguru import logger as log", "is called `logger`"),
        ("L1", "logger.add(print)", "for the library"),
        ("L2", 'logger.info(f"email.{state}")', "no constant"),
        ("L2", 'logger.info("email." + state)', "no constant"),
        ("L2", 'logger.info("email.%s" % state)', "no constant"),
        ("L2", 'logger.info("email.{}".format(state))', "no constant"),
        ("L2", "def tell(event):\n    logger.info(event)\ntell('email.sent')", "public"),
        ("L2", "def _tell(event):\n    logger.info(event)\n_tell(name())", "function of this module"),
        ("L2", "event = 'email.sent'\nevent = 'email.lost'\nlogger.info(event)", "given 2 values"),
        ("L2", "for event in events:\n    logger.info(event)", "no constant"),
        ("L2", 'logger.log(level_of(state), "email.sent")', "function of this module"),
        ("L2", 'logger.success("email.sent")', "none of"),
        ("L2", 'logger.info("email.sent", **about())', "function of this module"),
        ("L2", 'logger.info("email.sent", **{name: 1})', "no constants"),
        ("L2", "logger.info()", "no event"),
        ("L2", "def _tell(event):\n    logger.info(event)\n_tell('email.sent')\nrun(_tell)", "handed on"),
        ("L2", "with logger.contextualize(**about()): run()", "function of this module"),
        ("L3", 'logger.info("Email sent")', "noun.verb_past"),
        ("L3", 'logger.info("email_sent")', "noun.verb_past"),
        ("L3", 'logger.info("email.send")', "past form"),
        ("L3", 'logger.info("service.draining")', "past form"),
        ("L3", 'logger.info("service.sent_up_late")', "past form"),
        ("L3", 'logger.info("mail.speed")', "past form"),
        ("L4", "logger.opt(exception=True).warning('email.failed')", "faults are errors"),
        ("L5", 'logger.info("email.sent", 3)', "has no name"),
        ("L5", 'partial(logger.log, "INFO", "email.sent", 3)', "has no name"),
        ("L5", 'logger.info("email.sent", Attempt=3)', "snake_case"),
        ("L5", 'logger.info("email.sent", level=3)', "is taken"),
        ("L5", 'logger.info("email.sent", duration=3)', "unit"),
        ("L5", 'logger.info("email.sent", retry_ms=3)', "shortens"),
        ("L6", 'logger.info("email.sent", recipient=who)', "always masked"),
        ("L6", 'logger.info("key.created", api_key=key)', "always masked"),
        ("L6", 'logger.info("email.sent", **{"to": who})', "always masked"),
        ("L7", "try: work()\nexcept OSError as no: logger.exception('job.failed', reason=str(no))", "repeats"),
        ("L7", "try: work()\nexcept OSError as no: logger.info('job.failed', message=f'{no}')", "`reason`"),
        ("L8", 'logger.info("email.sent", email_id=one)', "not the request"),
        ("L8", 'with logger.contextualize(email_id=one): logger.info("email.sent")', "not the request"),
    ],
)
def test_a_planted_fault_is_found(rule: str, code: str, words: str) -> None:
    found = find_faults(plant(code), MODULE)

    assert rules(found) == [rule]
    assert words in found[0].text
    assert str(found[0]).startswith(f"{MODULE}:")


def test_levels_are_decided_by_what_is_said() -> None:
    assert rules(find_level_faults(read_calls(), DECIDING)) == []

    calls = calls_of(plant('logger.info("email.sent")\nlogger.error("email.sent")'), MODULE)
    assert rules(find_level_faults(calls, {})) == ["L4"]
    assert rules(find_level_faults(calls[:1], {"email.sent": "the weather"})) == ["L4"]


def test_each_event_has_a_meaning_and_each_meaning_an_event() -> None:
    assert rules(find_meaning_faults(read_calls(), MEANINGS)) == []
    assert list(MEANINGS) == sorted(MEANINGS)

    calls = calls_of(plant('logger.info("email.sent")'), MODULE)
    assert rules(find_meaning_faults(calls, {})) == ["L9"]
    assert rules(find_meaning_faults(calls, {"email.sent": "It left.", "email.lost": "It did not."})) == ["L9"]


def test_what_is_audited_is_logged() -> None:
    events = {event.name for event in known_events()}
    noting = [file for file in sources() if "caller.note" in (ROOT / file).read_text("utf-8")]
    assert len(noting) > 5
    assert [one for file in noting for one in find_silent_actions(read_module(ROOT / file), file, events)] == []

    planted = 'action = "key.lent" if lent else "key.created"\ncaller.note(connection, action, key_id)'
    [found] = find_silent_actions(plant(planted), MODULE, events)
    assert str(found) == f"{MODULE}:4: L10 'key.lent' is in the audit, and not logged"
    assert rules(find_silent_actions(plant("caller.note(connection, name(), key_id)"), MODULE, events)) == ["L10"]


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


def test_the_checked_in_catalogue_is_what_the_code_says(tmp_path: Path) -> None:
    (tmp_path / PAGE).parent.mkdir(parents=True)
    for folder in ("services", "libs"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    main(tmp_path)

    assert (ROOT / PAGE).read_text("utf-8") == (tmp_path / PAGE).read_text("utf-8"), "run: make docs"


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
