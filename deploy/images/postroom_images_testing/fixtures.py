"""Pytest fixtures; a `conftest.py` imports those it wants by name.

The containers live as long as the test session.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_images_testing.engine import built_image
from postroom_images_testing.faults import Build
from postroom_images_testing.image import Image, read_image
from postroom_images_testing.stack import SERVICES, Stack


@pytest.fixture(scope="session")
def names() -> dict[str, str]:
    """Of the images: what Pants says it built, and what the services are run with."""
    return {service: built_image(service) for service in SERVICES} | {
        "mariadb": os.environ.get("DATABASE_IMAGE") or made("mariadb"),
        "redis": os.environ.get("REDIS_IMAGE") or made("redis"),
    }


def made(server: str) -> str:
    """From Debian's packages, where the caller named none."""
    return subprocess.run(  # noqa: S603 - ours
        ["deploy/images/debian/build", server],  # noqa: S607 - of the checkout
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.fixture(scope="session")
def base_name() -> str:
    """Of what the images were built on: what the caller named, else the Dockerfile's own."""
    recipe = Path("deploy/images/Dockerfile").read_text()
    return os.environ.get("BASE_IMAGE") or re.findall(r"^ARG BASE_IMAGE=(\S+)$", recipe, re.MULTILINE)[0]


@pytest.fixture(scope="session")
def base(base_name: str) -> Image:
    return read_image(base_name)


@pytest.fixture(scope="session")
def build(base_name: str) -> Build:
    return Build(
        version=os.environ["VERSION"],
        revision=os.environ["GIT_COMMIT"],
        source=os.environ.get("SOURCE_URL", "unknown"),
        base=base_name,
    )


@pytest.fixture(scope="session")
def stack(names: dict[str, str]) -> Iterator[Stack]:
    with Stack(names) as running:
        yield running
