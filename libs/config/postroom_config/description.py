"""All that is known about one variable, in words: for the reference, and for whoever asks the admin."""

import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from postroom_config.blocks import READERS
from postroom_config.reading import names_of
from postroom_config.variable import expected_of, is_secret, unit_of, variable_of

_TYPES = {bool: "boolean", int: "whole number", float: "number", tuple: "list"}
_URLS = ("_URL", "_ORIGIN")


@dataclass(frozen=True, slots=True)
class Description:
    """One variable.

    Attributes:
        unit: of a number; empty for what is none.
        default: as it is written in the environment; None: there is none.
        example: a value that is right.
        readers: the processes that read it.
    """

    name: str
    platform_name: str | None
    type: str
    unit: str
    expected: str
    default: str | None
    is_required: bool
    is_secret: bool
    readers: Sequence[str]
    example: str
    about: str


def describe(field: FieldInfo, readers: Sequence[str]) -> Description:
    variable = variable_of(field)
    default = show_default(field)
    return Description(
        name=variable.name,
        platform_name=variable.platform_name,
        type=_type_of(field),
        unit=unit_of(field),
        expected=expected_of(field),
        default=default,
        is_required=field.is_required(),
        is_secret=is_secret(field),
        readers=readers,
        example=variable.example or default or "",
        about=variable.about,
    )


def find(name: str) -> Description | None:
    """The variable of a name, its file's or its platform's name."""
    for block, readers in READERS.items():
        for field in block.model_fields.values():
            if name in names_of(variable_of(field)):
                return describe(field, readers)
    return None


def show_default(field: FieldInfo) -> str | None:
    """The default as it is written in the environment; None: there is none."""
    default: Any = field.default
    if field.is_required() or default is None or default == ():
        return None
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def _type_of(field: FieldInfo) -> str:
    annotation = field.annotation
    if get_origin(annotation) in {Union, types.UnionType}:
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    if get_origin(annotation) is Literal:
        return "choice"
    plain = get_origin(annotation) or annotation
    if plain in _TYPES:
        return _TYPES[plain]
    return "URL" if variable_of(field).name.endswith(_URLS) else "text"
