"""Reading the environment of one process. Beside `check`, which reads that of all, nothing in the release does."""

import os
import sys
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from postroom_config.contradictions import find_contradictions
from postroom_config.errors import EX_CONFIG, ConfigError, Problem
from postroom_config.reading import Reading, read_variable
from postroom_config.service_links import is_service_link
from postroom_config.settings import Block, Settings
from postroom_config.unknown import find_unknown
from postroom_config.variable import PREFIX, expected_of, variable_of

S = TypeVar("S", bound=Settings)


def load_or_exit(settings_class: type[S]) -> S:
    """The settings of this process; ends it with exit code 78 and one report when they cannot be used."""
    try:
        return load(settings_class, os.environ)
    except ConfigError as error:
        sys.stderr.write(format_report(error.problems))
    sys.exit(EX_CONFIG)


def load(settings_class: type[S], environ: Mapping[str, str]) -> S:
    """Read every block of the settings.

    Raises:
        ConfigError: names every variable that is missing, malformed or unknown, and no value.
    """
    kinds: dict[str, type[Block]] = {}
    for name, field in settings_class.model_fields.items():
        block = field.annotation
        if not (isinstance(block, type) and issubclass(block, Block)):
            raise TypeError(f"{settings_class.__name__}.{name} is no block")
        kinds[name] = block
    return settings_class(**load_blocks(kinds, leave_out_service_links(environ)))


def load_blocks(kinds: Mapping[str, type[Block]], given: Mapping[str, str]) -> dict[str, Block]:
    """The blocks, by the same names.

    Raises:
        ConfigError: as `load` does.
    """
    problems: list[Problem] = []
    blocks: dict[str, Block] = {}
    for name, kind in kinds.items():
        made = _load_block(kind, given, problems)
        if made is not None:
            blocks[name] = made
    problems.extend(find_contradictions(blocks.values()))
    problems.extend(find_unknown(given))
    if problems:
        raise ConfigError(tuple(problems))
    return blocks


def leave_out_service_links(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: text for name, text in environ.items() if not (name.startswith(PREFIX) and is_service_link(name, text))
    }


def format_report(problems: tuple[Problem, ...]) -> str:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"Postroom cannot start: {count} in its environment variables."]
    lines += [f"  {problem.variable}: {problem.complaint}" for problem in problems]
    lines.append("All variables: docs/reference/configuration.md")
    return "\n".join(lines) + "\n"


def _load_block(block: type[Block], environ: Mapping[str, str], problems: list[Problem]) -> Block | None:
    fields = block.model_fields
    readings: dict[str, Reading] = {}
    before = len(problems)
    for name, field in fields.items():
        found = read_variable(variable_of(field), environ)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None:
            readings[name] = found
        elif field.is_required():
            problems.append(_missing(field))
    values: dict[str, Any] = {name: reading.text for name, reading in readings.items()}
    try:
        made = block(**values)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            if not detail["loc"]:  # each is right by itself, and they contradict each other
                reason = detail["ctx"]["error"]
                problems.extend(Problem(reading.source, f"contradiction: {reason}") for reading in readings.values())
                continue
            name = str(detail["loc"][0])
            if name in readings:  # what was not read has been named above
                problems.append(_malformed(readings[name].source, fields[name], detail.get("ctx", {})))
        return None
    return made if len(problems) == before else None


def _missing(field: FieldInfo) -> Problem:
    variable = variable_of(field)
    also = f" ({variable.platform_name} is read as well)" if variable.platform_name else ""
    return Problem(variable.name, f"missing; expected {expected_of(field)}{also}")


def _malformed(source: str, field: FieldInfo, context: Mapping[str, Any]) -> Problem:
    """Say what is wrong. Pydantic's own texts may quote the value, so only those of our validators are used."""
    reason = context.get("error")
    because = f": {reason}" if isinstance(reason, ValueError) else ""
    return Problem(source, f"malformed{because}; expected {expected_of(field)}")
