"""Writing what came of work that is held under a lease."""

import time
from collections.abc import Callable
from typing import TypeVar

from loguru import logger
from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, LeaseLost
from postroom_database.writing import write
from postroom_health.backing_service import pause_after
from postroom_worker.metrics import LEASES_ENDED

_LAST_TRY_SECONDS = 1.0
"""Before the lease ends."""

_Written = TypeVar("_Written")


def write_while_held(
    database: Database,
    work: Callable[[Connection], _Written],
    *,
    kind: str,
    lease_ends_at: float,
    attempt: int,
    may_be_lost: bool = False,
) -> _Written | None:
    """Write, waiting for a database that is away as long as the lease lasts; None when it could not be written.

    Args:
        database: where.
        work: writes, fenced by the lease's token; raises LeaseLost when that is no longer good.
        kind: of what is held, for metrics.
        lease_ends_at: by the monotonic clock.
        attempt: for the log.
        may_be_lost: whether a client can take away what is held; else a lost lease is a fault.
    """
    away_since: float | None = None
    while True:
        try:
            written = write(database, work)
        except LeaseLost:
            # While the lease lasts, nobody but an earlier try of ours can have ended it: one that was not answered.
            lost = away_since is None
            if lost:
                logger.log("WARNING" if may_be_lost else "ERROR", "lease.lost", attempt=attempt)
            else:
                logger.info("outcome.kept", attempt=attempt)
            LEASES_ENDED.labels(kind, "lost" if lost else "written").inc()
            return None
        except DatabaseUnavailable:
            now = time.monotonic()
            away_since = away_since or now
            left = lease_ends_at - _LAST_TRY_SECONDS - now
            if left <= 0:
                logger.error("outcome.lost", attempt=attempt)
                LEASES_ENDED.labels(kind, "unwritten").inc()
                return None
            time.sleep(min(left, pause_after(now - away_since)))
        else:
            LEASES_ENDED.labels(kind, "written").inc()
            return written
