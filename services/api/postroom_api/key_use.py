"""When a key was last used, without a write for each request: noted in memory, written every few seconds."""

import threading
from uuid import UUID

from loguru import logger

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, is_contended
from postroom_database.repositories import api_keys

_WRITE_SECONDS = 5.0


class KeyUse:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: set[UUID] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="key-use", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Write what was noted, then end."""
        self._stopping.set()
        self._thread.join(timeout_seconds)

    def note(self, key_id: UUID) -> None:
        self._used.add(key_id)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            stopping = self._stopping.wait(_WRITE_SECONDS)
            used, self._used = self._used, set()
            if not used:
                continue
            try:
                with self._database.begin() as connection:
                    api_keys.note_use(connection, used)
            except Exception as problem:  # the thread must go on, whatever one write met
                self._used |= used
                if not (isinstance(problem, DatabaseUnavailable) or is_contended(problem)):
                    logger.exception("key_use.failed")
