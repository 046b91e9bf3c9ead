"""What a process has put on the disk of its container."""

from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.engine import docker

WRITABLE = tuple(option for option in LOCKED if option != "--read-only")
"""Of containers that are locked down but for their file system: what would be written stays, and is seen."""


def find_written(container: Container) -> list[str]:
    """Each path that was added, changed or deleted since the container was made, as the engine tells them."""
    return docker("diff", container.id).splitlines()
