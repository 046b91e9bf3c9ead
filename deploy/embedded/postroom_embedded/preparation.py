"""Whether the database of an earlier start is still as that start made it.

Finding out by an admin process would cost more than a second of every start. It is asked of our own SQLite file only:
what happens to a database that was named from outside is not known here.
"""

import contextlib
import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

_CODE = ("libs/database/postroom_migrations/**/*.py", "libs/admin/postroom_admin/embedded.py")
"""What decides about the result."""


class Preparation:
    """A note in the data folder of what was done to which database file, by which code of the checkout."""

    def __init__(self, root: Path, folder: Path, database: Path) -> None:
        self._root = root
        self._note = folder / "prepared"
        self._database = database

    def is_done(self) -> bool:
        try:
            return self._note.read_text() == self._state()
        except (OSError, sqlite3.Error):
            return False

    def note_done(self) -> None:
        # Without a note the next start asks again, which only takes longer.
        with contextlib.suppress(OSError, sqlite3.Error):
            self._note.write_text(self._state())

    def _state(self) -> str:
        """The code that prepares, and the schema's revision and the file that it was done to."""
        digest = hashlib.sha256()
        for pattern in _CODE:
            for path in sorted(self._root.glob(pattern)):
                digest.update(f"{path.relative_to(self._root)} {path.stat().st_size}\n".encode() + path.read_bytes())
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            revisions = connection.execute("SELECT version_num FROM alembic_version ORDER BY 1").fetchall()
        return f"{digest.hexdigest()} {revisions} {self._database.stat().st_ino}\n"
