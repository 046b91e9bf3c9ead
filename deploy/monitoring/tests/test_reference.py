"""The page of the metrics is what the code declares, and nothing is declared anywhere else."""

import ast
import re
from pathlib import Path

import pytest

from postroom_monitoring_testing.inventory import read_metrics
from postroom_monitoring_testing.reference import PAGE, main, render

ROOT = Path(__file__).parents[3]
METRICS = read_metrics()
# Prometheus gives every series labels of these names; ours would be renamed.
TAKEN = {"job", "instance", "le", "quantile", "service", "namespace", "pod", "container", "endpoint"}
KINDS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}


def test_the_checked_in_page_is_what_is_generated(tmp_path: Path) -> None:
    (tmp_path / PAGE).parent.mkdir(parents=True)
    main(tmp_path)
    assert (ROOT / PAGE).read_text("utf-8") == (tmp_path / PAGE).read_text("utf-8"), "run: make docs"


def test_a_change_of_the_code_makes_the_page_stale() -> None:
    assert render(METRICS[:-1]) != (ROOT / PAGE).read_text("utf-8")


def test_names_are_prometheus_own_kind_and_belong_to_one_place() -> None:
    names = [one.name for one in METRICS]
    assert len(set(names)) == len(names) > 40
    for one in METRICS:
        assert re.fullmatch(r"postroom_[a-z_]+", one.name)
        assert one.meaning.endswith(".")
        assert not TAKEN & set(one.labels), one.name


def declared_in(source: str) -> set[str]:
    """The kinds of metrics that a module takes from prometheus_client."""
    return {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "prometheus_client"
        for alias in node.names
    } & KINDS


def test_metrics_are_declared_where_the_page_looks_for_them() -> None:
    sources = [
        path
        for top in ("services", "libs")
        for path in (ROOT / top).glob("*/postroom_*/**/*.py")
        if "_testing" not in str(path) and path.name != "metrics.py"
    ]
    assert sources
    assert {str(path) for path in sources if declared_in(path.read_text("utf-8"))} == set()


PLANTED = ["from prometheus_client import Gauge", "def f():\n from prometheus_client import Counter"]


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_declaration_is_found(planted: str) -> None:
    assert declared_in(planted)
