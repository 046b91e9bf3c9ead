"""Where the ``inbox:`` transport keeps what it captures: the database, because api and worker share nothing else."""

from email.parser import BytesHeaderParser
from email.policy import default
from uuid import UUID

from postroom_database.engine import Database
from postroom_database.repositories import inbox


class DatabaseInboxStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, *, email_id: UUID, sender: str, recipients: tuple[str, ...], raw: bytes) -> str:
        """Keep one message whole; returns its id."""
        head, _, _ = raw.partition(b"\r\n\r\n")
        subject = str(BytesHeaderParser(policy=default).parsebytes(head).get("Subject", ""))
        with self._database.begin() as connection:
            message_id = inbox.add(
                connection, email_id=email_id, sender=sender, recipients=recipients, subject=subject, raw=raw
            )
        return str(message_id)
