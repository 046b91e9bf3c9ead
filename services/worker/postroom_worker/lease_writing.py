"""Writing what came of work that is held under a lease."""

import time
from collections.abc import Callable
from typing import TypeVar

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, LeaseLost
from postroom_database.writing import write

_AGAIN_SECONDS = 1.0

_Written = TypeVar("_Written")


def write_while_held(
    database: Database,
    work: Callable[[Connection], _Written],
    *,
    lease_ends_at: float,
    attempt: int,
    lost_level: str = "ERROR",
) -> _Written | None:
    """Write, waiting for a database that is away as long as the lease lasts; None when it could not be written.

    Args:
        database: where.
        work: writes, fenced by the lease's token; raises LeaseLost when that is no longer good.
        lease_ends_at: by the monotonic clock.
        attempt: for the log.
        lost_level: of the event that says that the lease was lost.
    """
    while True:
        try:
            return write(database, work)
        except LeaseLost:
            logger.log(lost_level, "lease.lost", attempt=attempt)
            return None
        except DatabaseUnavailable:
            if time.monotonic() + _AGAIN_SECONDS > lease_ends_at:
                logger.error("outcome.lost", attempt=attempt)
                return None
            time.sleep(_AGAIN_SECONDS)
