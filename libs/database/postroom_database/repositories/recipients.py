"""Where the recipients of an email stand."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, select

from postroom_database.models import Recipient
from postroom_domain.addresses import parse_mailbox
from postroom_domain.states import State

_OPEN = (State.QUEUED.value, State.UNKNOWN.value)


def envelope(*lists: Iterable[str] | None) -> list[str]:
    """Each bare address of To, Cc and Bcc once, in their order."""
    return list(dict.fromkeys(parse_mailbox(text).address for mailboxes in lists for text in mailboxes or ()))


def settled(connection: Connection, email_id: UUID) -> dict[str, State]:
    """Addresses that are not to be sent to any more, and where they stand."""
    rows = connection.execute(
        select(Recipient.address, Recipient.state).where(Recipient.email_id == email_id, Recipient.state.not_in(_OPEN))
    )
    return {address: State(state) for address, state in rows}
