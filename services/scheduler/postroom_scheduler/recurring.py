"""The emails of slots: written from what the schedule keeps, and from its template as it is published now."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from postroom_database.drafts import Draft, PlainContent
from postroom_database.repositories import domains, templates
from postroom_database.types import AnyRow
from postroom_domain import recurring_email
from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import NotSendable
from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_domain.recurring_email import Written
from postroom_domain.template_aliases import parse_reference


def write_email(connection: Connection, schedule: AnyRow, *, verified_only: bool) -> Written:
    """What the email of a schedule says now.

    Raises:
        DomainError: it cannot be sent; the text says why.
    """
    written = _write(connection, schedule.workspace_id, schedule.email)
    domain = parse_mailbox(written.sender).domain
    if verified_only and not domains.may_send(connection, schedule.workspace_id, domain):
        raise NotSendable(f"The {domain} domain is not verified.")
    return written


def draft_email(schedule: AnyRow, written: Written) -> Draft:
    """An email for one slot, with a request id of its own."""
    email = schedule.email
    return Draft(
        id=new_id(),
        workspace_id=schedule.workspace_id,
        lane=Lane.BULK,
        sender=written.sender,
        to=email["to"],
        cc=email.get("cc"),
        bcc=email.get("bcc"),
        reply_to=written.reply_to,
        subject=written.subject,
        text=_content(written.text),
        html=_content(written.html),
        headers=email.get("headers"),
        tags=email.get("tags"),
        scheduled_at=None,
        request_id=new_id().hex,
        key_id=schedule.key_id,
    )


def _write(connection: Connection, workspace_id: UUID, email: Mapping[str, Any]) -> Written:
    if "template" not in email:
        return recurring_email.write(email)
    reference = parse_reference(email["template"]["id"])
    found = None if reference is None else templates.find_published(connection, workspace_id, reference)
    if found is None:
        raise NotSendable("There is no such template any more.")
    if found.content is None:
        raise NotSendable("The template is not published.")
    return recurring_email.write_from(email, found.content)


def _content(text: str | None) -> PlainContent | None:
    return None if text is None else PlainContent(text.encode())
