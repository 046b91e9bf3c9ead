"""Whom a workspace does not send to never gets mail, whatever the transport."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from loguru import logger
from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.inbox_store import DatabaseInboxStore
from postroom_database.models import Email
from postroom_database.paging import Slice
from postroom_database.repositories import inbox, suppressions, timelines
from postroom_database.repositories.suppressions import NewSuppression
from postroom_domain.suppressions import Origin
from postroom_testing.drafts import attachment, draft, store
from postroom_testing.files import FileServer
from postroom_testing.smtp import SmtpServer
from postroom_transport.factory import open_transport
from postroom_transport.message import Message, Result, Transport
from postroom_worker.metrics import ATTEMPTS
from postroom_worker_testing.deliverer import CALL_SECONDS, Deliverer, make_due

WORKSPACE = uuid4()


@pytest.fixture
def over_smtp(database: Database, smtp_server: SmtpServer) -> Iterator[Deliverer]:
    transport = open_transport(smtp_server.mail_url(), timeout_seconds=CALL_SECONDS, inbox_store=None)
    yield Deliverer(database, transport)
    transport.close()


@pytest.fixture
def over_inbox(database: Database) -> Deliverer:
    return Deliverer(
        database,
        open_transport("inbox:", timeout_seconds=CALL_SECONDS, inbox_store=DatabaseInboxStore(database)),
    )


class Recording:
    """A transport that takes nobody, and knows for whom it was called."""

    name = "recording"
    settles = False
    max_bytes = 10**9

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def send(self, message: Message) -> Result:
        self.calls.append(message.recipients)
        return Result(None, ())

    def check(self) -> str:
        return ""

    def close(self) -> None:
        pass


def suppress(database: Database, workspace_id: UUID, *addresses: str, origin: Origin = Origin.MANUAL) -> None:
    with database.begin() as connection:
        suppressions.add(connection, workspace_id, [NewSuppression(address, origin) for address in addresses])


def listed(database: Database, workspace_id: UUID) -> list[tuple[str, Origin, UUID | None]]:
    with database.read() as connection:
        records, _ = suppressions.page(connection, workspace_id, Slice(limit=None))
    return [(record.address, record.origin, record.source_id) for record in reversed(records)]


def captured(database: Database, email_id: UUID) -> list[list[str]]:
    with database.read() as connection:
        return [mail.recipients for mail in inbox.newest(connection, 100) if mail.email_id == email_id]


def event_data(database: Database, email_id: UUID, kind: str) -> list[Any]:
    with database.read() as connection:
        return [event.data for event in timelines.events(connection, email_id) if event.type == kind]


def count(transport: Transport, verdict: str) -> float:
    found: float = ATTEMPTS.labels(transport.name, verdict)._value.get()
    return found


def test_a_suppressed_recipient_is_never_in_the_envelope(over_smtp: Deliverer, smtp_server: SmtpServer) -> None:
    one = draft(
        to=["To <to@example.com>", "Not <NOT-to@Example.com>"],
        cc=["cc@example.com", "not-cc@例え.jp"],
        bcc=["bcc@example.com", "not-bcc@example.com"],
    )
    store(over_smtp.database, one)
    suppress(
        over_smtp.database,
        one.workspace_id,
        "not-to@example.com",
        "not-cc@xn--r8jz45g.jp",
        "not-bcc@example.com",
    )
    before = count(over_smtp.transport, "sent"), count(over_smtp.transport, "suppressed")
    over_smtp.make().deliver(one.id)
    [mail] = smtp_server.mails
    assert mail.recipients == ("to@example.com", "cc@example.com", "bcc@example.com")
    assert over_smtp.states(one.id) == {
        "to@example.com": "sent",
        "cc@example.com": "sent",
        "bcc@example.com": "sent",
        "NOT-to@example.com": "suppressed",
        "not-cc@xn--r8jz45g.jp": "suppressed",
        "not-bcc@example.com": "suppressed",
    }
    assert over_smtp.events(one.id) == [
        ("email.sent", None),
        ("email.suppressed", "NOT-to@example.com"),
        ("email.suppressed", "not-cc@xn--r8jz45g.jp"),
        ("email.suppressed", "not-bcc@example.com"),
    ]
    assert (over_smtp.row(one.id).state, over_smtp.row(one.id).last_event) == ("sent", "sent")
    after = count(over_smtp.transport, "sent"), count(over_smtp.transport, "suppressed")
    assert after == (before[0] + 3, before[1] + 3)


def test_when_all_are_suppressed_the_transport_is_not_called(database: Database) -> None:
    transport = Recording()
    deliverer = Deliverer(database, transport)
    with FileServer({"/report.pdf": b"%PDF"}) as files:
        one = draft(bcc=["bcc@example.com"], attachments=(attachment(None, path=f"{files.url}/report.pdf"),))
        store(database, one)
        suppress(database, one.workspace_id, "to@example.com", "bcc@example.com", origin=Origin.COMPLAINT)
        deliverer.make().deliver(one.id)
        assert files.requests == [], "nothing is fetched for a mail that is not sent"
    assert transport.calls == []
    row = deliverer.row(one.id)
    assert (row.state, row.last_event, row.message_id, row.lease_token) == ("suppressed", "suppressed", None, None)
    assert row.reason.startswith("suppressed (complaint): ")
    assert [data["reason"] for data in event_data(database, one.id, "email.suppressed")] == ["previous_complaint"] * 2
    assert count(transport, "suppressed") == 2
    deliverer.make().deliver(one.id)
    assert len(deliverer.events(one.id)) == 2
    assert deliverer.row(one.id).attempts == 1


def test_a_repeated_attempt_does_not_tell_a_suppression_twice(over_smtp: Deliverer, smtp_server: SmtpServer) -> None:
    one = draft(to=["later@example.com", "not@example.com"])
    store(over_smtp.database, one)
    suppress(over_smtp.database, one.workspace_id, "not@example.com")
    smtp_server.replies["later@example.com"] = "451 4.7.1 try later"
    over_smtp.make().deliver(one.id)
    row = over_smtp.row(one.id)
    assert (row.state, row.last_event) == ("queued", "queued")
    assert "try later" in row.reason
    make_due(over_smtp.database, one.id)
    with over_smtp.database.begin() as connection:
        assert suppressions.remove(connection, one.workspace_id, ["not@example.com"], request_id="r")
    del smtp_server.replies["later@example.com"]
    over_smtp.make().deliver(one.id)
    assert [mail.recipients for mail in smtp_server.mails] == [("later@example.com",)]
    assert over_smtp.states(one.id) == {"later@example.com": "sent", "not@example.com": "suppressed"}
    assert over_smtp.events(one.id) == [("email.suppressed", "not@example.com"), ("email.sent", None)]


def test_a_suppression_between_two_attempts_is_obeyed(over_smtp: Deliverer, smtp_server: SmtpServer) -> None:
    one = draft()
    store(over_smtp.database, one)
    smtp_server.replies["MAIL"] = "451 4.7.1 try later"
    over_smtp.make().deliver(one.id)
    suppress(over_smtp.database, one.workspace_id, "to@example.com")
    make_due(over_smtp.database, one.id)
    del smtp_server.replies["MAIL"]
    over_smtp.make().deliver(one.id)
    assert smtp_server.mails == []
    assert over_smtp.row(one.id).state == "suppressed"
    assert over_smtp.states(one.id) == {"to@example.com": "suppressed"}


def test_a_hard_bounce_and_a_complaint_suppress_from_the_next_send_on(over_inbox: Deliverer) -> None:
    to = ["bounced@resend.dev", "Complained+1@resend.dev", "delivered@resend.dev"]
    first = draft(to=to)
    second, labelled = (
        draft(to=addresses, workspace_id=first.workspace_id) for addresses in (to, ["bounced+2@resend.dev"])
    )
    store(over_inbox.database, first, second, labelled)
    over_inbox.make().deliver(first.id)
    assert captured(over_inbox.database, first.id) == [to]
    assert listed(over_inbox.database, first.workspace_id) == [
        ("bounced@resend.dev", Origin.BOUNCE, first.id),
        ("complained+1@resend.dev", Origin.COMPLAINT, first.id),
    ]
    over_inbox.make().deliver(second.id)
    assert captured(over_inbox.database, second.id) == [["delivered@resend.dev"]]
    assert over_inbox.states(second.id) == {
        "bounced@resend.dev": "suppressed",
        "Complained+1@resend.dev": "suppressed",
        "delivered@resend.dev": "delivered",
    }
    assert [data["reason"] for data in event_data(over_inbox.database, second.id, "email.suppressed")] == [
        "previous_bounce",
        "previous_complaint",
    ]
    assert over_inbox.row(second.id).last_event == "delivered"
    over_inbox.make().deliver(labelled.id)
    assert over_inbox.row(labelled.id).last_event == "bounced"


def test_what_happened_is_logged_without_addresses(over_inbox: Deliverer) -> None:
    first, second = (draft(to=["bounced@resend.dev"], workspace_id=WORKSPACE) for _ in range(2))
    store(over_inbox.database, first, second)
    lines: list[Any] = []
    handler = logger.add(lambda line: lines.append(line.record), level="DEBUG", format="{message}")
    for one in (first, second):
        over_inbox.make().deliver(one.id)
    logger.remove(handler)
    with over_inbox.database.read() as connection:
        record = suppressions.get(connection, WORKSPACE, "bounced@resend.dev")
    assert record is not None
    assert [(line["level"].name, line["message"]) for line in lines] == [
        ("INFO", "email.sent"),
        ("INFO", "suppression.added"),
        ("INFO", "email.suppressed"),
    ]
    assert lines[1]["extra"] == {
        "request_id": first.request_id,
        "workspace_id": str(WORKSPACE),
        "email_id": str(first.id),
        "suppression_id": str(record.id),
        "origin": "bounce",
    }
    assert lines[2]["extra"]["suppressed"] == 1
    assert "resend.dev" not in str([line["extra"] for line in lines])


def test_an_outcome_that_is_not_written_suppresses_nothing(over_inbox: Deliverer) -> None:
    one = draft(to=["bounced@resend.dev"])
    store(over_inbox.database, one)
    transport = over_inbox.transport

    class Slow(Recording):
        def send(self, message: Message) -> Result:
            make_lost(over_inbox.database, one.id)
            return transport.send(message)

    Deliverer(over_inbox.database, Slow()).make().deliver(one.id)
    assert over_inbox.events(one.id) == []
    assert listed(over_inbox.database, one.workspace_id) == []


def test_workspaces_do_not_share_suppressions(over_inbox: Deliverer) -> None:
    ours, theirs = (draft(to=["bounced@resend.dev"]) for _ in range(2))
    store(over_inbox.database, ours, theirs)
    assert ours.workspace_id != theirs.workspace_id
    for one in (ours, theirs):
        over_inbox.make().deliver(one.id)
        assert over_inbox.row(one.id).last_event == "bounced"


def make_lost(database: Database, email_id: UUID) -> None:
    """Take the lease from whoever holds it."""
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(lease_token=None))
