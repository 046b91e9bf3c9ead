"""Finding the text of one variable: prefixed name, file, platform's name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from postroom_config.errors import Problem
from postroom_config.variable import FILE_SUFFIX, Variable

_LONGEST_FILE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a value was found, and the value."""

    source: str
    text: str


def read_variable(variable: Variable, environ: Mapping[str, str]) -> Reading | Problem | None:
    """None when the variable is absent. An empty text counts as absent: `NAME=` in an env file says "not set"."""
    file_name = variable.name + FILE_SUFFIX
    if environ.get(variable.name) and environ.get(file_name):
        return Problem(variable.name, f"set twice: {file_name} is set as well")
    name = source_of(variable, environ)
    if name is None:
        return None
    return _read_file(name, environ[name]) if name == file_name else Reading(name, environ[name])


def source_of(variable: Variable, environ: Mapping[str, str]) -> str | None:
    """The name that gives a variable its value, as `read_variable` finds it."""
    return next((name for name in names_of(variable) if environ.get(name)), None)


def names_of(variable: Variable) -> tuple[str, ...]:
    """All names of a variable; the first that is set counts."""
    platform = (variable.platform_name,) if variable.platform_name else ()
    return (variable.name, variable.name + FILE_SUFFIX, *platform)


def _read_file(name: str, path: str) -> Reading | Problem:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a pipe such as /dev/fd/3 is a file here, too
            content = file.read(_LONGEST_FILE_BYTES + 1)
    except OSError as problem:
        return Problem(name, f"its file cannot be read: {os.strerror(problem.errno or 0)}")
    except ValueError:  # a NUL in the path
        return Problem(name, "malformed; expected the path of a file")
    if len(content) > _LONGEST_FILE_BYTES:
        return Problem(name, f"its file is longer than {_LONGEST_FILE_BYTES} bytes")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return Problem(name, "its file is not UTF-8 text")
    text = text.removesuffix("\n").removesuffix("\r")
    return Reading(name, text) if text else Problem(name, "its file is empty")
