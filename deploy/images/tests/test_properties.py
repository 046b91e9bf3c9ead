"""What every image of ours is and holds; what has to be wrong for it to be told is in the tests of planted faults."""

import pytest

from postroom_images_testing.contents import PACKAGES
from postroom_images_testing.faults import Build, find_faults
from postroom_images_testing.image import Image, read_image
from postroom_images_testing.stack import SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_wrong_with_an_image(names: dict[str, str], base: Image, build: Build, service: str) -> None:
    image = read_image(names[service])

    assert find_faults(image, base, service, build) == []
    # It was looked at.
    assert f"{PACKAGES}postroom_{service}/main.py" in image.files
    assert len(image.files) > len(base.files) + 1000
