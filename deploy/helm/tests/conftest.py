from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from postroom_chart_testing import planting
from postroom_chart_testing.variables import read_rows

ROOT = Path(__file__).parents[3]
CHART = ROOT / "deploy" / "helm" / "postroom"
VARIABLES = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")


@pytest.fixture(scope="session")
def chart() -> Path:
    return CHART


@pytest.fixture(scope="session")
def secret_names() -> frozenset[str]:
    return frozenset(row.name for row in read_rows(VARIABLES) if row.secret)


Plant = Callable[[str, str, str], Path]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """A copy of the chart in which one text stands for another, everywhere in one file."""
    return partial(planting.plant, CHART, tmp_path)
