"""Where the recipients of an email stand."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from postroom_database.models import Recipient
from postroom_database.types import AnyRow
from postroom_domain.addresses import bare_addresses
from postroom_domain.states import State

_OPEN = (State.QUEUED.value, State.UNKNOWN.value)


def envelope(email: AnyRow) -> list[str]:
    """Each bare address of an email once: To, then Cc, then Bcc; the row has all three lists."""
    return bare_addresses((*email.to_list, *(email.cc_list or ()), *(email.bcc_list or ())))


def settled(connection: Connection, email_id: UUID) -> dict[str, State]:
    """Addresses that are not to be sent to any more, and where they stand."""
    rows = connection.execute(
        select(Recipient.address, Recipient.state).where(Recipient.email_id == email_id, Recipient.state.not_in(_OPEN))
    )
    return {address: State(state) for address, state in rows}


def write(
    connection: Connection, email_id: UUID, outcomes: Iterable[tuple[str, State, str | None]], *, may_stand: bool
) -> None:
    """Write where recipients stand: address, state, reason.

    Args:
        connection: in a transaction that holds the email.
        email_id: whose.
        outcomes: of each address once.
        may_stand: whether there can be rows of them, which these replace.
    """
    rows = [
        {"email_id": email_id, "address": address, "state": state.value, "reason": reason}
        for address, state, reason in outcomes
    ]
    if not rows:
        return
    if may_stand:
        addresses = [row["address"] for row in rows]
        connection.execute(delete(Recipient).where(Recipient.email_id == email_id, Recipient.address.in_(addresses)))
    connection.execute(insert(Recipient), rows)
