from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, update

from postroom_database.engine import Database
from postroom_database.models import (
    Attachment,
    AuditEntry,
    Base,
    ContentChunk,
    Email,
    Event,
    InboxChunk,
    InboxMessage,
    ProviderJob,
    ProviderMessage,
    Recipient,
    Schedule,
    ScheduleSlot,
    Suppression,
    WebhookAttempt,
    WebhookDelivery,
)
from postroom_database.repositories import contents, deliveries, erasure, inbox, provider_jobs, suppressions, timelines
from postroom_database.repositories.erasure import PASSES
from postroom_database.repositories.erasure_search import Scope
from postroom_database.repositories.suppressions import NewSuppression
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import Now
from postroom_domain.addresses import parse_mailbox
from postroom_domain.ids import new_id
from postroom_domain.persons import Person
from postroom_domain.provider_jobs import ProviderJobKind
from postroom_domain.states import ENDS, State
from postroom_domain.suppressions import Origin
from postroom_testing.drafts import Bytes, attachment, draft, store

ONE = "one@xn--r8jz45g.jp"
AS_WRITTEN = "A Person <ONE@例え.jp>"
OTHER = "two@example.com"
SHOP, ELSEWHERE = uuid4(), uuid4()


def erase(
    database: Database, workspace_id: UUID | None = None, address: str = ONE
) -> dict[tuple[UUID | None, str], int]:
    """What the admin does, with a range for every two rows."""
    scope = Scope(Person(parse_mailbox(address).address), workspace_id)
    counts: Counter[tuple[UUID | None, str]] = Counter()
    for one in PASSES:
        after = None
        while True:
            with database.read() as connection:
                found = one.look(connection, scope, after, 2)
            with database.begin() as connection:
                counts.update(one.erase(connection, scope, found.keys))
            if found.last is None:
                break
            after = found.last
    with database.begin() as connection:
        erasure.note(connection, counts)
    return {what: count for what, count in counts.items() if count}


def mail(database: Database, *to: str, state: str = "sent", workspace_id: UUID = SHOP, **changes: Any) -> UUID:
    one = draft(workspace_id, to=list(to), attachments=(attachment(Bytes(b"bytes")),), **changes)
    store(database, one)
    with database.begin() as connection:
        lease = {"lease_token": uuid4(), "lease_ends_at": Now(60)} if state == "sending" else {}
        connection.execute(update(Email).where(Email.id == one.id).values(state=state, **lease))
    return one.id


def happen(database: Database, email_id: UUID, address: str | None, data: Any, workspace_id: UUID = SHOP) -> UUID:
    """An event of which a webhook was told, that answered what it was told."""
    with database.begin() as connection:
        timelines.append(connection, workspace_id, email_id, [NewEvent("email.bounced", address, data)])
        newest = select(Event.id).where(Event.email_id == email_id).order_by(Event.id.desc()).limit(1)
        event_id: UUID = connection.execute(newest).scalar_one()
        tell(connection, event_id, workspace_id)
    return event_id


def tell(connection: Any, event_id: UUID, workspace_id: UUID) -> None:
    row = {"id": new_id(), "workspace_id": workspace_id, "webhook_id": uuid4(), "event_id": event_id, "type": "t"}
    connection.execute(insert(WebhookDelivery), [row | {"state": "success"}])
    attempt = {"id": new_id(), "delivery_id": row["id"], "took_milliseconds": 1, "response": f"Seen: {ONE.upper()}"}
    connection.execute(insert(WebhookAttempt), [attempt])


def one_row(database: Database, model: type[Base], row_id: UUID) -> Any:
    table = model.__table__
    with database.read() as connection:
        return connection.execute(select(table).where(table.c.id == row_id)).one_or_none()


def count(database: Database, *models: type[Base]) -> list[int]:
    with database.read() as connection:
        return [connection.execute(select(func.count()).select_from(model)).scalar_one() for model in models]


def names_in(database: Database) -> list[str]:
    """Tables in which any text still holds the person."""
    found = []
    with database.read() as connection:
        for table in Base.metadata.sorted_tables:
            text = repr(connection.execute(select(table)).all()).lower()
            if ONE in text or "one@例え.jp" in text:
                found.append(table.name)
    return found


@pytest.mark.parametrize("to", [AS_WRITTEN, ONE])
@pytest.mark.parametrize("state", [state for state in State if state is not State.SENDING])
def test_mail_to_the_person_alone_is_removed_sent_or_not(database: Database, state: State, to: str) -> None:
    gone = mail(database, to, state=state, bcc=["One@例え.jp"])
    kept = mail(database, OTHER, state=state)
    with database.begin() as connection:
        for email_id, address in ((gone, ONE), (kept, OTHER)):
            connection.execute(insert(Recipient), [{"email_id": email_id, "address": address, "state": "sent"}])
    happen(database, gone, ONE, {"diagnosticCode": f"550 <{ONE}>"})
    assert erase(database) == {(SHOP, "emails_removed"): 1}
    assert one_row(database, Email, kept) is not None
    tables = (Email, Attachment, ContentChunk, Recipient, Event, WebhookDelivery, WebhookAttempt)
    assert count(database, *tables) == [1, 1, 2, 1, 0, 0, 0]
    assert names_in(database) == []


@pytest.mark.parametrize("state", ENDS)
@pytest.mark.parametrize("place", ["to", "cc", "bcc"])
def test_mail_to_several_forgets_the_person_and_what_it_said(database: Database, state: State, place: str) -> None:
    lists: dict[str, Any] = {"to": [OTHER], "cc": ["c@example.com"], "bcc": None}
    lists[place] = [*(lists[place] or []), AS_WRITTEN]
    one = draft(SHOP, headers={"X-For": ONE}, tags=[{"name": "who", "value": "one"}], subject="Dear One", **lists)
    store(database, one)
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(state=state, reason=f"550 {ONE}"))
        for address in (ONE, OTHER):
            row = {"email_id": one.id, "address": address, "state": "sent", "reason": f"with {ONE}"}
            connection.execute(insert(Recipient), [row])
    theirs = happen(database, one.id, ONE, {"diagnosticCode": "550"})
    others = happen(database, one.id, OTHER, {"recipients": [ONE, OTHER]})
    untold = happen(database, one.id, OTHER, {"bounceType": "Permanent"})
    anybodys = happen(database, one.id, None, {"ipAddress": "192.0.2.1"})
    assert erase(database) == {(SHOP, "emails_changed"): 1, (SHOP, "events_changed"): 2}
    left = one_row(database, Email, one.id)
    assert (left.to_list, left.cc_list, left.bcc_list) == ([OTHER], ["c@example.com"], None)
    assert (left.subject, left.headers, left.tags, left.reason, left.state) == ("", None, None, None, state)
    with database.read() as connection:
        assert contents.load(connection, one.id, contents.TEXT_PART) is None
        recipients = [tuple(row)[:3] for row in timelines.recipients(connection, one.id)]
        events = {row.id: (row.address, row.data) for row in connection.execute(select(Event))}
    assert recipients == [(OTHER, "sent", None)]
    assert events == {
        theirs: (None, None),
        others: (OTHER, None),
        untold: (OTHER, {"bounceType": "Permanent"}),
        anybodys: (None, None),
    }
    assert count(database, WebhookDelivery, WebhookAttempt) == [4, 4]
    assert names_in(database) == []


@pytest.mark.parametrize("state", ["scheduled", "queued", "unknown", "suspect", "held"])
def test_mail_that_is_still_to_be_sent_to_others_is_sent_to_them(database: Database, state: str) -> None:
    email_id = mail(database, OTHER, AS_WRITTEN, state=state, subject="Dear all")
    assert erase(database) == {(SHOP, "emails_changed"): 1}
    left = one_row(database, Email, email_id)
    assert (left.state, left.to_list, left.subject) == (state, [OTHER], "Dear all")
    with database.begin() as connection:
        assert contents.load(connection, email_id, contents.TEXT_PART) == b"text"
        if state == "queued":
            claim = deliveries.claim(connection, email_id, lease_seconds=60)
            assert claim is not None
            assert claim.recipients == (OTHER,)


def test_mail_that_waited_for_the_person_alone_has_ended(database: Database) -> None:
    email_id = mail(database, OTHER, AS_WRITTEN, state="queued")
    with database.begin() as connection:
        rows = [{"email_id": email_id, "address": OTHER, "state": "delivered"}]
        connection.execute(insert(Recipient), rows)
    erase(database)
    assert one_row(database, Email, email_id).state == "sent"


def test_mail_that_is_being_sent_is_left_and_told(database: Database) -> None:
    email_id = mail(database, ONE, state="sending")
    assert erase(database) == {(SHOP, "being_sent"): 1}
    assert one_row(database, Email, email_id).to_list == [ONE]
    assert count(database, AuditEntry) == [0]
    with database.begin() as connection:
        connection.execute(update(Email).values(state="sent"))
    assert erase(database) == {(SHOP, "emails_removed"): 1}


def test_others_keep_what_is_theirs(database: Database) -> None:
    for to in ("someone@xn--r8jz45g.jp", "one@example.com", "one@例え.jp.example.com", '"one@例え.jp" <a@example.com>'):
        happen(database, mail(database, to), to, {"to": to})
    before = count(database, Email, ContentChunk, Event)
    changed = erase(database)
    assert count(database, Email, ContentChunk, Event) == before
    # What a text holds may be a longer address: it is forgotten rather than kept.
    assert set(changed) == {(SHOP, "events_changed")}


def test_captured_messages_are_removed_that_the_person_got_or_whose_header_names_them(database: Database) -> None:
    shared, alone = mail(database, OTHER, AS_WRITTEN), mail(database, ONE)
    with database.begin() as connection:
        for email_id, envelope in ((shared, [OTHER]), (alone, [ONE]), (uuid4(), [ONE]), (mail_id := uuid4(), [OTHER])):
            inbox.add(connection, email_id=email_id, sender="s", recipients=envelope, subject="s", raw=b"raw")
    changed = erase(database)
    assert changed[SHOP, "captured_removed"] == 2
    assert changed[None, "captured_removed"] == 1
    with database.read() as connection:
        assert connection.execute(select(InboxMessage.email_id)).scalars().all() == [mail_id]
    assert count(database, InboxChunk) == [1]


def test_what_webhooks_were_told_of_no_email_is_removed(database: Database) -> None:
    with database.begin() as connection:
        timelines.tell(connection, SHOP, "suppression.created", {"email": "One@例え.jp".lower()})
        timelines.tell(connection, SHOP, "domain.created", {"name": "example.com"})
        for event_id in connection.execute(select(Event.id)).scalars().all():
            tell(connection, event_id, SHOP)
    assert erase(database) == {(SHOP, "events_changed"): 1}
    assert count(database, Event, WebhookDelivery, WebhookAttempt) == [1, 1, 1]
    assert names_in(database) == []


def test_suppressions_and_jobs_about_them_are_removed(database: Database) -> None:
    with database.begin() as connection:
        suppressions.add(connection, SHOP, [NewSuppression("One@xn--r8jz45g.jp", Origin.BOUNCE)])
        suppressions.add(connection, SHOP, [NewSuppression(OTHER, Origin.BOUNCE)])
        for subject in (ONE, OTHER):
            provider_jobs.add(
                connection, ProviderJobKind.UNSUPPRESS, workspace_id=SHOP, subject=subject, request_id="r"
            )
    done = {"suppressions_removed": 1, "provider_jobs_removed": 1, "events_changed": 1}
    assert erase(database) == {(SHOP, what): many for what, many in done.items()}
    assert count(database, Suppression, ProviderJob) == [1, 1]
    assert names_in(database) == []


def schedule(database: Database, email: dict[str, Any]) -> UUID:
    schedule_id = new_id()
    row = {"id": schedule_id, "workspace_id": SHOP, "name": "n", "cron": "* * * * *", "timezone": "UTC"}
    more = {"catch_up": "none", "catch_up_limit": 1, "status": "active", "request_id": "r"}
    with database.begin() as connection:
        connection.execute(insert(Schedule), [row | more | {"email": email | {"subject": "s"}}])
        slot = {"schedule_id": schedule_id, "slot": "2026-01-01T00:00", "outcome": "fired"}
        connection.execute(insert(ScheduleSlot).values(**slot, slot_at=Now()))
    return schedule_id


@pytest.mark.parametrize(
    ("email", "left"),
    [
        ({"to": AS_WRITTEN}, None),
        ({"to": [AS_WRITTEN, ONE]}, None),
        ({"to": [OTHER, AS_WRITTEN]}, {"to": [OTHER]}),
        ({"to": OTHER, "cc": ONE, "bcc": [ONE]}, {"to": OTHER, "cc": None, "bcc": []}),
        ({"to": [OTHER], "cc": None}, {"to": [OTHER], "cc": None}),
    ],
)
def test_schedules_write_to_them_no_more(
    database: Database, email: dict[str, Any], left: dict[str, Any] | None
) -> None:
    schedule_id = schedule(database, email)
    changed = erase(database)
    row = one_row(database, Schedule, schedule_id)
    if left is None:
        assert row is None
        assert changed == {(SHOP, "schedules_removed"): 1}
    else:
        assert row.email == left | {"subject": "s"}
        assert changed == ({} if left == email else {(SHOP, "schedules_changed"): 1})
    assert count(database, ScheduleSlot) == [0 if left is None else 1]


def test_what_the_provider_told_of_them_and_matched_no_email_is_removed(database: Database) -> None:
    body = '{"Message": "{\\"destination\\": [\\"' + ONE + '\\"]}"}'
    with database.begin() as connection:
        for name, text, waits in (("gone", body, False), ("read", body, True), ("other", OTHER, False)):
            values = {"id": name, "body": text, "due_at": Now() if waits else None}
            connection.execute(insert(ProviderMessage).values(**values))
    assert erase(database, SHOP) == {}
    assert erase(database) == {(None, "messages_removed"): 1, (None, "being_read"): 1}
    with database.read() as connection:
        assert set(connection.execute(select(ProviderMessage.id)).scalars()) == {"read", "other"}


def test_another_workspace_keeps_what_it_has(database: Database) -> None:
    for workspace_id in (SHOP, ELSEWHERE):
        happen(database, mail(database, ONE, OTHER, workspace_id=workspace_id), ONE, {"to": ONE}, workspace_id)
        with database.begin() as connection:
            email_id = connection.execute(select(Email.id).where(Email.workspace_id == workspace_id)).scalar_one()
            inbox.add(connection, email_id=email_id, sender="s", recipients=[ONE], subject="s", raw=b"raw")
            row = {"email_id": email_id, "address": OTHER, "state": "sent", "reason": ONE}
            connection.execute(insert(Recipient), [row])
            suppressions.add(connection, workspace_id, [NewSuppression(ONE, Origin.MANUAL)])
    # Two events: what happened to the email, and that the address was suppressed.
    done = {"captured_removed": 1, "emails_changed": 1, "events_changed": 2, "suppressions_removed": 1}
    assert erase(database, SHOP) == {(SHOP, what): many for what, many in done.items()}
    with database.read() as connection:
        reasons = {row.reason for row in connection.execute(select(Recipient.reason))}
        responses = {row.response is None for row in connection.execute(select(WebhookAttempt.response))}
    assert (reasons, responses) == ({None, ONE}, {True, False})
    assert erase(database, SHOP) == {}
    assert erase(database) == {(ELSEWHERE, what): many for what, many in done.items()}
    assert names_in(database) == []


def test_the_audit_says_in_each_workspace_that_it_was_done_and_not_who_it_was(database: Database) -> None:
    mail(database, ONE)
    mail(database, ONE, OTHER)
    mail(database, OTHER, workspace_id=ELSEWHERE)
    erase(database)
    erase(database)
    with database.read() as connection:
        [entry] = connection.execute(select(AuditEntry.__table__)).all()
    assert (entry.workspace_id, entry.actor, entry.action) == (SHOP, "operator", "person.erased")
    assert (entry.resource_id, entry.data) == (None, {"emails_removed": 1, "emails_changed": 1})


@pytest.mark.parametrize("written", ['"one"@example.com', '"o\\ne"@example.com', 'A Name <"One"@Example.com>'])
def test_somebody_is_found_whose_address_was_quoted_without_need(database: Database, written: str) -> None:
    mail(database, written, state="queued")
    changed = mail(database, OTHER, written)
    schedule(database, {"to": [written]})
    assert erase(database, address="one@example.com") == {
        (SHOP, "emails_removed"): 1,
        (SHOP, "emails_changed"): 1,
        (SHOP, "schedules_removed"): 1,
    }
    assert one_row(database, Email, changed).to_list == [OTHER]


def test_a_quoted_local_part_is_found_where_json_escapes_it(database: Database) -> None:
    quoted = '"a b"@example.com'
    assert parse_mailbox(quoted).address == quoted
    mail(database, quoted)
    happen(database, mail(database, OTHER), OTHER, {"forwarded": quoted})
    assert erase(database, address=quoted) == {(SHOP, "emails_removed"): 1, (SHOP, "events_changed"): 1}
