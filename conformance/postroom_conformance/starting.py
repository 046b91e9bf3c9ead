"""How long a service takes from the making of its container until it answers that all it needs answers.

Seconds belong to the machine and to what else that does. So they are compared with those of a Python that does nothing,
on the same base; the ratio of the two belongs to them less.
"""

import time
from collections.abc import Mapping, Sequence

from postroom_images_testing.container import LOCKED, Container

MOST_RATIO = 10.0
"""About twice what was measured (docs/reference/images.md): more is taken for a start that went wrong."""
_READY = 200
_PAUSE_SECONDS = 0.005


def run_nothing(base_name: str) -> float:
    """Seconds that the container of a Python takes that does nothing, to its end."""
    started = time.monotonic()
    with Container(base_name, "python3.11", "-c", "pass") as container:
        container.wait()
        return time.monotonic() - started


def measure_start(
    image: str,
    *command: str,
    variables: Mapping[str, str],
    network: str,
    port: int,
    options: Sequence[str] = LOCKED,
    most_seconds: float = 60.0,
) -> float:
    """Seconds until it is ready; where it is not, those after which nobody waited any longer."""
    started = time.monotonic()
    with Container(image, *command, variables=variables, network=network, options=options) as container:
        while container.ask(port, "/readyz") != _READY and time.monotonic() - started < most_seconds:
            time.sleep(_PAUSE_SECONDS)
        return time.monotonic() - started


def find_slow(ready_seconds: Mapping[str, float], nothing_seconds: float) -> list[str]:
    """Services that take too long."""
    return [
        f"{service} takes {seconds / nothing_seconds:.1f} times as long as a Python that does nothing"
        for service, seconds in ready_seconds.items()
        if seconds >= MOST_RATIO * nothing_seconds
    ]
