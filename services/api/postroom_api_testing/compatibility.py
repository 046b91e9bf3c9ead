"""What of Resend's API works here, and the test that shows it: docs/reference/compatibility.md."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from postroom_api_testing.choices import CHOICES
from postroom_api_testing.resend_endpoints import GROUPS, OTHERS

_TESTS = Path("services/api/tests")

_INTRODUCTION = """\
# Compatibility with Resend

<!-- {remark} -->

Postroom speaks Resend's wire format: its official SDKs work with only the base URL changed. This page says of every
endpoint whether it is supported, and names the test that drives it through the official Python SDK. A team that uses
only what is supported here moves by changing the base URL and the key.

How clients of other languages are pointed here, and the request shapes that they are known to send, are replayed by
[test_client_shapes.py](../../services/api/tests/test_client_shapes.py).
"""


def find_proofs(root: Path) -> dict[str, str]:
    """The test of each endpoint that one proves, as ``file::name``; found in the sources, nothing is run."""
    return {endpoint: test for file in sorted((root / _TESTS).glob("*.py")) for endpoint, test in _proofs(file)}


def find_supported(document: Mapping[str, Any]) -> frozenset[str]:
    """The endpoints of an OpenAPI document, in the spelling of the page."""
    return frozenset(
        plain(f"{method.upper()} {path}") for path, methods in document["paths"].items() for method in methods
    )


def plain(endpoint: str) -> str:
    """An endpoint with its ids nameless, so that what clients and routes call them does not matter."""
    return re.sub(r"\{\w+\}", "{}", endpoint)


def render_compatibility(document: Mapping[str, Any], proofs: Mapping[str, str], remark: str) -> str:
    supported = find_supported(document)
    parts = [_INTRODUCTION.format(remark=remark)]
    for group in GROUPS:
        rows = [_row(endpoint, supported, proofs) for endpoint in group.endpoints]
        parts.append("\n".join([f"## {group.name}", "", "| Endpoint | | Shown by |", "|---|---|---|", *rows, ""]))
    rows = [f"| {name} | {where} | not yet |" for name, where in OTHERS]
    parts.append("\n".join(["## Other groups", "", "| Group | Endpoints | |", "|---|---|---|", *rows, ""]))
    rows = [f"| {case} | {answer} |" for case, answer in CHOICES]
    parts.append("\n".join(["## Postroom's own", "", "| Endpoint | |", "|---|---|", *_own(document), ""]))
    heading = "## Choices where Resend's documents are silent or disagree"
    parts.append("\n".join([heading, "", "| Case | Postroom |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def _own(document: Mapping[str, Any]) -> Iterator[str]:
    """What asks for a key, and Resend has nothing of."""
    resends = {plain(endpoint) for group in GROUPS for endpoint in group.endpoints}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            endpoint = f"{method.upper()} {path}"
            if operation.get("security") and plain(endpoint) not in resends:
                yield f"| `{endpoint}` | {operation['summary']} |"


def _row(endpoint: str, supported: frozenset[str], proofs: Mapping[str, str]) -> str:
    if plain(endpoint) not in supported:
        return f"| `{endpoint}` | not yet | |"
    if endpoint not in proofs:  # a test says so
        return f"| `{endpoint}` | supported | |"
    file, _, name = proofs[endpoint].partition("::")
    return f"| `{endpoint}` | supported | [{name}](../../{_TESTS}/{file}) |"


def _proofs(file: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "proves":
                for argument in mark.args:
                    yield str(ast.literal_eval(argument)), f"{file.name}::{node.name}"
