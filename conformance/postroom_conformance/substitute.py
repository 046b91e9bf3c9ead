from collections.abc import Iterator
from contextlib import contextmanager

from postroom_images_testing.container import LOCKED, Container
from postroom_images_testing.one_off import PYTHON
from postroom_images_testing.stack import Stack


@contextmanager
def only_worker(stack: Stack, image: str, program: str) -> Iterator[Container]:
    """Another program in the worker's image, as the only worker of a stack; afterwards the stack has its own again."""
    stack.containers["worker"].stop()
    try:
        with Container(
            image,
            *("-c", program),
            variables=stack.variables,
            options=[*LOCKED, f"--entrypoint={PYTHON}"],
            network=stack.network,
        ) as container:
            yield container
    finally:
        stack.start("worker")
        stack.wait_ready("worker")
