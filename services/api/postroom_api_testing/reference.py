"""Writes what people read about the API, from the api itself.

``python -m postroom_api_testing.reference FOLDER`` writes the pages into the repository at FOLDER (`make docs`).
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar

from postroom_api.app import create_app
from postroom_api.contract import contract
from postroom_api.edge import Edge
from postroom_api.errors import TABLE
from postroom_api.hinter import Hinter
from postroom_api.intake import GroupIntake
from postroom_api.resources import Resources
from postroom_api.routes.operations import Version, operations_routes
from postroom_api_testing.compatibility import find_proofs, render_compatibility
from postroom_api_testing.running import TERMS
from postroom_database.engine import Database
from postroom_health.backing_service import BackingService
from postroom_health.checks import Readiness
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints

_REMARK = "Generated from services/api by `make docs`; do not edit."
_NOWHERE = "redis://127.0.0.1:1/0"

_ERRORS = """\
# Errors

<!-- {remark} -->

Every error answers JSON with `statusCode`, `name` and `message`, in Resend's shape: its SDKs sort by the status and the
name. The message names what is wrong, and nothing was stored. What stands in braces differs from case to case.

| Status | Name | Message | When |
|---|---|---|---|
"""


def read_contract() -> dict[str, Any]:
    """The OpenAPI document of an api that has opened nothing."""
    database = Database("sqlite:///nowhere")
    hinter = Hinter(database, Hints(open_broker(_NOWHERE, timeout_seconds=1), 1))
    resources = Resources(database, _NOWHERE, hinter, GroupIntake(database, hinter), TERMS, BackingService("redis"))
    operations = [operations_routes(Readiness([]), Version("api", "0", "none", "none"))]
    app = create_app(resources, operations=operations, remaining_seconds=lambda: 0.0)
    if not (isinstance(app, Edge) and isinstance(app.inner, Litestar)):
        raise TypeError("the edge holds the application")
    return contract(app.inner)


def render_contract(document: Mapping[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1).decode() + "\n"


def render_errors() -> str:
    kinds = sorted(TABLE.values(), key=lambda kind: (kind.status, kind.name))
    rows = [f"| {kind.status} | `{kind.name}` | {kind.text} | {kind.when} |" for kind in kinds]
    return _ERRORS.format(remark=_REMARK) + "\n".join(rows) + "\n"


def render_all(root: Path) -> dict[str, str]:
    """The pages by their path below the root."""
    document = read_contract()
    return {
        "docs/reference/openapi.json": render_contract(document),
        "docs/reference/errors.md": render_errors(),
        "docs/reference/compatibility.md": render_compatibility(document, find_proofs(root), _REMARK),
    }


def main(root: Path) -> None:
    for path, text in render_all(root).items():
        (root / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
