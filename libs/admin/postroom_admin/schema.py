from dataclasses import dataclass

from postroom_database.engine import Database
from postroom_migrations.migrate import head, revision


@dataclass(frozen=True, slots=True)
class Schema:
    """The revision that a database has, None without any schema, and the one that this release needs."""

    found: str | None
    wanted: str

    @property
    def is_newer(self) -> bool:
        """Whether a later release made it. Revisions are numbers of four digits, so they compare as text."""
        return self.found is not None and self.found > self.wanted


def read_schema(database: Database) -> Schema:
    return Schema(revision(database), head())
