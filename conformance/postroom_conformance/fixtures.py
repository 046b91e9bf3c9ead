"""Pytest fixtures; `conftest.py` imports them by name."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postroom_conformance.alone import Run, run_alone
from postroom_conformance.claims import said_of
from postroom_conformance.pex_file import PEX_FILES
from postroom_images_testing.image import Image, read_image
from postroom_images_testing.stack import SERVICES

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


@pytest.fixture(scope="session")
def images(names: dict[str, str]) -> dict[str, Image]:
    """Of the services, read."""
    return {service: read_image(names[service]) for service in SERVICES}


@pytest.fixture(scope="session")
def runs(base_name: str) -> dict[str, Run]:
    """What became of each PEX file that was run alone, by entry point."""
    with ThreadPoolExecutor() as together:
        done = together.map(lambda file: run_alone(Path(file), base_name), PEX_FILES.values())
        return dict(zip(PEX_FILES, done, strict=True))
