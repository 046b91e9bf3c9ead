"""From a claim to a letter: bodies read from the database, attachments fetched where only their address is known."""

from postroom_database.engine import Database
from postroom_database.repositories import contents
from postroom_database.repositories.deliveries import Claim, ClaimedAttachment
from postroom_domain.addresses import Mailbox, parse_mailbox
from postroom_domain.limits import MAX_MESSAGE_BYTES
from postroom_egress.fetch import Egress
from postroom_worker.rendering import File, Letter


class Letters:
    def __init__(self, database: Database, egress: Egress) -> None:
        self._database = database
        self._egress = egress

    def write(self, claim: Claim) -> Letter:
        """Everything that the recipients will see.

        Raises:
            EgressError: an attachment could not be fetched: for good (Refused) or for now (Unreachable).
            DatabaseUnavailable: the bodies cannot be read now.
        """
        bodies = self._bodies(claim)
        return Letter(
            email_id=claim.email_id,
            written_at=claim.written_at,
            sender=parse_mailbox(claim.sender),
            to=mailboxes(claim.to),
            cc=mailboxes(claim.cc),
            reply_to=mailboxes(claim.reply_to),
            subject=claim.subject,
            headers=claim.headers,
            text=bodies[contents.TEXT_PART],
            html=bodies[contents.HTML_PART],
            files=[self._file(attachment, bodies[attachment.part]) for attachment in claim.attachments],
        )

    def _bodies(self, claim: Claim) -> dict[int, bytes | None]:
        with self._database.read() as connection:
            return contents.load_all(connection, claim.email_id, parts=[a.part for a in claim.attachments])

    def _file(self, attachment: ClaimedAttachment, stored: bytes | None) -> File:
        content = stored
        if attachment.path is not None:
            content = self._egress.fetch(attachment.path, max_bytes=MAX_MESSAGE_BYTES).content
        return File(attachment.filename, attachment.content_type, attachment.content_id, content or b"")


def mailboxes(addresses: list[str]) -> list[Mailbox]:
    return [parse_mailbox(address) for address in addresses]
