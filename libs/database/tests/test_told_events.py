"""Which events are appended for webhooks, beside those that workers and providers tell of."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import event, select

from postroom_database.engine import Database
from postroom_database.models import Event, WebhookDelivery
from postroom_database.repositories import domains, emails, suppressions
from postroom_database.repositories.domains import SealedKey
from postroom_database.repositories.suppressions import NewSuppression
from postroom_domain.domain_states import DomainState, RecordState
from postroom_domain.suppressions import Origin
from postroom_testing.domains import new_domain
from postroom_testing.drafts import draft, store
from postroom_testing.webhooks import add_webhook

LATER = datetime(2036, 1, 1, tzinfo=UTC)
DOMAIN = new_domain(click_tracking=True, tls="enforced")


def events(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(Event.type, Event.email_id, Event.data).order_by(Event.id)))


def types(database: Database) -> list[str]:
    return [event.type for event in events(database)]


def test_of_scheduled_emails_it_is_told_that_they_were_and_of_others_nothing(database: Database) -> None:
    workspace_id = uuid4()
    add_webhook(database, workspace_id)
    now = draft(workspace_id)
    store(database, now)
    assert types(database) == []
    scheduled = [draft(workspace_id, scheduled_at=LATER) for _ in range(3)]
    store(database, now := draft(workspace_id), *scheduled)
    found = [(one.type, one.email_id) for one in events(database)]
    assert found == [("email.scheduled", one.id) for one in scheduled]
    with database.read() as connection:
        assert len(connection.execute(select(WebhookDelivery.id)).all()) == 3


def test_mail_that_is_due_now_costs_no_more_statements(database: Database) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    store(database, draft(), draft())
    assert [one for one in asked if "webhook" in one or "events" in one] == []


def test_of_a_canceled_email_it_is_told_once(database: Database) -> None:
    email = draft(scheduled_at=LATER)
    store(database, email)
    with database.begin() as connection:
        assert emails.cancel(connection, email.workspace_id, email.id)
        assert not emails.cancel(connection, email.workspace_id, email.id)
        assert not emails.cancel(connection, uuid4(), email.id)
    assert types(database) == ["email.scheduled", "email.canceled"]


def test_suppressions_are_told_as_clients_read_them(database: Database) -> None:
    workspace_id, source_id = uuid4(), uuid4()
    wanted = [
        NewSuppression("One@example.com", Origin.BOUNCE, source_id),
        NewSuppression("two@example.com", Origin.MANUAL),
    ]
    with database.begin() as connection:
        added = suppressions.add(connection, workspace_id, wanted)
        suppressions.add(connection, workspace_id, wanted)
        [record] = suppressions.remove(connection, workspace_id, ["one@example.com"], request_id="r")
        suppressions.remove(connection, workspace_id, ["one@example.com"], request_id="r")
    found = events(database)
    assert [one.type for one in found] == ["suppression.added", "suppression.added", "suppression.removed"]
    told = {
        "object": "suppression",
        "id": str(added[0].id),
        "email": "one@example.com",
        "origin": "bounce",
        "source_id": str(source_id),
        "created_at": record.created_at.isoformat(timespec="microseconds"),
    }
    assert told in [found[0].data, found[1].data]
    assert found[2].data == told


def test_domains_are_told_as_clients_read_them(database: Database) -> None:
    workspace_id = uuid4()
    with database.begin() as connection:
        row = domains.add(connection, workspace_id, DOMAIN, SealedKey("s", "p", "k"))
        held = domains.hold(connection, workspace_id, row.id)
        assert held is not None
        domains.change(connection, held, {"open_tracking": True})
        for status in (DomainState.VERIFIED, DomainState.VERIFIED):
            found = RecordState.VERIFIED
            domains.note_verification(connection, row.id, status, dkim=found, return_path=found, reason=None)
        domains.remove(connection, held)
        found = RecordState.FAILED
        domains.note_verification(connection, row.id, DomainState.FAILED, dkim=found, return_path=found, reason=None)
    told = events(database)
    assert [(one.type, one.data["status"], one.data["open_tracking"]) for one in told] == [
        ("domain.created", "not_started", False),
        ("domain.updated", "not_started", True),
        ("domain.updated", "verified", True),
        ("domain.deleted", "verified", True),
    ]
    assert told[0].data == {
        "object": "domain",
        "id": str(row.id),
        "name": "example.com",
        "status": "not_started",
        "created_at": row.created_at.isoformat(timespec="microseconds"),
        "capabilities": {"sending": "enabled", "receiving": "disabled"},
        "open_tracking": False,
        "click_tracking": True,
        "tracking_subdomain": None,
        "tls": "enforced",
    }


def test_what_an_operator_declares_is_told(database: Database) -> None:
    workspace_id = uuid4()
    with database.begin() as connection:
        domains.add(connection, workspace_id, DOMAIN, SealedKey("s", "p", "k"))
        held = domains.hold_by_name(connection, "example.com")
        assert held is not None
        domains.declare(connection, held)
        found = RecordState.FAILED
        domains.note_verification(connection, held.id, DomainState.FAILED, dkim=found, return_path=found, reason=None)
        domains.undeclare(connection, held)
    told = [(one.type, one.data["status"]) for one in events(database)]
    assert told == [
        ("domain.created", "not_started"),
        ("domain.updated", "verified"),
        ("domain.updated", "not_started"),
    ]
