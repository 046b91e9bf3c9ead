"""Which test proves which endpoint: read by the generator of the compatibility page, without running anything."""

from collections.abc import Callable
from typing import TypeVar

_Test = TypeVar("_Test")


def proves(*_endpoints: str) -> Callable[[_Test], _Test]:
    """Say which endpoints (``POST /emails``) a test proves through the SDK."""
    return lambda test: test
