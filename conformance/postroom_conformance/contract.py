"""Whether an api that runs keeps what its OpenAPI document promises."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SEED = 20261124
SECONDS = 600
_METHODS = {"get", "post", "put", "patch", "delete"}
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "use_after_free",
    "ignored_auth",
)

Document = Mapping[str, Any]


def operations(document: Document) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Method, path and description of each."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in _METHODS:
                yield method.upper(), path, operation


def find_differences(one: Document, other: Document) -> list[str]:
    """Operations that only one of two documents has, or that they describe differently; then all else that differs."""
    here, there = (_by_name(document) for document in (one, other))
    found = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
    if found:
        return found
    shared, other_shared = ({**document, "paths": None} for document in (one, other))
    return [] if shared == other_shared else ["what operations share"]


def _by_name(document: Document) -> Mapping[str, Any]:
    return {f"{method} {path}": operation for method, path, operation in operations(document)}


def find_breaches(url: str, key: str, folder: Path, *, examples: int) -> list[str]:
    """Ask an api what its document promises, and some of what it does not, with Schemathesis; what it broke.

    Args:
        url: where the api answers; its document stands at `/openapi.json`.
        key: that it takes.
        folder: for what Schemathesis leaves.
        examples: for each operation and phase.
    """
    done = subprocess.run(  # noqa: S603 - the library's own program
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"),
            *("--header", f"Authorization: Bearer {key}"),
            *("--checks", ",".join(_CHECKS)),
            *("--max-examples", str(examples), "--seed", str(SEED)),
            *("--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure"),
            *("--suppress-health-check", "all", "--no-color"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    sys.stdout.write(done.stdout)
    found = re.findall(r"^- (?:ST\d+ )?(.+)$", done.stdout, re.MULTILINE)
    return found if found or done.returncode == 0 else [f"Schemathesis ended with {done.returncode}: {done.stderr}"]
