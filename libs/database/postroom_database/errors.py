"""What a failing database means to its callers: come back later, or a bug."""

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class DatabaseUnavailable(Exception):  # noqa: N818 - it says what is wrong
    """The database cannot be reached or cannot answer now. Nothing was stored, unless ``maybe_stored``."""


class LeaseLost(Exception):  # noqa: N818 - likewise
    """The lease ended before the outcome was written: somebody else may hold the row now."""


# Numbers of the server's and the client's errors (MariaDB's and MySQL's error references). PyMySQL names most of them,
# but importing it loads the driver and its cryptography, which a process on SQLite never needs.
_AWAY = frozenset(
    {
        1021,  # disk full
        1040,  # too many connections
        1041,  # out of memory
        1053,  # the server is shutting down
        1203,  # too many connections of this user
        1290,  # read-only: a fail-over is under way
        1317,  # query interrupted: the server is going down
        1927,  # MariaDB: the connection was killed
        2002,  # cannot connect to the socket
        2003,  # cannot connect to the host
        2006,  # the server has gone away
        2013,  # the connection was lost during a query
    }
)
_REFUSED = frozenset(
    {
        1044,  # this user may not use the database
        1045,  # the password is refused
        1049,  # there is no such database
    }
)
_DUPLICATE = 1062
_NO_TABLE = 1146
_CONTENDED = frozenset({1205, 1213})  # lock wait time-out, deadlock


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
        return problem.connection_invalidated or _code(problem) in _AWAY | _REFUSED or _is_busy_sqlite(problem)
    return False


def is_refused(problem: BaseException | None) -> bool:
    """Whether the server answered, but will not let this user in: for an operator to mend, and no fault of a mail."""
    return problem is not None and _code(problem) in _REFUSED


def is_contended(problem: BaseException) -> bool:
    """A deadlock (1213) or a lock time-out (1205): the transaction is rolled back and may be repeated."""
    return _code(problem) in _CONTENDED


def is_duplicate(problem: BaseException) -> bool:
    """A key that exists already (1062)."""
    if not isinstance(problem, IntegrityError):
        return False
    return _code(problem) == _DUPLICATE or "UNIQUE constraint failed" in str(problem.orig)


def is_missing_table(problem: BaseException) -> bool:
    """A table that is not there (1146): the schema is older than whoever asks."""
    return _code(problem) == _NO_TABLE or (isinstance(problem, DBAPIError) and "no such table" in str(problem.orig))


def _is_busy_sqlite(problem: DBAPIError) -> bool:
    return isinstance(problem, OperationalError) and "database is locked" in str(problem.orig)
