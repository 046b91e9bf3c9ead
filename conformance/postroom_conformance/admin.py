"""How commands of the admin ended in its image, and what is wrong with that."""

import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from postroom_admin.exit_codes import MEANINGS
from postroom_admin_testing.uses import USES, Use
from postroom_conformance import admin_driver
from postroom_images_testing.one_off import PYTHON, run

CONSENT = "--yes"
_NOT_DONE = 1


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


@dataclass(frozen=True, slots=True)
class Typed:
    """What an operator types, and the exit codes that it ends with: the first time, and the second."""

    words: Sequence[str]
    code: int = 0
    again: int = 0


def find_wrong_ends(typed: Sequence[Typed], session: Session) -> list[str]:
    """Commands that were not tried, that ended otherwise than they are known to, or with a stack trace.

    Each was run twice, one after the other.
    """
    found = [f"{name} was not tried" for name in _untried(session.commands, typed)]
    expected = [code for one in typed for code in (one.code, one.again)]
    for ended, code in zip(session.ended, expected, strict=True):
        name = " ".join(ended.words)
        if ended.code != code or code not in MEANINGS:
            found.append(f"{name} ended with {ended.code}, not {code}: {ended.err}")
        if "Traceback" in ended.out + ended.err:
            found.append(f"{name} shows a stack trace")
    return found


def _untried(commands: Iterable[Mapping[str, Any]], typed: Sequence[Typed]) -> list[str]:
    paths = [tuple(one["path"]) for one in commands]
    return [" ".join(path) for path in paths if not any(tuple(one.words[: len(path)]) == path for one in typed)]


def find_hasty(session: Session, uses: Mapping[str, Use] = USES) -> list[str]:
    """Commands that cannot be undone and never ask, and those that did not ask although nobody had consented."""
    asking = {" ".join(one["path"]) for one in session.commands if one["asks"]}
    found = [f"{name} never asks" for name, use in uses.items() if use.asks and name not in asking]
    return found + [
        f"{' '.join(ended.words)} ended with {ended.code} and did not ask"
        for ended in session.ended
        if ended.code != _NOT_DONE or CONSENT not in ended.err
    ]
