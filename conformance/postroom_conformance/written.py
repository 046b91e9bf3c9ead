"""What a process has put on the disk of its container, or could be putting there."""

from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.engine import docker
from postroom_images_testing.one_off import PYTHON

WRITABLE = tuple(option for option in LOCKED if option != "--read-only")
"""Of containers that are locked down but for their file system: what would be written stays, and is seen."""

_LOOK = """
import os, stat
for fd in os.listdir("/proc/1/fd"):
    place = f"/proc/1/fd/{fd}"
    try:
        flags = int(dict(line.split(":", 1) for line in open(f"/proc/1/fdinfo/{fd}"))["flags"], 8)
        is_file = stat.S_ISREG(os.stat(place).st_mode)
    except FileNotFoundError:
        continue
    if is_file and flags & (os.O_WRONLY | os.O_RDWR):
        print(f"{os.readlink(place)} is open for writing")
# Memory that every container may write to, though its file system is read-only.
for folder, _, names in os.walk("/dev/shm"):
    for name in names:
        print(f"{folder}/{name} is in memory")
"""


def find_written(container: Container) -> list[str]:
    """Each path that was added, changed or deleted since the container was made, as the engine tells them."""
    return docker("diff", container.id).splitlines()


def find_open(container: Container) -> list[str]:
    """Files that its first process has open for writing, and all that is kept in shared memory."""
    return docker("exec", container.id, PYTHON, "-c", _LOOK).splitlines()
