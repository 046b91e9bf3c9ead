"""The rules of docs/reference/logging.md that ruff has no rule for, found in sources without running them."""

import ast
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from postroom_conformance.catalogue import FAILURE, REQUIRED
from postroom_conformance.constants import Module, Unclear
from postroom_conformance.log_calls import PASSED_ON, LogCall, calls_of, contexts_of, is_of_logger
from postroom_logging.redaction import is_telling

_EVENT = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\.[a-z][a-z0-9]*(_[a-z0-9]+)*")
_REGULAR = re.compile(r"[a-z]+[^e]ed")  # `speed` is none
_IRREGULAR = frozenset(
    ("came", "forgotten", "given", "held", "kept", "left", "lost", "read", "resent", "sent", "split", "went")
)
"""Past forms of verbs that do not end in `ed`; those that are used."""
_PARTICLES = frozenset(("down", "up"))
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TAKEN = frozenset((*REQUIRED, *FAILURE))
_UNITLESS = re.compile(r"(.*_)?(age|delay|duration|elapsed|interval|latency|length|size|time|timeout|took|wait)")
_SHORTENED = re.compile(r"(.*_)?(kb|mb|min|mins|ms|sec|secs)")
_OUTLETS = {"add", "configure", "remove"}
_LIBRARY = Path("libs/logging")
_AUDITING = ("caller.note", "caller.note_each")
_FAULTS = ("error", "critical")


@dataclass(frozen=True, slots=True)
class Finding:
    """Attributes: rule is its number on the page, L1."""

    rule: str
    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule} {self.text}"


def find_faults(module: Module, file: Path) -> list[Finding]:
    """What one module does against the rules, in the order of its lines.

    Args:
        module: it.
        file: relative to the repository.
    """
    calls, contexts = calls_of(module, file), contexts_of(module)
    found = [Finding("L1", file, line, text) for line, text in _other_ways_out(module.tree, file)]
    unclear = [(one.line, one.unclear) for one in calls] + [(one.line, one.unclear) for one in contexts]
    found += [Finding("L2", file, line, text) for line, text in unclear if text]
    found += [
        Finding("L8", file, one.line, "a context names an email and not the request that it came with")
        for one in contexts
        if "email_id" in one.names and "request_id" not in one.names
    ]
    for call in calls:
        for rule, check in _CHECKS.items():
            found += [Finding(rule, file, call.line, text) for text in dict.fromkeys(check(call))]
    return sorted(found, key=lambda one: (one.line, one.rule))


def find_level_faults(calls: Iterable[LogCall], deciding: Mapping[str, str]) -> list[Finding]:
    """Events that are written at several levels, and nobody said by what; and the other way round.

    Args:
        calls: of all sources.
        deciding: what decides on the level, of events that have several.
    """
    levels: dict[str, dict[str, LogCall]] = {}
    for call in calls:
        for entry in call.entries:
            levels.setdefault(entry.event, {}).setdefault(entry.level, call)
    found = []
    for event, places in levels.items():
        call = list(places.values())[-1]
        if len(places) > 1 and event not in deciding:
            found.append(Finding("L4", call.file, call.line, f"{event} is {' and '.join(places)}: what decides?"))
        if len(places) == 1 and event in deciding:
            found.append(Finding("L4", call.file, call.line, f"{event} has one level, and nothing decides on it"))
    return found


def find_silent_actions(module: Module, file: Path, events: Container[str]) -> list[Finding]:
    """What is noted in the audit under a name that no event has."""
    found = []
    for call in module.calls():
        if ast.unparse(call.func) not in _AUDITING:
            continue
        try:
            actions = {ast.unparse(one.node) for one in module.expand(call.args[1], module.scope_of(call), {})}
        except Unclear as problem:
            found.append(Finding("L10", file, call.lineno, str(problem)))
            continue
        silent = sorted(action for action in actions if ast.literal_eval(action) not in events)
        found += [Finding("L10", file, call.lineno, f"{one} is in the audit, and not logged") for one in silent]
    return found


def find_meaning_faults(calls: Iterable[LogCall], meanings: Mapping[str, str]) -> list[Finding]:
    """Events without a meaning, and meanings without an event."""
    places = {entry.event: call for call in calls for entry in call.entries}
    table = Path("conformance/postroom_conformance/log_meanings.py")
    forgotten = [(event, call) for event, call in places.items() if event not in meanings]
    left = [event for event in meanings if event not in places]
    return [
        *(Finding("L9", call.file, call.line, f"{event} has no meaning") for event, call in forgotten),
        *(Finding("L9", table, 1, f"{event} is written nowhere") for event in left),
    ]


def _other_ways_out(tree: ast.Module, file: Path) -> Iterator[tuple[int, str]]:
    """Whoever hands the logger on, or calls it otherwise, writes what no other rule sees."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    called |= {id(node.args[0]) for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_partial(node)}
    used = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(one.name.partition(".")[0] == "loguru" for one in names):
                yield node.lineno, "write `from loguru import logger`"
            case ast.ImportFrom(module="loguru", names=names) if any(one.asname for one in names):
                yield node.lineno, "the logger is called `logger`"
            case ast.Name(id="logger") if id(node) not in used:
                yield node.lineno, "the logger is handed on"
            case ast.Attribute(attr=name) if is_of_logger(node):
                if id(node) not in called:
                    yield node.lineno, f"`logger.{name}` is handed on"
                elif name in _OUTLETS and not file.is_relative_to(_LIBRARY):
                    yield node.lineno, f"`logger.{name}` is for the library of the log"


def _is_partial(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "partial" and bool(call.args)


def _misnamed(call: LogCall) -> Iterator[str]:
    for entry in call.entries:
        if not _EVENT.fullmatch(entry.event):
            yield f"{entry.event!r} is not `noun.verb_past`"
        elif not _is_past(entry.event.partition(".")[2].split("_")):
            yield f"{entry.event} does not end in a verb's past form"


def _is_past(words: list[str]) -> bool:
    while len(words) > 1 and words[-1] in _PARTICLES:
        words = words[:-1]
    return bool(_REGULAR.fullmatch(words[-1])) or words[-1] in _IRREGULAR


def _mild_exceptions(call: LogCall) -> Iterator[str]:
    for entry in call.entries:
        if entry.fails and entry.level not in _FAULTS and entry.event != PASSED_ON:
            yield f"{entry.event} has a stack trace and is {entry.level}: faults are errors"


def _bad_data(call: LogCall) -> Iterator[str]:
    for argument in call.unnamed:
        yield f"`{ast.unparse(argument)}` has no name"
    for name in call.data:
        if not _NAME.fullmatch(name):
            yield f"`{name}` is not in snake_case"
        if name in _TAKEN:
            yield f"`{name}` is taken: the line would say `data_{name}`"
        if _UNITLESS.fullmatch(name):
            yield f"`{name}` does not say its unit, such as `_seconds` or `_bytes`"
        if _SHORTENED.fullmatch(name):
            yield f"`{name}` shortens its unit"


def _masked_data(call: LogCall) -> Iterator[str]:
    for name in call.data:
        if is_telling(name):
            yield f"`{name}` is always masked: log an id, or that it is there"


def _exceptions_as_data(call: LogCall) -> Iterator[str]:
    for keyword in call.named:
        for name in call.caught:
            if _tells(keyword.value, name):
                if call.fails:
                    yield f"`{keyword.arg}` repeats the exception, which the line has already"
                elif keyword.arg != "reason":
                    yield f"`{keyword.arg}` is an exception's text: call it `reason`"


def _tells(value: ast.expr, name: str) -> bool:
    """Whether the exception itself is shown, and not only what it has."""
    owners = {id(node.value) for node in ast.walk(value) if isinstance(node, ast.Attribute)}
    return any(isinstance(node, ast.Name) and node.id == name and id(node) not in owners for node in ast.walk(value))


def _without_request(call: LogCall) -> Iterator[str]:
    if call.component == "services/api":  # every request has its context
        return
    for entry in call.entries:
        if "email_id" in entry.fields and "request_id" not in entry.fields | call.context and entry.level != "debug":
            yield f"{entry.event} names an email and not the request that it came with"


_CHECKS: dict[str, Callable[[LogCall], Iterator[str]]] = {
    "L3": _misnamed,
    "L4": _mild_exceptions,
    "L5": _bad_data,
    "L6": _masked_data,
    "L7": _exceptions_as_data,
    "L8": _without_request,
}
