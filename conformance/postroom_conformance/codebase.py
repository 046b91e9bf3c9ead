"""Whether what was built says where it comes from, and whether anything was made for one environment."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from postroom_conformance.environment import ENVIRONMENTS

# A file may be one of tests; of code it is another question whether it is said to be under test.
_ENVIRONMENTS = (ENVIRONMENTS - {"test"}) | {"preprod", "sandbox"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_REVISION = re.compile(r"[0-9a-f]{40}(?:-[a-z]+)?")


def find_other_commits(told: Mapping[str, str | None], commit: str) -> list[str]:
    """What says another commit than that of its build, or none; `told` by who says it."""
    return [f"{who} says {said!r}" for who, said in told.items() if _REVISION.findall(said or "") != [commit]]


def find_named_environments(names: Iterable[str]) -> list[str]:
    """Names, of files or of branches, one of whose words is that of an environment."""
    return sorted(name for name in names if _ENVIRONMENTS & {word.lower() for word in _WORD.findall(name)})


def words_of(workflow: Any) -> Iterator[str]:
    """Every key and text of a workflow, in lines: triggers, conditions, environments and commands may name a branch."""
    match workflow:
        case dict():
            for name, value in workflow.items():
                yield from (*words_of(name), *words_of(value))
        case list():
            for one in workflow:
                yield from words_of(one)
        case str():
            # A device is no branch.
            yield from workflow.replace("/dev/", "/").splitlines()
