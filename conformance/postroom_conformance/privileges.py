"""What the kernel lets the process of a container do."""

from pathlib import Path

from postroom_images_testing.container import Container
from postroom_images_testing.engine import inspect

_EXPECTED = {
    "CapEff": "0000000000000000",
    "CapPrm": "0000000000000000",
    "CapBnd": "0000000000000000",
    "NoNewPrivs": "1",
}


def find_privileges_of(container: Container) -> list[str]:
    """All that it needs not: being root, capabilities now or ever, more rights by a setuid file.

    The engine runs on this machine: the kernel is asked about the process.
    """
    pid = inspect("container", container.id)["State"]["Pid"]
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    told = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    found = [f"{name} is {told[name]}" for name, value in _EXPECTED.items() if told[name] != value]
    return (["it runs as root"] if "0" in told["Uid"].split() else []) + found
