"""Answers of a look-up, kept for a few seconds, so that what every request needs is not read for every request."""

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked", bound=Hashable)
_Found = TypeVar("_Found")


class Recent(Generic[_Asked, _Found]):
    """One look-up for however many requests wait for it. What it raises is not kept.

    Args:
        look_up: runs in a thread of its own.
        seconds: how long an answer may be used: the longest that a change stays unseen by this process.
        entries: above this many, all are forgotten.
    """

    def __init__(self, look_up: Callable[[_Asked], _Found], *, seconds: float, entries: int) -> None:
        self._look_up = look_up
        self._seconds = seconds
        self._entries = entries
        self._kept: dict[_Asked, tuple[float, asyncio.Future[_Found]]] = {}

    async def get(self, asked: _Asked) -> _Found:
        now = time.monotonic()
        kept = self._kept.get(asked)
        if kept is not None and kept[0] > now:
            future = kept[1]
            # The usual case costs no task switch.
            return future.result() if future.done() and not future.cancelled() else await asyncio.shield(future)
        future = asyncio.ensure_future(asyncio.to_thread(self._look_up, asked))
        if len(self._kept) >= self._entries:
            self._kept.clear()
        self._kept[asked] = (now + self._seconds, future)
        try:
            return await asyncio.shield(future)
        except Exception:
            self._kept.pop(asked, None)
            raise
