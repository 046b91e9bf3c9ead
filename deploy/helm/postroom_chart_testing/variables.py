"""The variables of Postroom, read from the page that libs/config generates: this resolve has none of its imports."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# | `NAME` or `OTHER` (secret) | type | unit | expected | default | example | read by | about |
_ROW = re.compile(
    r"^\| `(?P<name>(?:POSTROOM|OTEL)_[A-Z_]+)`(?: or `[A-Z_]+`)?(?P<secret> \(secret\))?"
    r" \|[^|]+\|[^|]*\| (?P<expected>[^|]+) \| (?P<default>[^|]+) \|[^|]*\|[^|]+\| (?P<about>[^|]+) \|$",
    re.MULTILINE,
)
_BOUNDS = re.compile(r"^a (?P<whole>whole )?number from (?P<lowest>[0-9.]+) to (?P<highest>[0-9.]+)$")

NOT_CONFIG = frozenset({"POSTROOM_RELEASE", "POSTROOM_COMMIT"})
"""The chart names the release, the image its commit."""

SHOWN = frozenset({"POSTROOM_PORT", "POSTROOM_HEALTH_PORT", "POSTROOM_DRAIN_SECONDS"})
"""What the manifests depend on: always set, so that they and the processes cannot differ."""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    secret: bool
    expected: str
    default: str
    about: str


def read_rows(page: str) -> Iterator[Row]:
    for match in _ROW.finditer(page):
        yield Row(
            match["name"],
            bool(match["secret"]),
            match["expected"],
            match["default"].strip("`"),
            match["about"],
        )


def read_properties(page: str) -> dict[str, dict[str, Any]]:
    """What the schema says of each variable that may be given as a value."""
    properties = {}
    for row in read_rows(page):
        if row.secret or row.name in NOT_CONFIG:
            continue
        node = {**_shape(row.expected), "description": f"{row.about} Expected: {row.expected}."}
        if row.name in SHOWN:
            node["default"] = json.loads(row.default)
        elif row.default != "none":
            node["description"] += f" Without it: {row.default}."
        properties[row.name] = node
    return properties


def _shape(expected: str) -> dict[str, Any]:
    if expected == "true or false":
        return {"enum": [True, False, "true", "false"]}
    if expected.startswith("one of: "):
        return {"enum": expected.removeprefix("one of: ").split(", ")}
    if bounds := _BOUNDS.match(expected):
        return {
            "type": ["integer" if bounds["whole"] else "number", "string"],
            "minimum": json.loads(bounds["lowest"]),
            "maximum": json.loads(bounds["highest"]),
            "pattern": "^[0-9]+$" if bounds["whole"] else r"^[0-9]+(\.[0-9]+)?$",
        }
    return {"type": "string", "minLength": 1}
