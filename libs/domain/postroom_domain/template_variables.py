"""Variables of a template: their names and types, and the values that take their place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from postroom_domain.errors import InvalidValue, InvalidVariable, MissingValues
from postroom_domain.limits import MAX_NUMBER, MAX_VALUE, MAX_VARIABLE_KEY

Value: TypeAlias = str | int | float | bool

KEY = rf"[A-Za-z0-9_]{{1,{MAX_VARIABLE_KEY}}}"
"""The names of variables, as a pattern."""

RESERVED = frozenset(
    {"FIRST_NAME", "LAST_NAME", "EMAIL", "UNSUBSCRIBE_URL", "RESEND_UNSUBSCRIBE_URL", "contact", "this"}
)
"""What Resend fills in itself, from contacts."""

_KEY = re.compile(KEY)
_ELSEWHERE = frozenset({"object", "list"})


class VariableType(StrEnum):
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable; without a fallback each email must give a value."""

    key: str
    type: VariableType
    fallback: Value | None = None


def declare(key: str, kind: str, fallback: object) -> Variable:
    """A variable as a client declares it.

    Raises:
        InvalidVariable: naming its ``key``, ``type`` or ``fallback_value``.
    """
    if not _KEY.fullmatch(key):
        raise InvalidVariable("key", f"It must be 1 to {MAX_VARIABLE_KEY} ASCII letters, numbers or underscores.")
    if key in RESERVED:
        raise InvalidVariable("key", f"`{key}` is reserved.")
    if kind in _ELSEWHERE:
        raise InvalidVariable("type", f"`{kind}` is not supported: render it before, into a `string`.")
    try:
        variable = Variable(key, VariableType(kind))
    except ValueError:
        raise InvalidVariable("type", "It must be `string`, `number` or `boolean`.") from None
    if fallback is None:
        return variable
    try:
        return Variable(key, variable.type, _checked(variable, fallback))
    except InvalidValue as problem:
        raise InvalidVariable("fallback_value", str(problem)) from None


def write_values(variables: Iterable[Variable], given: Mapping[str, object]) -> dict[str, str]:
    """The text that takes each variable's place. What no variable asks for is ignored; None counts as not given.

    Raises:
        InvalidValue: naming the first variable whose value is wrong.
        MissingValues: naming all that have neither a value nor a fallback.
    """
    texts: dict[str, str] = {}
    missing: list[str] = []
    for variable in variables:
        value = given.get(variable.key)
        if value is not None:
            texts[variable.key] = _text(_checked(variable, value))
        elif variable.fallback is not None:
            texts[variable.key] = _text(variable.fallback)
        else:
            missing.append(variable.key)
    if missing:
        raise MissingValues(tuple(missing))
    return texts


def _checked(variable: Variable, value: object) -> Value:
    match variable.type, value:
        case VariableType.STRING, str():
            if len(value) > MAX_VALUE:
                raise InvalidValue(variable.key, f"It is longer than {MAX_VALUE} characters.")
            return value
        case VariableType.BOOLEAN, bool():
            return value
        case VariableType.NUMBER, int() | float() if not isinstance(value, bool):
            if abs(value) > MAX_NUMBER:
                raise InvalidValue(variable.key, "It is larger than 2^53 - 1.")
            return value
    raise InvalidValue(variable.key, f"It must be a {variable.type.value}.")


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # JSON has one kind of number: 25.0 is 25. No exponent, whatever the size.
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)
