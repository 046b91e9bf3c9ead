"""Every place of our sources that writes an event, and what it can write."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from postroom_conformance.constants import Found, Function, Module, Unclear, keys_of

LEVELS = ("debug", "info", "warning", "error", "critical")
PASSED_ON = "library.logged"
"""What a library says keeps the level that the library gave it."""
_METHODS = {level: level for level in LEVELS} | {"exception": "error"}
_NO_EVENTS = {"add", "contextualize", "opt", "remove"}
"""Methods of loguru's logger that write nothing."""
ROOT = Path(__file__).parents[2]
_LOGGER = re.compile(r"\blog(ger|uru)\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event at one level, as one place writes it.

    Attributes:
        fails: whether the exception's own fields go with it.
    """

    event: str
    level: str
    fields: frozenset[str]
    fails: bool


@dataclass(frozen=True, slots=True)
class Context:
    """Attributes: names are what it gives to the lines of whatever is called inside; unclear is why they are none."""

    line: int
    names: frozenset[str]
    unclear: str | None = None


@dataclass(frozen=True, slots=True)
class LogCall:
    """A call that writes an event.

    Attributes:
        entries: all that it can write; none where that is unclear.
        unclear: why it is.
        unnamed: arguments after the event that have no name.
        named: those that have one.
        caught: names of the exceptions that are being handled there.
        context: names that contexts around it in the same function give to the line.
    """

    file: Path
    line: int
    entries: tuple[Entry, ...]
    unclear: str | None
    unnamed: tuple[ast.expr, ...]
    named: tuple[ast.keyword, ...]
    caught: frozenset[str]
    context: frozenset[str]

    @property
    def component(self) -> str:
        """Which service or library it is of: `services/api`."""
        return "/".join(self.file.parts[:2])

    @property
    def data(self) -> list[str]:
        """The names of all data that it can write."""
        return sorted(frozenset().union(*(entry.fields for entry in self.entries)))

    @property
    def fails(self) -> bool:
        return any(entry.fails for entry in self.entries)


def sources(root: Path = ROOT) -> list[Path]:
    """What runs in the services and names the logger, relative to the root.

    Raises:
        FileNotFoundError: there is none below the root.
    """
    found = [
        file.relative_to(root)
        for top in ("services", "libs")
        for file in sorted(root.glob(f"{top}/*/postroom_*/**/*.py"))
        if "_testing" not in file.relative_to(root).parts[2] and _LOGGER.search(file.read_text("utf-8"))
    ]
    if not found:
        raise FileNotFoundError(f"{root}: no sources of services and libs")
    return found


def read_calls(root: Path = ROOT) -> list[LogCall]:
    return [call for file in sources(root) for call in calls_of(read_module(root / file), file)]


def read_contexts(root: Path = ROOT) -> frozenset[str]:
    """The names that contexts give to lines, all together."""
    return frozenset().union(*(one.names for file in sources(root) for one in contexts_of(read_module(root / file))))


def read_module(path: Path) -> Module:
    return Module(ast.parse(path.read_text("utf-8")))


def calls_of(module: Module, file: Path) -> list[LogCall]:
    return [_read(module, node, file) for node in module.calls() if _method(node)]


def contexts_of(module: Module) -> list[Context]:
    """Each `contextualize`."""
    return [_read_context(module, node) for node in module.calls() if _is_context(node)]


def _read_context(module: Module, call: ast.Call) -> Context:
    try:
        return Context(call.lineno, module.data_names(call, module.scope_of(call), {}))
    except Unclear as problem:
        return Context(call.lineno, frozenset(), str(problem))


def _is_context(node: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and is_of_logger(node.func) and _attribute(node.func) == "contextualize"


def is_of_logger(node: ast.expr) -> bool:
    """`logger.x`, or `logger.opt(...).x`."""
    match node:
        case ast.Attribute(value=ast.Name(id="logger")):
            return True
        case ast.Attribute(value=ast.Call(func=inner)):
            return is_of_logger(inner)
    return False


def _attribute(node: ast.expr | None) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


def _method(call: ast.Call) -> ast.expr | None:
    """What writes, when this call does: `logger.info(...)`, `partial(logger.log, ...)`, and the library's own way."""
    match call.func:
        case ast.Name(id="partial") if call.args and is_of_logger(call.args[0]):
            return call.args[0]
        case ast.Name(id="gather_fields") if isinstance(call.args[3], ast.Constant):
            return call.func
    return call.func if is_of_logger(call.func) and _attribute(call.func) not in _NO_EVENTS else None


def _read(module: Module, call: ast.Call, file: Path) -> LogCall:
    unclear, entries = None, tuple[Entry, ...]()
    try:
        entries = tuple(dict.fromkeys(_entries(module, call)))
    except Unclear as problem:
        unclear = str(problem)
    around = list(module.ancestors(call))
    return LogCall(
        file,
        call.lineno,
        entries,
        unclear,
        tuple(_arguments(call)[2 if _attribute(_method(call)) == "log" else 1 :]),
        tuple(call.keywords),
        frozenset(one.name for one in around if isinstance(one, ast.ExceptHandler) and one.name),
        _context(module, around),
    )


def _context(module: Module, around: list[ast.AST]) -> frozenset[str]:
    """Of the same function: what is around a function is not around its calls."""
    names: frozenset[str] = frozenset()
    for node in around:
        if isinstance(node, Function):
            break
        for item in node.items if isinstance(node, ast.With | ast.AsyncWith) else ():
            if _is_context(item.context_expr):
                names |= _read_context(module, item.context_expr).names
    return names


def _arguments(call: ast.Call) -> list[ast.expr]:
    """Of what writes: level, if it takes one, event, and what else has no name."""
    if not isinstance(_method(call), ast.Attribute):
        return []
    return call.args if is_of_logger(call.func) else call.args[1:]


def _entries(module: Module, call: ast.Call) -> Iterator[Entry]:
    scope, method = module.scope_of(call), _method(call)
    if isinstance(method, ast.Attribute):
        arguments = _arguments(call)
        fails = method.attr == "exception" or "exception=" in ast.unparse(method)
        levels, event = _levels(module, method.attr, arguments, scope)
        for level in levels:
            for name in module.expand(event, scope, level.choices):
                data = module.data_names(call, scope, name.choices)
                yield Entry(_text(name.node), _text(level.node).lower(), data, fails)
    else:  # gather_fields(level, service, release, event, data, failure)
        for fields in module.expand(call.args[4], scope, {}):
            yield Entry(_text(call.args[3]), _text(call.args[0]), keys_of(fields.node), fails=False)


def _levels(
    module: Module, method: str, arguments: list[ast.expr], scope: Function | None
) -> tuple[Iterator[Found], ast.expr]:
    """The levels that a method of the logger writes, and the argument that is the event."""
    if len(arguments) < (2 if method == "log" else 1):
        raise Unclear("there is no event")
    if method in _METHODS:
        return iter([Found(ast.Constant(_METHODS[method]), scope, {})]), arguments[0]
    if method != "log":
        raise Unclear(f"`logger.{method}` is none of {', '.join(_METHODS)}, log")
    if ast.unparse(arguments[1]) == repr(PASSED_ON):
        return (Found(ast.Constant(level), scope, {}) for level in LEVELS), arguments[1]
    return module.expand(arguments[0], scope, {}), arguments[1]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise Unclear(f"`{ast.unparse(node)}` is no text")
