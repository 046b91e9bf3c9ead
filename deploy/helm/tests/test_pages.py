"""What pages and files beside the chart say of it."""

import re
from pathlib import Path

import yaml

from postroom_chart_testing.faults import find_faults
from postroom_chart_testing.rendering import render
from postroom_chart_testing.values import minimal

ROOT = Path(__file__).parents[3]
_SAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_values_of_the_how_to_are_taken(chart: Path, secret_names: frozenset[str]) -> None:
    (sample,) = _SAMPLE.findall((ROOT / "docs/how-to/deploy-kubernetes.md").read_text("utf-8"))
    rendered = render(chart, minimal() | yaml.safe_load(sample))

    assert find_faults(rendered.documents, secret_names) == []
    assert rendered.get("Ingress", "api")["spec"]["rules"][0]["host"] == "postroom.example.com"


def test_the_chart_has_the_version_of_the_release(chart: Path) -> None:
    described = yaml.safe_load((chart / "Chart.yaml").read_text("utf-8"))
    version = (ROOT / "libs/config/postroom_config/version.py").read_text("utf-8")

    assert version == f'VERSION = "{described["version"]}"\n'
    assert described["appVersion"] == described["version"]
