"""Every place of our sources that writes an event, and what it can write."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from postroom_conformance.constants import Found, Function, Module, Unclear, keys_of

LEVELS = ("debug", "info", "warning", "error", "critical")
_METHODS = {level: level for level in LEVELS} | {"exception": "error"}
_NO_EVENTS = {"add", "contextualize", "opt", "remove"}
"""Methods of loguru's logger that write nothing."""
ROOT = Path(__file__).parents[2]


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
class LogCall:
    """A call that writes an event.

    Attributes:
        entries: all that it can write; none where that is unclear.
        unclear: why it is.
    """

    file: Path
    line: int
    node: ast.Call
    entries: tuple[Entry, ...]
    unclear: str | None = None

    @property
    def component(self) -> str:
        """Which service or library it is of: `services/api`."""
        return "/".join(self.file.parts[:2])


def sources(root: Path = ROOT) -> list[Path]:
    """What runs in the services, relative to the root.

    Raises:
        FileNotFoundError: there is none below the root.
    """
    found = [
        file.relative_to(root)
        for top in ("services", "libs")
        for file in sorted(root.glob(f"{top}/*/postroom_*/**/*.py"))
        if "_testing" not in file.relative_to(root).parts[2]
    ]
    if not found:
        raise FileNotFoundError(f"{root}: no sources of services and libs")
    return found


def read_calls(root: Path = ROOT) -> list[LogCall]:
    return [call for file in sources(root) for call in calls_of((root / file).read_text("utf-8"), file)]


def read_context(root: Path = ROOT) -> frozenset[str]:
    """The names that `contextualize` puts on the lines of whatever is called inside of it."""
    return frozenset(name for file in sources(root) for name in context_of((root / file).read_text("utf-8")))


def calls_of(source: str, file: Path) -> list[LogCall]:
    module = Module(ast.parse(source))
    return [_read(module, node, file) for node in ast.walk(module.tree) if isinstance(node, ast.Call) and _method(node)]


def context_of(source: str) -> frozenset[str]:
    """Raises Unclear when a name is no constant."""
    module = Module(ast.parse(source))
    names: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and is_of_logger(node.func) and _attribute(node.func) == "contextualize":
            names |= module.data_names(node, module.scope_of(node), {})
    return frozenset(names)


def is_of_logger(node: ast.expr) -> bool:
    """`logger.x`, or `logger.opt(...).x`."""
    match node:
        case ast.Attribute(value=ast.Name(id="logger")):
            return True
        case ast.Attribute(value=ast.Call(func=inner)):
            return is_of_logger(inner)
    return False


def _attribute(node: ast.expr) -> str:
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
    try:
        entries = tuple(dict.fromkeys(_entries(module, call)))
    except Unclear as problem:
        return LogCall(file, call.lineno, call, (), str(problem))
    return LogCall(file, call.lineno, call, entries)


def _entries(module: Module, call: ast.Call) -> Iterator[Entry]:
    scope, method = module.scope_of(call), _method(call)
    if isinstance(method, ast.Attribute):
        arguments = call.args if method is call.func else call.args[1:]
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
    if method in _METHODS:
        return iter([Found(ast.Constant(_METHODS[method]), scope, {})]), arguments[0]
    if method != "log":
        raise Unclear(f"`logger.{method}` is none of {', '.join(_METHODS)}, log")
    if "name_level(" in ast.unparse(arguments[0]):  # what a library says keeps the level that the library gave it
        return (Found(ast.Constant(level), scope, {}) for level in LEVELS), arguments[1]
    return module.expand(arguments[0], scope, {}), arguments[1]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise Unclear(f"`{ast.unparse(node)}` is no text")
