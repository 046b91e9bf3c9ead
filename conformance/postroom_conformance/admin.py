"""How commands of the admin ended in its image, and what is wrong with that."""

import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from postroom_conformance import admin_driver
from postroom_conformance.admin_table import TABLE, Typed, find_untyped
from postroom_conformance.one_off import PYTHON, run

DOCUMENTED = {0, 1, 2, 65, 69, 75, 78, 130}
"""Exit codes, by docs/reference/admin.md."""
_ASKS = "--yes"
_NOT_DONE = 1
_LAST_FOR_GOOD = {("dead", "discard"), ("email", "cancel"), ("erase",), ("key", "revoke"), ("retention", "run")}
"""What nothing can undo."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One command that was run."""

    words: Sequence[str]
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the driver.

    Args:
        commands: that the admin has, with whether each can be told not to ask.
        ended: what was run, in that order.
    """

    commands: Sequence[Mapping[str, Any]]
    ended: Sequence[Ended]


def run_admin(
    image: str,
    commands: Sequence[Sequence[str]],
    *,
    variables: Mapping[str, str],
    network: str,
    plant: str = "",
    together: bool = False,
) -> Session:
    """In one locked-down container of the worker's image, one after the other or all at once.

    `plant` is source that spoils the admin before. Raises AssertionError when the container does not end well.
    """
    asked = json.dumps({"commands": commands, "plant": plant, "together": together})
    driver = inspect.getsource(admin_driver)
    code, out, err = run(image, "-c", driver, asked, entry_point=PYTHON, variables=variables, network=network)
    if code != 0:
        raise AssertionError(f"the driver ended with {code}: {err}")
    there, *ended = map(json.loads, out.splitlines())
    return Session(there, [Ended(**one) for one in ended])


def type_twice(made: Mapping[str, str]) -> list[list[str]]:
    return [one.filled(made) for one in TABLE for _ in range(2)]


def find_wrong_ends(session: Session, table: Iterable[Typed] = TABLE) -> list[str]:
    """Commands that were not tried, that ended otherwise than the table says, or with a stack trace."""
    found = [f"{name} was not tried" for name in find_untyped([one["path"] for one in session.commands])]
    expected = [code for one in table for code in (one.code, one.again)]
    for ended, code in zip(session.ended, expected, strict=True):
        name = " ".join(ended.words)
        if ended.code != code or code not in DOCUMENTED:
            found.append(f"{name} ended with {ended.code}, not {code}: {ended.err}")
        if "Traceback" in ended.out + ended.err:
            found.append(f"{name} shows a stack trace")
    return found


def drop_consent(made: Mapping[str, str]) -> list[list[str]]:
    """Each command of the table that takes `--yes`, without it."""
    return [[word for word in one.filled(made) if word != _ASKS] for one in TABLE if _ASKS in one.words]


def find_hasty(session: Session) -> list[str]:
    """Commands that cannot be undone and never ask, and those that did not ask although nobody had consented."""
    asking = {tuple(one["path"]) for one in session.commands if one["asks"]}
    found = [f"{' '.join(path)} never asks" for path in sorted(_LAST_FOR_GOOD - asking)]
    return found + [
        f"{' '.join(ended.words)} ended with {ended.code} and did not ask"
        for ended in session.ended
        if ended.code != _NOT_DONE or _ASKS not in ended.err
    ]
