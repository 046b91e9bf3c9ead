"""Whether the same servers, commands and ports are everywhere, wherever they are named."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Stated = Mapping[str, str]
"""A version or a command, by where it is stated."""

_VERSION = re.compile(r"\d+\.\d+")
PLACES = {
    "MariaDB": {
        "build-support/on_debian": r'"DATABASE_IMAGE mariadb mariadb:([\d.]+)"',
        "deploy/release/postroom_release/releasing.py": r'"DATABASE_IMAGE": "mariadb:([\d.]+)"',
        "deploy/terraform/examples/rds/main.tf": r'mariadb = "([\d.]+)"',
    },
    "Redis": {
        "build-support/on_debian": r'"REDIS_IMAGE redis redis:([\d.]+)"',
        "deploy/release/postroom_release/releasing.py": r'"REDIS_IMAGE": "redis:([\d.]+)"',
        "deploy/terraform/examples/elasticache/main.tf": r'engine_version +=\s+"([\d.]+)"',
    },
    "MySQL": {
        "deploy/terraform/examples/rds/main.tf": r'mysql = "([\d.]+)"',
    },
}
"""Files that name a server, and how: compose.yaml leaves the choice to the release that runs it."""
AUTOMATION = (".ci", ".github/workflows")
"""Folders of files that may name any, as images."""


def read_stated(server: str, root: Path = Path()) -> dict[str, str]:
    """Its version in each place; raises ValueError where one of PLACES names none, or several."""
    stated = {}
    for place, pattern in PLACES[server].items():
        (version,) = re.findall(pattern, (root / place).read_text(), re.MULTILINE)
        stated[place] = read_version(version)
    for folder in AUTOMATION:
        for file in sorted((root / folder).iterdir()):
            for version in re.findall(rf"\b{server.lower()}:(\d[\d.]*)", file.read_text()):
                stated[str(file.relative_to(root))] = read_version(version)
    return stated


def read_version(told: str) -> str:
    """The first that a program tells of itself, without what follows a minor version."""
    found = _VERSION.search(told)
    return found[0] if found else f"none in {told!r}"


def find_unequal(stated: Stated) -> list[str]:
    """Places that say another thing than the first."""
    first, *others = ((place, text) for place, text in stated.items())
    return [f"{place} has {text}, {first[0]} has {first[1]}" for place, text in others if text != first[1]]


def find_automatic(workflow: Mapping[Any, Any]) -> list[str]:
    """What starts a workflow although nobody asked for it."""
    # YAML reads `on` as a truth.
    return [f"started by {trigger}" for trigger in workflow[True] if trigger != "workflow_dispatch"]
