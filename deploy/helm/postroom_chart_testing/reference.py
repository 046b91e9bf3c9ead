"""Writes what follows from the schema of the chart's values, and the schema's part that follows from the variables.

``python -m postroom_chart_testing.reference FOLDER`` writes `values.schema.json`, `values.yaml` and the table in
`README.md` of the chart in the repository at FOLDER (`make docs`).
"""

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from postroom_chart_testing.variables import read_properties

Schema = dict[str, Any]

CHART = Path("deploy/helm/postroom")
VARIABLES = Path("docs/reference/configuration.md")

_REMARK = "Generated from values.schema.json by `make docs`; do not edit."
_TABLE = re.compile(r"(?<=<!-- values -->\n).*(?=<!-- end of values -->)", re.DOTALL)
_WIDTH = 118


def update_schema(text: str, variables: str) -> str:
    """The schema with its `config` as the page of the variables has it."""
    schema = json.loads(text)
    schema["properties"]["config"]["properties"] = read_properties(variables)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def render_values(schema: Schema) -> str:
    lines = [f"# {_REMARK}"]
    for name, node in schema["properties"].items():
        lines += ["", *_write_value(schema, name, node, "")]
    return "\n".join(lines) + "\n"


def update_readme(text: str, schema: Schema) -> str:
    rows = [f"\n<!-- {_REMARK} -->\n", "| Value | Default | About |", "|---|---|---|"]
    for path, node in _leaves(schema, schema, ""):
        default = "required" if path.startswith("build.") else "not set"
        if "default" in node:
            default = f"`{json.dumps(node['default'])}`"
        rows.append(f"| `{path}` | {default} | {node['description'].replace('|', '&#124;')} |")
    return _TABLE.sub(lambda _: "\n".join(rows) + "\n\n", text)


def _write_value(schema: Schema, name: str, node: Schema, indent: str) -> Iterator[str]:
    """The lines of one value: what it is about, and its default; one without is shown in a comment."""
    node = _resolve(schema, node)
    about = node["description"]
    yield from textwrap.wrap(about, _WIDTH - len(indent), initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")
    if "properties" in node and "default" not in node:
        given = {key: one for key, one in node["properties"].items() if name != "config" or "default" in one}
        opened = any("default" in one for _, one in _leaves(schema, node, ""))
        yield f"{indent}{name}:" if opened else f"{indent}#{name}:"
        for key, one in given.items():
            yield from _write_value(schema, key, one, indent + "  ")
    elif "default" in node:
        yield from _write_default(name, node["default"], indent)
    else:
        yield f"{indent}#{name}:"


def _write_default(name: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield f"{indent}{name}:"
        for key, one in value.items():
            yield from _write_default(key, one, indent + "  ")
    elif isinstance(value, list) and value:
        yield f"{indent}{name}:"
        for one in value:
            yield f"{indent}  - {json.dumps(one)}"
    else:
        yield f"{indent}{name}: {json.dumps(value)}"


def _leaves(schema: Schema, node: Schema, prefix: str) -> Iterator[tuple[str, Schema]]:
    for name, each in node["properties"].items():
        one = _resolve(schema, each)
        if "properties" in one and "default" not in one:
            yield from _leaves(schema, one, f"{prefix}{name}.")
        else:
            yield prefix + name, one


def _resolve(schema: Schema, node: Schema) -> Schema:
    if "$ref" not in node:
        return node
    definition: Schema = schema["definitions"][node["$ref"].removeprefix("#/definitions/")]
    return definition | node


def main(folder: Path) -> None:
    chart = folder / CHART
    schema_file, values_file, readme_file = (
        chart / name for name in ("values.schema.json", "values.yaml", "README.md")
    )
    text = update_schema(schema_file.read_text("utf-8"), (folder / VARIABLES).read_text("utf-8"))
    schema = json.loads(text)
    schema_file.write_text(text, "utf-8")
    values_file.write_text(render_values(schema), "utf-8")
    readme_file.write_text(update_readme(readme_file.read_text("utf-8"), schema), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
