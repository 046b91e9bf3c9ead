"""Processes of images that are run to their end, several at once."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from postroom_images_testing.container import LOCKED, Container

PYTHON = "/app/bin/python"
ADMIN = "/app/admin"
_AT_ONCE = 4

Key = TypeVar("Key")
Ended = tuple[int, str, str]
"""Exit code, stdout, stderr."""


def run(
    image: str,
    *command: str,
    entry_point: str | None = None,
    variables: Mapping[str, str] | None = None,
    network: str = "none",
) -> Ended:
    """By the image's own entry point, unless another is named."""
    options = [*LOCKED, *([f"--entrypoint={entry_point}"] if entry_point else [])]
    with Container(image, *command, variables=variables, options=options, network=network) as container:
        return container.wait(), *container.output()


def run_all(runs: Mapping[Key, Callable[[], Ended]]) -> dict[Key, Ended]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        begun = {key: pool.submit(one) for key, one in runs.items()}
        return {key: one.result() for key, one in begun.items()}
