"""Names that nobody reads: a slip of the pen in a name must not leave a default in force unseen."""

import difflib
from collections.abc import Iterable, Mapping

from postroom_config.blocks import BLOCKS, TOOL_VARIABLES
from postroom_config.errors import Problem
from postroom_config.variable import FILE_SUFFIX, PREFIX, variable_of


def known_names() -> frozenset[str]:
    """Every prefixed name that some process of the release reads, so that one env file serves all of them."""
    names = {variable_of(field).name for block in BLOCKS for field in block.model_fields.values()}
    return frozenset(names | {name + FILE_SUFFIX for name in names} | TOOL_VARIABLES.keys())


def find_unknown(environ: Mapping[str, str]) -> Iterable[Problem]:
    known = known_names()
    for name in sorted(environ):
        if name in known or not name.upper().startswith(PREFIX):
            continue
        if name.startswith(PREFIX):
            # Without the prefix, which would make all names look alike.
            rests = [one.removeprefix(PREFIX) for one in sorted(known) if one.startswith(PREFIX)]
            near = difflib.get_close_matches(name.removeprefix(PREFIX), rests, n=1, cutoff=0.7)
            yield Problem(name, f"unknown; did you mean {PREFIX}{near[0]}?" if near else "unknown")
        elif name.upper() in known:
            yield Problem(name, f"unknown; did you mean {name.upper()}? Names are case-sensitive")
