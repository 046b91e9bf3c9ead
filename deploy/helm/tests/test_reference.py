"""The parts of the chart that follow from others: values from the schema, the schema's config from the variables."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from postroom_chart_testing.reference import main, render_values, update_readme, update_schema
from postroom_chart_testing.variables import NOT_CONFIG, read_rows

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "configuration.md"
WRITE = "run: make docs"


@pytest.fixture(scope="module")
def schema(chart: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((chart / "values.schema.json").read_text("utf-8"))
    return read


def test_the_schema_knows_the_variables_of_this_release(chart: Path) -> None:
    text = (chart / "values.schema.json").read_text("utf-8")
    assert text == update_schema(text, PAGE.read_text("utf-8")), WRITE


def test_the_values_are_what_the_schema_says(chart: Path, schema: dict[str, Any]) -> None:
    assert (chart / "values.yaml").read_text("utf-8") == render_values(schema), WRITE


def test_the_readme_names_every_value(chart: Path, schema: dict[str, Any]) -> None:
    text = (chart / "README.md").read_text("utf-8")
    assert text == update_readme(text, schema), WRITE
    for name in schema["properties"]["config"]["properties"]:
        assert f"| `config.{name}` |" in text
    for path in _paths(yaml.safe_load((chart / "values.yaml").read_text("utf-8"))):
        assert f"| `{path}` |" in text


def _paths(values: dict[str, Any], prefix: str = "") -> list[str]:
    """Of what is set; what is given as one piece, such as resources, ends a path."""
    found = []
    for name, value in values.items():
        if isinstance(value, dict) and value and name != "resources":
            found += _paths(value, f"{prefix}{name}.")
        else:
            found.append(prefix + name)
    return found


def test_each_row_of_the_page_is_read() -> None:
    page = PAGE.read_text("utf-8")
    tables, tools = page.split("## Tools")
    rows = list(read_rows(page))

    assert len(rows) == tables.count("\n| `POSTROOM_") + tables.count("\n| `OTEL_")
    assert [row.name for row in rows if row.secret] == [
        "POSTROOM_DATABASE_URL",
        "POSTROOM_REDIS_URL",
        "POSTROOM_MAIL_URL",
        "POSTROOM_SECRET_KEY",
        "OTEL_EXPORTER_OTLP_HEADERS",
    ]
    assert {row.name for row in rows} >= NOT_CONFIG
    assert not any(row.name in tools for row in rows)


def test_every_object_of_the_schema_is_closed(schema: dict[str, Any]) -> None:
    def find_open(node: Any, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        found = [path] if node.get("type") == "object" and not _is_closed(node) else []
        return found + [each for name, one in node.items() for each in find_open(one, f"{path}/{name}")]

    assert find_open(schema, "") == ["/properties/global"]


def _is_closed(node: dict[str, Any]) -> bool:
    return node.get("additionalProperties") in (False, {"type": "string"})


def test_main_writes_them(chart: Path, tmp_path: Path) -> None:
    names = ("values.schema.json", "values.yaml", "README.md")
    copy = tmp_path / "deploy/helm/postroom"
    copy.mkdir(parents=True)
    (tmp_path / "docs/reference").mkdir(parents=True)
    (tmp_path / "docs/reference/configuration.md").write_text(PAGE.read_text("utf-8"), "utf-8")
    for name in names:
        (copy / name).write_text((chart / name).read_text("utf-8"), "utf-8")
    (copy / "values.yaml").write_text("stale", "utf-8")

    main(tmp_path)

    for name in names:
        assert (copy / name).read_text("utf-8") == (chart / name).read_text("utf-8")
