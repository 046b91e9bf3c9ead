"""Pytest fixtures of what was built; `conftest.py` imports them by name. Read, or run, once for all tests."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postroom_conformance.alone import Run, run_alone
from postroom_conformance.pex_file import PEX_FILES
from postroom_images_testing.image import Image, read_image
from postroom_images_testing.stack import SERVICES


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
