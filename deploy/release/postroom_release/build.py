"""What `make package` built: dist/build.json."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from postroom_release.errors import EX_DATAERR, EX_NOINPUT, Refused

SERVICES = ("api", "worker", "scheduler")

_REFERENCE = re.compile(r"(?:[a-z0-9][\w.:/-]*@)?sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Build:
    """One build.

    Args:
        commit: 40 hex digits.
        modified: whether files differed from the commit's.
        images: of each service: `sha256:ID` in this engine, or `REGISTRY/NAME@sha256:DIGEST`. Never a tag.
    """

    version: str
    commit: str
    modified: bool
    images: dict[str, str]


def read_build(file: Path) -> Build:
    """Raises Refused, naming the field."""
    try:
        told = json.loads(file.read_bytes())
    except FileNotFoundError as problem:
        raise Refused(f"{file}: no build is there; `make package` makes one", exit_code=EX_NOINPUT) from problem
    except (OSError, ValueError) as problem:
        raise Refused(f"{file}: it cannot be read as JSON", exit_code=EX_DATAERR) from problem
    try:
        build = Build(
            version=told["version"],
            commit=told["commit"],
            modified=told["modified"],
            images={service: told["images"][service]["reference"] for service in SERVICES},
        )
    except (KeyError, TypeError) as problem:
        raise Refused(
            f"{file}: {problem} is missing, or not as `make package` writes it", exit_code=EX_DATAERR
        ) from problem
    _check(file, "version", isinstance(told["version"], str) and told["version"] != "", "text")
    _check(file, "commit", re.fullmatch("[0-9a-f]{40}", str(told["commit"])) is not None, "40 hex digits")
    _check(file, "modified", isinstance(told["modified"], bool), "true or false")
    for service, reference in build.images.items():
        right = re.fullmatch(_REFERENCE, str(reference)) is not None
        _check(file, f"images.{service}.reference", right, "sha256:ID or NAME@sha256:DIGEST, as a tag can move")
    return build


def _check(file: Path, field: str, right: bool, expected: str) -> None:  # noqa: FBT001 - the question itself
    if not right:
        raise Refused(f"{file}: {field}: expected {expected}", exit_code=EX_DATAERR)
