"""What an image weighs above its base: printed, and bounded."""

import sys

import pytest

from postroom_images_testing.engine import inspect
from postroom_images_testing.stack import SERVICES

MOST_BYTES = 100_000_000


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_adds_less_than_100_mb(
    names: dict[str, str], base_name: str, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    above = inspect("image", names[service])["Size"] - inspect("image", base_name)["Size"]
    with capsys.disabled():
        sys.stdout.write(f"\npostroom-{service}: {above / 1e6:.1f} MB above the base\n")

    assert above < MOST_BYTES
