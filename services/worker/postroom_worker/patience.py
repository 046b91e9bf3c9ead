"""Working on while the database is away now and then."""

import threading
from collections.abc import Callable
from typing import TypeVar

from loguru import logger

from postroom_database.errors import DatabaseUnavailable

_AGAIN_SECONDS = 1.0

_Done = TypeVar("_Done")


class Stopped(Exception):  # noqa: N818 - it says what is wrong
    """The worker stops: what was not begun is left to others."""


def patiently(work: Callable[[], _Done], stopping: threading.Event, **about: str) -> _Done:
    """Do something, waiting for a database that is away.

    Args:
        work: raises DatabaseUnavailable when it is, with nothing done.
        stopping: set when the worker drains.
        about: of what, for the log.

    Raises:
        Stopped: it was not done.
    """
    while not stopping.is_set():
        try:
            return work()
        except DatabaseUnavailable:
            logger.warning("work.waited", reason="the database is away", **about)
            stopping.wait(_AGAIN_SECONDS)
    raise Stopped
