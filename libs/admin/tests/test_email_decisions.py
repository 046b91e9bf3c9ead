"""`email retry` and `email cancel`."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert, text, update

from postroom_database.engine import Database
from postroom_database.models import ContentChunk, Email, Recipient
from postroom_database.repositories import deliveries, timelines
from postroom_database.types import Now
from postroom_domain.states import State
from postroom_testing.drafts import draft, store
from postroom_testing.server import wait_until

TO = ["a@example.com", "b@example.com"]
ENDS = ("sending", "unknown", "sent", "canceled")
SECONDS = 60


def mail(database: Database, recipients: dict[str, str] | None = None, **changes: Any) -> UUID:
    """An email to two, which stands so."""
    one = draft(to=TO)
    store(database, one)
    with database.begin() as connection:
        if changes:
            connection.execute(update(Email).where(Email.id == one.id).values(changes))
        if recipients:
            rows = [{"email_id": one.id, "address": address, "state": state} for address, state in recipients.items()]
            connection.execute(insert(Recipient), rows)
    return one.id


def row(database: Database, email_id: UUID) -> Any:
    with database.read() as connection:
        return timelines.email(connection, email_id)


def stand(database: Database, email_id: UUID) -> dict[str, str]:
    with database.read() as connection:
        return {one.address: one.state for one in timelines.recipients(connection, email_id)}


def told(database: Database, email_id: UUID) -> list[str]:
    with database.read() as connection:
        return [event.type for event in timelines.events(connection, email_id)]


def test_what_waits_or_is_held_is_tried_now(either_admin: Any, either_database: Database) -> None:
    later = mail(either_database, due_at=Now(900), reason="450 later", attempts=2)
    held = mail(either_database, state="held", held_because="crashed", crashes=3)
    for _ in range(2):
        done = either_admin("email", "retry", str(later), str(held))
        assert (done.exit_code, done.stdout, done.stderr) == (0, "Queued again: 2.\n", "")
    with either_database.begin() as connection:
        assert deliveries.claim(connection, later, lease_seconds=60)
        assert deliveries.claim(connection, held, lease_seconds=60, alone=True)


def test_what_is_due_is_hinted_at_once(either_admin: Any, either_database: Database) -> None:
    """A worker was told of it, and it waits all the same: the hint is lost, and nobody waits for it to be old."""
    waiting = mail(either_database)
    assert row(either_database, waiting).hinted_at is not None
    due = row(either_database, waiting).due_at
    done = either_admin("email", "retry", str(waiting))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "Queued again: 1.\n", "")
    assert row(either_database, waiting).hinted_at is None
    assert row(either_database, waiting).due_at == due


@pytest.mark.parametrize("state", ["failed", "suppressed"])
def test_what_failed_starts_anew_for_those_who_did_not_get_it(
    either_admin: Any, either_database: Database, state: str
) -> None:
    settled = dict.fromkeys(TO, "failed") | {"b@example.com": state}
    one = mail(
        either_database, settled, state=state, last_event=state, reason="why", attempts=4, first_tried_at=Now(-90_000)
    )
    done = either_admin("email", "retry", str(one))
    assert (done.exit_code, done.stdout) == (0, "Queued again: 1.\n")
    again = row(either_database, one)
    assert (again.state, again.last_event, again.reason, again.hinted_at) == ("queued", "queued", None, None)
    assert stand(either_database, one) == {}
    with either_database.begin() as connection:
        claim = deliveries.claim(connection, one, lease_seconds=60)
    assert claim is not None
    assert (claim.recipients, claim.attempt, claim.age_seconds < 60) == (tuple(TO), 5, True)


def test_what_its_provider_told_of_it_stays(either_admin: Any, either_database: Database) -> None:
    one = mail(either_database, {"a@example.com": "delivered"}, state="failed", last_event="delivered", attempts=1)
    assert either_admin("email", "retry", str(one)).exit_code == 0
    assert row(either_database, one).last_event == "delivered"
    with either_database.begin() as connection:
        claim = deliveries.claim(connection, one, lease_seconds=60)
    assert claim is not None
    assert claim.recipients == ("b@example.com",)


def test_what_has_no_content_any_more_is_left(either_admin: Any, either_database: Database) -> None:
    one = mail(either_database, state="failed")
    with either_database.begin() as connection:
        connection.execute(delete(ContentChunk).where(ContentChunk.email_id == one))
    done = either_admin("email", "retry", str(one))
    assert (done.exit_code, done.stdout) == (1, "Queued again: 0.\n")
    assert done.stderr == f"{one} is failed, and its content is forgotten: left as it is.\n"
    assert row(either_database, one).state == "failed"


def test_what_is_scheduled_or_waits_is_canceled(either_admin: Any, either_database: Database) -> None:
    scheduled = mail(either_database, state="scheduled", last_event="scheduled")
    waiting = mail(either_database, due_at=Now(900))
    some = mail(either_database, {"a@example.com": "sent"}, last_event="sent", state="suspect")
    done = either_admin("email", "cancel", "--yes", str(scheduled), str(waiting), str(some))
    assert (done.exit_code, done.stdout) == (0, "Canceled: 3.\n")
    rows = [row(either_database, one) for one in (scheduled, waiting, some)]
    assert [(one.state, one.last_event) for one in rows] == [("canceled", "canceled")] * 2 + [("sent", "sent")]
    assert stand(either_database, waiting) == dict.fromkeys(TO, "canceled")
    assert stand(either_database, some) == {"a@example.com": "sent", "b@example.com": "canceled"}
    assert [told(either_database, one) for one in (scheduled, waiting, some)] == [["email.canceled"]] * 3
    again = either_admin("email", "cancel", "--yes", str(waiting))
    assert (again.exit_code, again.stderr) == (1, f"{waiting} is canceled: left as it is.\n")
    assert told(either_database, waiting) == ["email.canceled"]


def test_canceling_asks_and_does_nothing_without_a_yes(admin: Any, database: Database) -> None:
    one = mail(database)
    done = admin("email", "cancel", str(one))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Cancel 1? This cannot be undone. [y/N]" in done.stderr
    assert row(database, one).state == "queued"


@pytest.mark.parametrize("command", ["retry", "cancel"])
def test_what_cannot_be_decided_any_more_is_left_and_named(
    either_admin: Any, either_database: Database, command: str
) -> None:
    states = {mail(either_database, state=state): state for state in ENDS}
    if command == "cancel":
        states[mail(either_database, state="held")] = "held (`dead discard` ends it)"
    waits, missing = mail(either_database), uuid4()
    ids = [str(one) for one in (*states, waits, missing)]
    before = {one: row(either_database, one) for one in states}
    done = either_admin("email", command, *ids, *(["--yes"] if command == "cancel" else []))
    assert (done.exit_code, done.stdout.endswith(": 1.\n")) == (1, True)
    left = [f"{one} is {state}: left as it is." for one, state in states.items()]
    assert done.stderr.splitlines() == [*left, f"{missing} is not there: left as it is."]
    assert {one: row(either_database, one) for one in states} == before


@pytest.mark.parametrize("command", ["retry", "cancel"])
def test_what_a_worker_is_just_taking_is_left_to_it(admin: Any, database: Database, command: str) -> None:
    one = mail(database)
    arguments = [str(one), *(["--yes"] if command == "cancel" else [])]
    with database.begin() as connection:
        claim = deliveries.claim(connection, one, lease_seconds=60)
        assert claim is not None
        process = admin.start("email", command, *arguments, POSTROOM_DATABASE_TIMEOUT_SECONDS="60")

        def waits_or_ended() -> bool:
            others = text(
                "SELECT 1 FROM information_schema.processlist"
                " WHERE info LIKE '%emails%' AND db = DATABASE() AND id != CONNECTION_ID()"
            )
            return process.poll() is not None or bool(connection.execute(others).all())

        wait_until(waits_or_ended, seconds=SECONDS, what="the command to wait for that email")
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out.endswith(": 0.\n")) == (1, True)
    assert err == f"{one} is sending: left as it is.\n"
    with database.begin() as connection:
        deliveries.finish(connection, claim, deliveries.Outcome(State.SENT, State.SENT))
    assert row(database, one).state == "sent"


@pytest.mark.parametrize("command", ["retry", "cancel"])
@pytest.mark.parametrize(("arguments", "said"), [((), "Missing argument"), (("nonsense",), "each must be a UUID")])
def test_what_makes_no_sense_is_refused(admin: Any, command: str, arguments: tuple[str, ...], said: str) -> None:
    done = admin("email", command, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
