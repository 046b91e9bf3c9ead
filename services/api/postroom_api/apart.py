"""Work that takes long is done apart from the event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

_LARGE_BYTES = 256 * 1024

_Made = TypeVar("_Made")


async def apart(size: int, work: Callable[[], _Made]) -> _Made:
    """Do work on so many bytes: in a thread when they are many, because everybody else would wait for it."""
    return await asyncio.to_thread(work) if size > _LARGE_BYTES else work()
