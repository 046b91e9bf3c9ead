"""What is known about one environment variable, written beside the field that it fills."""

from dataclasses import dataclass
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

PREFIX = "POSTROOM_"
FILE_SUFFIX = "_FILE"
_UNITS = {"SECONDS": "seconds", "DAYS": "days", "PERCENT": "percent", "LINES": "lines", "THREADS": "threads"}
"""By the last word of a name."""


@dataclass(frozen=True, slots=True)
class Variable:
    """Metadata of a field, inside ``Annotated``.

    Args:
        name: the prefixed name.
        about: one sentence for the reference.
        expected: what a value looks like, where the type and its bounds do not say it.
        platform_name: the name that platforms inject; read where the prefixed one is absent.
        example: a value, where there is no default.
        unit: of a number, where the name does not end with it.
    """

    name: str
    about: str
    expected: str = ""
    platform_name: str | None = None
    example: str = ""
    unit: str = ""


def variable_of(field: FieldInfo) -> Variable:
    for mark in field.metadata:
        if isinstance(mark, Variable):
            return mark
    raise TypeError("a field of a block needs a Variable in its annotation")


def expected_of(field: FieldInfo) -> str:
    """What a value of this field looks like, in words for a person."""
    stated = variable_of(field).expected
    if stated:
        return stated
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return f"one of: {', '.join(str(word) for word in get_args(annotation))}"
    if annotation is bool:
        return "true or false"
    if annotation is int:
        return f"a whole number {_bounds_of(field)}"
    if annotation is float:
        return f"a number {_bounds_of(field)}"
    raise TypeError(f"{variable_of(field).name}: say what is expected")


def unit_of(field: FieldInfo) -> str:
    """What a number counts; empty for what is none."""
    variable = variable_of(field)
    if field.annotation not in {int, float}:
        return ""
    unit = variable.unit or _UNITS.get(variable.name.rpartition("_")[2], "")
    if not unit:
        raise TypeError(f"{variable.name}: say what it counts")
    return unit


def is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr


def _bounds_of(field: FieldInfo) -> str:
    lowest = next(mark.ge for mark in field.metadata if hasattr(mark, "ge"))
    highest = next(mark.le for mark in field.metadata if hasattr(mark, "le"))
    return f"from {lowest:g} to {highest:g}" if isinstance(lowest, float) else f"from {lowest} to {highest}"
