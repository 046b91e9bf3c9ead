"""What an expression of a module can be, found without running it: which constants, and by which choices."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef
Choices = Mapping[str, int]
"""What was chosen at each fork, so that two expressions that hang on the same one agree."""


class Unclear(Exception):  # noqa: N818 - it says what is wrong
    """It cannot be known without running the program."""


@dataclass(frozen=True, slots=True)
class Found:
    """A literal, in the function where it stands; None: outside of any."""

    node: ast.expr
    scope: Function | None
    choices: Choices


@dataclass(slots=True)
class Module:
    """One source, and who stands in what.

    Followed are conditions, names that are given a value once, literal dicts that are looked up, and parameters of
    private functions, whose calls are all in the module.
    """

    tree: ast.Module
    _parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self._parents[child] = node

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self._parents:
            node = self._parents[node]
            yield node

    def scope_of(self, node: ast.AST) -> Function | None:
        return next((one for one in self.ancestors(node) if isinstance(one, Function)), None)

    def expand(self, node: ast.expr, scope: Function | None, choices: Choices) -> Iterator[Found]:
        """Each literal that it can be.

        Raises:
            Unclear: not only literals.
        """
        match node:
            case ast.Constant() | ast.Dict() | ast.Tuple():
                yield Found(node, scope, choices)
            case ast.IfExp():
                fork = f"{_place(scope)} {ast.unparse(node.test)}"
                yield from self._fork(fork, [(node.body, scope), (node.orelse, scope)], choices)
            case ast.Subscript(value=ast.Name(id=name)):
                fork = f"{_place(scope)} {ast.unparse(node)}"
                yield from self._fork(fork, [(value, None) for value in self._values(name)], choices)
            case ast.Name(id=name):
                yield from self._expand_name(name, scope, choices)
            case ast.Call(func=ast.Name(id=name)):
                yield from self._expand_call(name, choices)
            case _:
                raise Unclear(f"`{ast.unparse(node)}` is no constant")

    def data_names(self, call: ast.Call, scope: Function | None, choices: Choices) -> frozenset[str]:
        """The names of a call's keyword arguments, those behind `**` included.

        Raises:
            Unclear: what stands behind `**` is no literal dict.
        """
        names: set[str] = set()
        for keyword in call.keywords:
            if keyword.arg is not None:
                names.add(keyword.arg)
            elif isinstance(keyword.value, ast.Name) and scope and _is_rest(scope, keyword.value.id):
                for found in self._calls(scope, choices):
                    named = {one.arg for one in _parameters(scope)}
                    names |= self.data_names(found.call, found.scope, found.choices) - named
            else:
                for one in self.expand(keyword.value, scope, choices):
                    names |= keys_of(one.node)
        return frozenset(names)

    def _fork(self, fork: str, branches: list[tuple[ast.expr, Function | None]], choices: Choices) -> Iterator[Found]:
        chosen = choices.get(fork)
        for number, (node, scope) in enumerate(branches):
            if chosen in {None, number}:
                yield from self.expand(node, scope, {**choices, fork: number})

    def _values(self, name: str) -> list[ast.expr]:
        """Of a literal dict of the module."""
        match _given(self.tree).get(name):
            case [_Given(value=ast.Dict(values=values))]:
                return values
        raise Unclear(f"`{name}` is no literal dict of this module")

    def _expand_name(self, name: str, scope: Function | None, choices: Choices) -> Iterator[Found]:
        if scope is not None and name in {one.arg for one in _parameters(scope)}:
            for called in self._calls(scope, choices):
                yield from self.expand(_argument(called.call, scope, name), called.scope, called.choices)
            return
        given = _given(scope or self.tree).get(name, [])
        if len(given) > 1:
            raise Unclear(f"`{name}` is given {len(given)} values")
        if given:
            yield from self._expand_given(given[0], scope, choices)
        elif scope is not None:
            yield from self._expand_name(name, self.scope_of(scope), choices)
        else:
            raise Unclear(f"`{name}` is no constant of this module")

    def _expand_given(self, given: "_Given", scope: Function | None, choices: Choices) -> Iterator[Found]:
        for found in self.expand(given.value, scope, choices):
            if given.place is None:
                yield found
            elif isinstance(found.node, ast.Tuple):
                yield from self.expand(found.node.elts[given.place], found.scope, found.choices)
            else:
                raise Unclear(f"`{ast.unparse(given.value)}` is no literal tuple")

    def _expand_call(self, name: str, choices: Choices) -> Iterator[Found]:
        """What a function of the module returns."""
        function = self._function(name)
        returned = [one.value for one in ast.walk(function) if isinstance(one, ast.Return)]
        for value in returned:
            if value is None:
                raise Unclear(f"`{name}` returns nothing")
            yield from self.expand(value, function, choices)

    def _function(self, name: str) -> Function:
        found = [one for one in ast.walk(self.tree) if isinstance(one, Function) and one.name == name]
        if len(found) != 1:
            raise Unclear(f"`{name}` is no function of this module")
        return found[0]

    def _is_private(self, function: Function) -> bool:
        owners = [one.name for one in self.ancestors(function) if isinstance(one, ast.ClassDef)]
        return any(name.startswith("_") for name in (function.name, *owners))

    def _calls(self, function: Function, choices: Choices) -> Iterator["_Called"]:
        """Each place that calls a private function."""
        if not self._is_private(function):
            raise Unclear(f"`{function.name}` is public: other modules may call it")
        fork = f"{_place(function)} is called"
        chosen = choices.get(fork)
        named = [one for one in ast.walk(self.tree) if isinstance(one, ast.expr) and _name(one) == function.name]
        calls = [call for one in named if isinstance(call := self._parents[one], ast.Call) and call.func is one]
        if len(calls) != len(named) or not calls:
            raise Unclear(f"`{function.name}` is {'handed on' if named else 'called nowhere'}")
        for number, call in enumerate(calls):
            if chosen in {None, number}:
                yield _Called(call, self.scope_of(call), {**choices, fork: number})


@dataclass(frozen=True, slots=True)
class _Called:
    call: ast.Call
    scope: Function | None
    choices: Choices


@dataclass(frozen=True, slots=True)
class _Given:
    """Attributes: place is which part of the value it is, when that is taken apart."""

    value: ast.expr
    place: int | None = None


def _place(scope: Function | None) -> str:
    return "" if scope is None else f"{scope.name}:{scope.lineno}"


def _name(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


def _parameters(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _is_rest(function: Function, name: str) -> bool:
    return function.args.kwarg is not None and function.args.kwarg.arg == name


def _argument(call: ast.Call, function: Function, name: str) -> ast.expr:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    positional = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if isinstance(call.func, ast.Attribute) and positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    if name in positional and positional.index(name) < len(call.args):
        return call.args[positional.index(name)]
    raise Unclear(f"`{function.name}` is called without `{name}`")


def _given(where: ast.AST) -> dict[str, list["_Given"]]:
    """The names of a function or module, without those of functions in it, and all that each is given."""
    found: dict[str, list[_Given]] = {}
    for node in _own(where):
        for target, value in _assigned(node):
            match target:
                case ast.Name(id=name):
                    found.setdefault(name, []).append(_Given(value))
                case ast.Tuple(elts=parts):
                    for place, part in enumerate(parts):
                        if isinstance(part, ast.Name):
                            found.setdefault(part.id, []).append(_Given(value, place))
    return found


def _own(where: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(where):
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            yield node
            yield from _own(node)


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What stands in a loop or with `as` is given too, and is no literal."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
            yield target, value
        case ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
            yield target, ast.Starred(value)
        case ast.withitem(optional_vars=ast.expr() as target, context_expr=value):
            yield target, value


def keys_of(node: ast.expr) -> frozenset[str]:
    """The keys of a literal dict; raises Unclear for anything else."""
    if not isinstance(node, ast.Dict):
        raise Unclear(f"`{ast.unparse(node)}` is no dict")
    names: set[str] = set()
    for key in node.keys:
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            raise Unclear(f"`{ast.unparse(node)}` has names that are no constants")
        names.add(key.value)
    return frozenset(names)
