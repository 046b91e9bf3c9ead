"""What a failing database means to its callers: come back later, or a bug."""

from pymysql.constants import CR, ER
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class DatabaseUnavailable(Exception):  # noqa: N818 - it says what is wrong
    """The database cannot be reached or cannot answer now. Nothing was stored, unless ``maybe_stored``."""


_AWAY = frozenset(
    {
        CR.CR_CONNECTION_ERROR,
        CR.CR_CONN_HOST_ERROR,
        CR.CR_SERVER_GONE_ERROR,
        CR.CR_SERVER_LOST,
        ER.CON_COUNT_ERROR,
        ER.SERVER_SHUTDOWN,
        ER.OPTION_PREVENTS_STATEMENT,  # read-only: a fail-over is under way
        ER.TOO_MANY_USER_CONNECTIONS,
        ER.OUT_OF_RESOURCES,
        1927,  # MariaDB: connection was killed
        1317,  # query interrupted: the server is going down
        1021,  # disk full
    }
)
_CONTENDED = frozenset({ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT})


def _code(problem: BaseException) -> int | None:
    if isinstance(problem, DBAPIError) and problem.orig is not None and problem.orig.args:
        code = problem.orig.args[0]
        return code if isinstance(code, int) else None
    return None


def is_unavailable(problem: BaseException) -> bool:
    """Whether the database was away, so that the same work may succeed later."""
    if isinstance(problem, DatabaseUnavailable | PoolTimeout):
        return True
    if isinstance(problem, DBAPIError):
        return problem.connection_invalidated or _code(problem) in _AWAY or _is_busy_sqlite(problem)
    return False


def is_contended(problem: BaseException) -> bool:
    """A deadlock (1213) or a lock time-out (1205): the transaction is rolled back and may be repeated."""
    return _code(problem) in _CONTENDED


def is_duplicate(problem: BaseException) -> bool:
    """A key that exists already (1062)."""
    if not isinstance(problem, IntegrityError):
        return False
    return _code(problem) == ER.DUP_ENTRY or "UNIQUE constraint failed" in str(problem.orig)


def _is_busy_sqlite(problem: DBAPIError) -> bool:
    return isinstance(problem, OperationalError) and "database is locked" in str(problem.orig)
