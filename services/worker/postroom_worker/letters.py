"""From a claim to a letter: bodies read from the database, a text made for HTML alone, attachments fetched."""

from loguru import logger

from postroom_database.engine import Database
from postroom_database.repositories import contents
from postroom_database.repositories.deliveries import Claim, ClaimedAttachment
from postroom_domain.addresses import Mailbox, parse_mailbox
from postroom_domain.limits import MAX_MESSAGE_BYTES
from postroom_egress.fetch import Egress
from postroom_worker.plain_text import plain_text
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
        text, html = bodies[contents.TEXT_PART], bodies[contents.HTML_PART]
        made = _make_text(html) if text is None and html else None
        return Letter(
            email_id=claim.email_id,
            written_at=claim.written_at,
            sender=parse_mailbox(claim.sender),
            to=mailboxes(claim.to),
            cc=mailboxes(claim.cc),
            reply_to=mailboxes(claim.reply_to),
            subject=claim.subject,
            headers=claim.headers,
            text=text if made is None else made,
            html=html,
            files=[self._file(attachment, bodies[attachment.part]) for attachment in claim.attachments],
            text_is_made=made is not None,
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


def _make_text(html: bytes) -> bytes | None:
    """What those read who are shown no HTML. An email goes out without it rather than not at all."""
    try:
        return plain_text(html.decode(errors="replace")).encode()
    except Exception:  # whatever is wrong with it, the HTML is there
        logger.exception("text.making_failed")
        return None
