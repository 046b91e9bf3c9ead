"""The only way a schema is made. Safe when two run at once: the second waits, then finds nothing to do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, delete, insert, inspect, text
from sqlalchemy.exc import DBAPIError

from postroom_database.engine import Database
from postroom_database.errors import is_unavailable
from postroom_database.models import ServedRelease
from postroom_database.schema import Standing, read_schema

_LOCK_SECONDS = 300


class MigrationBusy(Exception):  # noqa: N818 - it says what is wrong
    """Another process has been migrating for longer than we wait."""


class MigrationRefused(Exception):  # noqa: N818 - likewise
    """The schema does not serve this release, or none of its migrations made it. Says so in one sentence."""


class MigrationFailed(Exception):  # noqa: N818 - likewise
    """The database refused a change; its cause is what it said. What was done until then stays, save on SQLite.

    Attributes:
        revision: of the migration that it is in.
    """

    def __init__(self, revision: str) -> None:
        super().__init__(revision)
        self.revision = revision


def migrate(database: Database) -> tuple[str | None, str]:
    """Bring the schema to this release's revision; one that is ahead and serves this release stays as it is.

    Returns:
        The revision before and the revision after; equal when there was nothing to do.

    Raises:
        MigrationBusy: another process holds the lock for over five minutes.
        MigrationRefused: there is no way to this release.
        MigrationFailed: run it again, once what the database says is mended.
        DatabaseUnavailable: the database is away.
    """
    chain = _chain()
    release = chain[-1].revision
    with _locked(database), database.begin() as connection:
        schema = read_schema(connection)
        standing = schema.standing(release)
        if standing is Standing.AHEAD and schema.found is not None:
            return schema.found, schema.found
        if standing is Standing.NOT_SERVED:
            raise MigrationRefused(schema.describe_trouble(release))
        _upgrade(connection, chain, schema.found)
    return schema.found, release


def revision(database: Database) -> str | None:
    """The schema's revision; None for a database without a schema."""
    with database.read() as connection:
        return read_schema(connection).found


def head() -> str:
    """The revision that this release needs."""
    return _chain()[-1].revision


def pending(found: str | None) -> Sequence[str]:
    """The revisions of this release's migrations that come after one; None: all of them."""
    return [script.revision for script in _chain() if found is None or script.revision > found]


def _chain() -> Sequence[Script]:
    """This release's migrations, the oldest first."""
    return list(ScriptDirectory.from_config(_config(None)).walk_revisions())[::-1]


def _upgrade(connection: Connection, chain: Sequence[Script], found: str | None) -> None:
    names = [script.revision for script in chain]
    if found is not None and found not in names:
        raise MigrationRefused(f"the schema is at {found}, which this release does not know")
    for place in range(0 if found is None else names.index(found) + 1, len(chain)):
        try:
            # First: while it takes away what older releases use, none of them may take the schema for its own.
            _write_oldest(connection, chain[: place + 1])
            command.upgrade(_config(connection), names[place])
        except DBAPIError as problem:
            if is_unavailable(problem):
                raise
            raise MigrationFailed(names[place]) from problem
    _write_oldest(connection, chain)


def _write_oldest(connection: Connection, done: Sequence[Script]) -> None:
    """Store the oldest release that all these migrations serve. The next change of the schema commits it, too."""
    if not inspect(connection).has_table(ServedRelease.__tablename__):
        return
    oldest = max(script.module.oldest_served for script in done)
    connection.execute(delete(ServedRelease))
    connection.execute(insert(ServedRelease).values(id=1, oldest=oldest))


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
