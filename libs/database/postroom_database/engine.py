"""One engine for the truth: MySQL or MariaDB in production, SQLite in the embedded default."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pymysql.constants import SERVER_STATUS
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from postroom_database.errors import DatabaseUnavailable, is_refused, is_unavailable


class Database:
    """Connections to the truth. Every use is one transaction, committed at the edge.

    Args:
        url: ``mysql://``, ``mariadb://`` (both by PyMySQL) or ``sqlite:///``; TLS options of PyMySQL in its query.
        pool_size: connections kept; as many again are opened under load.
        timeout_seconds: to connect, to wait for a free connection, and for one answer.
        note: told of each transaction when it began, by the monotonic clock, and why the database did not answer, or
            None.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        timeout_seconds: float = 10.0,
        note: Callable[[float, str | None], None] = lambda _asked_at, _problem: None,
    ) -> None:
        self._engine = _create(url, pool_size, timeout_seconds)
        self._note = note

    @property
    def engine(self) -> Engine:
        return self._engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One writing transaction: committed when the block ends, rolled back when it raises.

        Raises:
            DatabaseUnavailable: the database is away; nothing is known to be stored.
        """
        with self._asking(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def begin_alive(self) -> Iterator[Connection]:
        """The same, on a connection that has just answered: one that died since its last use is replaced.

        Raises:
            DatabaseUnavailable: the database is away; nothing is known to be stored.
        """
        with self._asking():
            try:
                connection = self._ask_first()
            except DBAPIError as problem:
                if not is_unavailable(problem):
                    raise
                # That failure has the pool replace every connection that is as old.
                connection = self._ask_first()
            with connection:
                yield connection
                connection.commit()

    def _ask_first(self) -> Connection:
        """A connection whose transaction has begun with a question."""
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql("SELECT 1")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        with self._asking(), self._engine.execution_options(postroom_reads=True).connect() as connection:
            yield connection

    def check(self) -> str:
        """The server's version; raises DatabaseUnavailable when there is none."""
        with self.read() as connection:
            if connection.dialect.name == "sqlite":
                return f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar_one()}"
            return str(connection.execute(text("SELECT VERSION()")).scalar_one())

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Around one transaction: what a database that is away raises comes out as DatabaseUnavailable."""
        asked_at = time.monotonic()
        try:
            yield
        except PoolTimeout as problem:  # says nothing about the database: this process holds all it may
            raise DatabaseUnavailable("all connections to the database are in use") from problem
        except DatabaseUnavailable:
            raise
        except Exception as problem:
            if not is_unavailable(problem):
                raise
            reason = "it refuses this user" if is_refused(problem) else "it does not answer"
            self._note(asked_at, reason)
            raise DatabaseUnavailable("the database does not answer") from problem
        self._note(asked_at, None)


def _create(url: str, pool_size: int, timeout_seconds: float) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _create_sqlite(parsed, pool_size, timeout_seconds)
    return _create_mysql(parsed, pool_size, timeout_seconds)


def _create_mysql(url: URL, pool_size: int, timeout_seconds: float) -> Engine:
    engine = create_engine(
        url.set(drivername="mysql+pymysql"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=timeout_seconds,
        pool_recycle=1800,
        pool_reset_on_return=None,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={
            "charset": "utf8mb4",
            "connect_timeout": max(1, int(timeout_seconds)),
            "read_timeout": timeout_seconds,
            "write_timeout": timeout_seconds,
            # One session setup for every connection: UTC for CURRENT_TIMESTAMP, errors instead of cut values,
            # and a lock wait that ends before the client's patience does.
            "init_command": (
                "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL,NO_ENGINE_SUBSTITUTION',"
                f" innodb_lock_wait_timeout = {max(1, int(timeout_seconds / 2))}"
            ),
        },
    )

    @event.listens_for(engine, "reset")
    def _reset(connection: Any, _record: Any, _state: Any) -> None:
        # The pool's own reset rolls back always: after a commit a round trip for nothing, and an error in the log
        # when the server went away between the two.
        if connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS:
            connection.rollback()

    return engine


def _create_sqlite(url: URL, pool_size: int, timeout_seconds: float) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=timeout_seconds,
        hide_parameters=True,
        connect_args={"timeout": timeout_seconds, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        _use_wal(connection, timeout_seconds)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would find the lock taken and fail at once,
        # without the busy time-out; so whoever may write takes the lock at the beginning.
        reads = connection.get_execution_options().get("postroom_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _use_wal(connection: sqlite3.Connection, timeout_seconds: float) -> None:
    """Readers and the writer do not wait for each other in WAL mode; the file remembers it.

    Changing the mode ignores SQLite's busy time-out, so two first connections at once need patience of our own.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
