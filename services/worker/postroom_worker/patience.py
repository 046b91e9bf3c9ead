"""Working on while the database is away now and then."""

import threading
from collections.abc import Callable
from typing import TypeVar

from postroom_database.errors import DatabaseUnavailable
from postroom_health.backing_service import BackingService

_Done = TypeVar("_Done")


class Stopped(Exception):  # noqa: N818 - it says what is wrong
    """The worker stops: what was not begun is left to others."""


class Patience:
    """With a database that is away.

    Args:
        database: says when to ask it again.
        stopping: set when the worker drains.
    """

    def __init__(self, database: BackingService, stopping: threading.Event) -> None:
        self._database = database
        self._stopping = stopping

    def until_done(self, work: Callable[[], _Done]) -> _Done:
        """Do something, again and again while the database is away.

        Args:
            work: raises DatabaseUnavailable when it is, with nothing done.

        Raises:
            Stopped: it was not done.
        """
        while not self._stopping.is_set():
            try:
                return work()
            except DatabaseUnavailable:  # told by whoever watches the database
                self._database.wait(self._stopping)
        raise Stopped
