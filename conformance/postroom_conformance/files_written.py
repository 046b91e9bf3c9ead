"""What a running container has written, or could be writing, beside its stdout and stderr."""

from postroom_conformance.one_off import PYTHON
from postroom_images_testing.container import Container
from postroom_images_testing.engine import docker

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
    """Files that it made or changed, has open for writing now, or keeps in shared memory."""
    changed = [f"{line.partition(' ')[2]} was written" for line in docker("diff", container.id).splitlines()]
    return changed + docker("exec", container.id, PYTHON, "-c", _LOOK).splitlines()
