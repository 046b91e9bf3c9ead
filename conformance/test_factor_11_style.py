"""What can be logged, and how, is a matter of rules: docs/reference/logging.md, read by program."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

from postroom_conformance.catalogue import known_events
from postroom_conformance.claims import proves, violates
from postroom_conformance.constants import Module
from postroom_conformance.fixtures import Evidence
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


@proves(
    "All code that logs keeps the rules of the style guide: constant names of the form `noun.verb_past`, data in named"
    " fields with their units, no private data, errors only for faults."
)
def test_our_sources_keep_the_rules(evidence: Evidence) -> None:
    found = [one for file in sources() for one in find_faults(read_module(ROOT / file), file)]

    evidence(
        f"{len(read_calls())} places of {len(sources())} modules write events: {[*map(str, found)] or 'no finding'}"
    )
    assert [*map(str, found)] == []
    assert len(read_calls()) > 100
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
@violates(
    test_our_sources_keep_the_rules,
    "loggers that are handed on; names that are put together, or of another form; levels that are computed; data"
    " without a name or a unit, or of persons; an exception that is told twice; an email without its request",
)
def test_a_planted_fault_is_found(rule: str, code: str, words: str) -> None:
    found = find_faults(plant(code), MODULE)

    assert rules(found) == [rule]
    assert words in found[0].text
    assert str(found[0]).startswith(f"{MODULE}:")


@proves("An event has one level, or a stated reason why it has several.")
def test_levels_are_decided_by_what_is_said(evidence: Evidence) -> None:
    found = find_level_faults(read_calls(), DECIDING)
    evidence(f"events of several levels: {len(DECIDING)}, each with what decides; findings: {rules(found) or 'none'}")
    assert rules(found) == []


@violates(test_levels_are_decided_by_what_is_said, "an event of two levels, and a reason for one that has one")
def test_a_level_without_a_reason_is_found() -> None:
    calls = calls_of(plant('logger.info("email.sent")\nlogger.error("email.sent")'), MODULE)
    assert rules(find_level_faults(calls, {})) == ["L4"]
    assert rules(find_level_faults(calls[:1], {"email.sent": "the weather"})) == ["L4"]


@proves("Each event has a meaning in words, and the checked-in catalogue lists all that the code can write.")
def test_the_catalogue_is_what_the_code_says(tmp_path: Path, evidence: Evidence) -> None:
    found = find_stale(tmp_path, (ROOT / PAGE).read_text("utf-8"))
    evidence(f"{len(known_events())} entries in {PAGE}; findings: {found or 'none'}")
    assert found == []
    assert list(MEANINGS) == sorted(MEANINGS)


def find_stale(folder: Path, page: str) -> list[str]:
    """Rules that meanings break; and lines of the page that the code would not write, or that are missing."""
    (folder / PAGE).parent.mkdir(parents=True)
    for name in ("services", "libs"):
        (folder / name).symlink_to(ROOT / name)
    main(folder)
    written = (folder / PAGE).read_text("utf-8")
    stale = sorted({*page.splitlines()} ^ {*written.splitlines()}) or ([] if page == written else ["the order"])
    return [*rules(find_meaning_faults(read_calls(), MEANINGS)), *stale]


@violates(test_the_catalogue_is_what_the_code_says, "a page with a line less, and events or meanings without the other")
def test_a_stale_catalogue_is_found(tmp_path: Path) -> None:
    page = (ROOT / PAGE).read_text("utf-8")
    [line] = [line for line in page.splitlines() if line.startswith("| `email.sent`")]
    assert find_stale(tmp_path, page.replace(f"{line}\n", "")) == [line]

    calls = calls_of(plant('logger.info("email.sent")'), MODULE)
    assert rules(find_meaning_faults(calls, {})) == ["L9"]
    assert rules(find_meaning_faults(calls, {"email.sent": "It left.", "email.lost": "It did not."})) == ["L9"]


@proves("What a client does that stands in the audit is logged, too.")
def test_what_is_audited_is_logged(evidence: Evidence) -> None:
    events = {event.name for event in known_events()}
    noting = [file for file in sources() if "caller.note" in (ROOT / file).read_text("utf-8")]
    found = [one for file in noting for one in find_silent_actions(read_module(ROOT / file), file, events)]
    evidence(f"{len(noting)} modules note actions; silent: {[*map(str, found)] or 'none'}")
    assert len(noting) > 5
    assert found == []


@violates(test_what_is_audited_is_logged, "an action that no line tells of, and one whose name is computed")
def test_a_silent_action_is_found() -> None:
    events = {event.name for event in known_events()}
    planted = 'action = "key.lent" if lent else "key.created"\ncaller.note(connection, action, key_id)'
    [found] = find_silent_actions(plant(planted), MODULE, events)
    assert str(found) == f"{MODULE}:4: L10 'key.lent' is in the audit, and not logged"
    assert rules(find_silent_actions(plant("caller.note(connection, name(), key_id)"), MODULE, events)) == ["L10"]
