"""Pytest fixtures; `conftest.py` imports them by name."""

from collections.abc import Callable, Iterator

import pytest

from postroom_conformance.claims import said_of

Evidence = Callable[[str], None]
"""Takes a line that says what was seen: a figure, an answer, an exit code."""


@pytest.fixture(autouse=True)
def said(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    """What the test is for stands in its report, too."""
    for name, words in said_of(request.function).items():
        record_property(name, words)


@pytest.fixture
def evidence(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> Iterator[Evidence]:
    """For a test to show what it saw; one that asked for it and showed nothing fails."""
    seen = []

    def show(line: str) -> None:
        seen.append(line)
        record_property("evidence", line)
        with capsys.disabled():
            print(f"\n  {line}", end="")  # noqa: T201 - for whoever reads along

    yield show
    if not seen:
        pytest.fail("a proof shows what it saw")
