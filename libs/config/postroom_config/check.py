"""The whole environment of a release at once, before any of its processes starts."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace

from postroom_config.blocks import BLOCKS, READERS
from postroom_config.errors import EX_CONFIG, ConfigError, Problem
from postroom_config.load import format_report, leave_out_service_links, load_blocks
from postroom_config.reading import names_of, source_of
from postroom_config.variable import variable_of


def check_or_exit() -> int:
    """How many variables are set; ends the process with exit code 78 and one report when any process would."""
    try:
        return check(os.environ)
    except ConfigError as error:
        sys.stderr.write(format_report(error.problems))
    sys.exit(EX_CONFIG)


def check(environ: Mapping[str, str]) -> int:
    """How many variables are set that some process reads.

    Raises:
        ConfigError: as `load` does, for all processes; says of each variable which ones read it.
    """
    given = leave_out_service_links(environ)
    try:
        load_blocks({block.__name__: block for block in BLOCKS}, given)
    except ConfigError as error:
        raise ConfigError(tuple(_name_readers(problem) for problem in error.problems)) from None
    variables = [variable_of(field) for block in BLOCKS for field in block.model_fields.values()]
    return sum(source_of(variable, given) is not None for variable in variables)


def _name_readers(problem: Problem) -> Problem:
    for block, readers in READERS.items():
        for field in block.model_fields.values():
            if problem.variable in names_of(variable_of(field)):
                return replace(problem, complaint=f"{problem.complaint} [read by {', '.join(readers)}]")
    return problem
