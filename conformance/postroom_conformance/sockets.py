"""Where the process of a container listens, as the kernel has it."""

from pathlib import Path

from postroom_images_testing.container import Container
from postroom_images_testing.engine import inspect

_LISTENS = "0A"


def find_listening(container: Container) -> list[int]:
    """TCP ports that are open in the network of a container, over IPv4 and IPv6; the engine runs on this machine."""
    pid = inspect("container", container.id)["State"]["Pid"]
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            # The engine's own resolver of names listens on 127.0.0.11 in every network that was made by hand.
            if state == _LISTENS and local.partition(":")[0] != "0B00007F":
                ports.add(int(local.rpartition(":")[2], 16))
    return sorted(ports)
