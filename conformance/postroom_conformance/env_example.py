"""Whether `.env.example` says what the classes of an artifact read."""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

_SETTING = re.compile(r"#?[A-Z0-9_]+=.*")


def find_example_faults(text: str, variables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines that are wrong, missing, too many, or not in the order of the classes.

    Args:
        text: of the file.
        variables: `Description` of each, as the artifact has it.
    """
    wanted = [
        f"{one['name']}={one['example']}" if one["is_required"] else f"#{one['name']}={one['default'] or ''}"
        for one in variables
    ]
    given = [line for line in text.splitlines() if _SETTING.fullmatch(line)]
    return [f"{found}, not {line}" for found, line in zip_longest(given, wanted, fillvalue="nothing") if found != line]
