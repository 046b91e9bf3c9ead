"""The only way a schema is made. Safe when two run at once: the second waits, then finds nothing to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from postroom_database.engine import Database

_LOCK_SECONDS = 300


class MigrationBusy(Exception):  # noqa: N818 - it says what is wrong
    """Another process has been migrating for longer than we wait."""


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the schema to this release's revision.

    Returns:
        The revision before and the revision after; equal when there was nothing to do.

    Raises:
        MigrationBusy: another process holds the lock for over five minutes.
        DatabaseUnavailable: the database is away.
    """
    with _locked(database), database.begin() as connection:
        before = _revision(connection)
        command.upgrade(_config(connection), "head")
        after = _revision(connection)
    if after is None:
        raise RuntimeError("migrating left no revision behind")
    return before, after


def revision(database: Database) -> str | None:
    """The schema's revision; None for a database without a schema."""
    with database.read() as connection:
        return _revision(connection)


def head() -> str:
    """The revision that this release needs."""
    found = ScriptDirectory.from_config(_config(None)).get_current_head()
    if found is None:
        raise RuntimeError("this release holds no migrations")
    return found


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _locked(database: Database) -> Iterator[None]:
    if database.engine.dialect.name == "sqlite":
        yield  # BEGIN IMMEDIATE locks the file
        return
    # DDL commits implicitly in MySQL, so a transaction cannot be the lock. Nor can its connection hold it: the revision
    # must be committed before the next one looks. The name is the server's, not the schema's.
    name = f"postroom.migrate.{database.engine.url.database}"[:64]
    with database.read() as connection:
        taken = connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": name, "wait": _LOCK_SECONDS})
        if taken.scalar() != 1:
            raise MigrationBusy("another process has been migrating for over five minutes")
        try:
            yield
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})
