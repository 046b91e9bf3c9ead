"""What a provider's word makes of an email, on each database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, func, select, update

from postroom_database.engine import Database
from postroom_database.models import Email, ProviderMessage
from postroom_database.repositories import (
    deliveries,
    provider_messages,
    settlements,
    suppressions,
    timelines,
    workspaces,
)
from postroom_database.repositories.deliveries import Claim, Outcome, Overtaken, RecipientOutcome
from postroom_database.repositories.provider_messages import ClaimedMessage
from postroom_database.repositories.settlements import Accounted
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import AnyRow
from postroom_database.writing import write
from postroom_domain.ids import new_id
from postroom_domain.provider_messages import MessageResult
from postroom_domain.reports import Happening, Occurrence, Report, Sighting
from postroom_domain.states import State
from postroom_domain.suppressions import Origin
from postroom_testing.drafts import draft, store

ONE, TWO = "one@example.com", "two@example.com"
BOUNCE = {"bounceType": "Permanent", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
NO_ANSWER = "no answer came"


def account(database: Database, email_id: UUID, told: State, *addresses: str, **data: Any) -> Accounted:
    happenings = tuple(Happening(address, data.get("diagnosticCode"), data) for address in addresses or (ONE,))
    report = Report(email_id, "provider-1", told, happenings)
    with database.begin() as connection:
        return settlements.account(connection, report)


def row(database: Database, email_id: UUID) -> AnyRow:
    with database.read() as connection:
        found = timelines.email(connection, email_id)
    assert found is not None
    return found


def states(database: Database, email_id: UUID) -> dict[str, str]:
    with database.read() as connection:
        return {recipient.address: recipient.state for recipient in timelines.recipients(connection, email_id)}


def events(database: Database, email_id: UUID) -> list[tuple[str, str | None]]:
    with database.read() as connection:
        return [(one.type, one.address) for one in timelines.events(connection, email_id)]


def claim(database: Database, email_id: UUID) -> Claim:
    with database.begin() as connection:
        found = deliveries.claim(connection, email_id, lease_seconds=60)
    assert found is not None
    return found


def finish(database: Database, held: Claim, outcome: Outcome) -> None:
    with database.begin() as connection:
        deliveries.finish(connection, held, outcome)


def sent_email(database: Database, *to: str) -> UUID:
    """An email that a worker handed over, and was told so."""
    one = draft(to=list(to or (ONE,)))
    store(database, one)
    held = claim(database, one.id)
    outcomes = tuple(RecipientOutcome(address, State.SENT) for address in held.recipients)
    finish(
        database, held, Outcome(State.SENT, State.SENT, "provider-1", None, None, outcomes, (NewEvent("email.sent"),))
    )
    return one.id


def unanswered(database: Database, *to: str, state: State = State.UNKNOWN, **columns: Any) -> UUID:
    """An email whose worker got no answer, in one of the states that it may be in since."""
    one = draft(to=list(to or (ONE,)))
    store(database, one)
    held = claim(database, one.id)
    outcomes = tuple(RecipientOutcome(address, State.UNKNOWN, NO_ANSWER) for address in held.recipients)
    finish(database, held, Outcome(State.UNKNOWN, State.QUEUED, None, NO_ANSWER, 600, outcomes))
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(state=state.value, **columns))
    return one.id


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        (State.UNKNOWN, {}),
        (State.HELD, {"held_because": "unknown"}),
        (State.SUSPECT, {"crashes": 2}),
        (State.QUEUED, {}),
        (State.FAILED, {"last_event": "failed"}),
    ],
)
def test_a_send_settles_whatever_nobody_knew(database: Database, state: State, columns: dict[str, Any]) -> None:
    email_id = unanswered(database, state=state, **columns)
    accounted = account(database, email_id, State.SENT)
    assert (accounted.result, accounted.before, accounted.after) == (MessageResult.ACCOUNTED, state, State.SENT)
    assert (accounted.request_id, accounted.strangers) == ("request-1", 0)
    settled = row(database, email_id)
    assert (settled.state, settled.last_event, settled.message_id) == ("sent", "sent", "provider-1")
    assert (settled.reason, settled.held_because, settled.crashes) == (None, None, 0)
    assert states(database, email_id) == {ONE: "sent"}
    assert events(database, email_id) == [("email.sent", None)]
    with database.read() as connection:
        [recipient] = timelines.recipients(connection, email_id)
    assert recipient.reason is None


def test_what_was_never_written_is_written_now(database: Database) -> None:
    one = draft(to=[ONE], cc=["Two <two@example.com>"], bcc=["three@例え.jp"])
    store(database, one)
    account(database, one.id, State.SENT, ONE, TWO, "three@xn--r8jz45g.jp")
    assert states(database, one.id) == {ONE: "sent", TWO: "sent", "three@xn--r8jz45g.jp": "sent"}
    assert row(database, one.id).state == "sent"


def test_a_part_leaves_the_rest_to_the_next_attempt(database: Database) -> None:
    email_id = unanswered(database, ONE, TWO)
    due_at = row(database, email_id).due_at
    accounted = account(database, email_id, State.SENT, ONE)
    assert (accounted.before, accounted.after) == (State.UNKNOWN, State.UNKNOWN)
    partly = row(database, email_id)
    assert (partly.state, partly.last_event, partly.reason, partly.due_at) == ("unknown", "sent", NO_ANSWER, due_at)
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(state="queued", due_at=Email.created_at))
    assert claim(database, email_id).recipients == (TWO,)
    account(database, email_id, State.DELIVERED, TWO)
    assert states(database, email_id) == {ONE: "sent", TWO: "delivered"}
    assert events(database, email_id) == [("email.sent", None), ("email.delivered", TWO)]


def test_the_last_part_settles_it(database: Database) -> None:
    email_id = unanswered(database, ONE, TWO)
    account(database, email_id, State.DELIVERED, ONE)
    assert row(database, email_id).state == "unknown"
    account(database, email_id, State.SENT, ONE, TWO)
    settled = row(database, email_id)
    assert (settled.state, settled.last_event, settled.reason) == ("sent", "delivered", None)
    assert states(database, email_id) == {ONE: "delivered", TWO: "sent"}


def test_a_worker_keeps_what_it_holds(database: Database) -> None:
    one = draft(to=[ONE])
    store(database, one)
    held = claim(database, one.id)
    before = row(database, one.id)
    accounted = account(database, one.id, State.SENT)
    assert (accounted.before, accounted.after) == (State.SENDING, State.SENDING)
    after = row(database, one.id)
    kept = ("state", "lease_token", "lease_ends_at", "due_at", "attempts", "hinted_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert (after.state, after.lease_token) == ("sending", held.token)
    assert (after.last_event, after.message_id, states(database, one.id)) == ("sent", "provider-1", {ONE: "sent"})


def test_events_come_in_any_order(database: Database) -> None:
    email_id = unanswered(database)
    for told in (State.DELIVERED, State.SENT, State.DELIVERY_DELAYED):
        account(database, email_id, told)
    settled = row(database, email_id)
    assert (settled.state, settled.last_event, states(database, email_id)) == ("sent", "delivered", {ONE: "delivered"})
    assert events(database, email_id) == [
        ("email.sent", None),
        ("email.delivered", ONE),
        ("email.delivery_delayed", ONE),
    ]


def test_a_known_send_adds_nothing(database: Database) -> None:
    email_id = sent_email(database)
    account(database, email_id, State.SENT)
    assert events(database, email_id) == [("email.sent", None)]
    account(database, email_id, State.DELIVERED, smtpResponse="250 ok")
    with database.read() as connection:
        told = timelines.events(connection, email_id)[-1]
    assert (told.type, told.data) == ("email.delivered", {"smtpResponse": "250 ok"})


def test_a_message_id_is_not_replaced(database: Database) -> None:
    email_id = sent_email(database)
    with database.begin() as connection:
        report = Report(email_id, "provider-2", State.DELIVERED, (Happening(ONE),))
        settlements.account(connection, report)
    assert row(database, email_id).message_id == "provider-1"


def test_an_unknown_email_has_no_effect(database: Database) -> None:
    accounted = account(database, new_id(), State.SENT)
    assert (accounted.result, accounted.workspace_id) == (MessageResult.UNMATCHED, None)


@pytest.mark.parametrize("state", [State.SCHEDULED, State.CANCELED])
def test_what_was_never_handed_over_is_left(database: Database, state: State) -> None:
    email_id = unanswered(database, state=state, last_event=state.value)
    accounted = account(database, email_id, State.SENT)
    assert (accounted.result, accounted.before) == (MessageResult.UNEXPECTED, state)
    left = row(database, email_id)
    assert (left.state, left.last_event, left.message_id, events(database, email_id)) == (state, state, None, [])


def test_an_email_shows_the_highest_of_its_recipients(database: Database) -> None:
    email_id = sent_email(database, ONE, TWO)
    account(database, email_id, State.BOUNCED, ONE, **BOUNCE)
    account(database, email_id, State.DELIVERED, TWO)
    assert (row(database, email_id).last_event, states(database, email_id)) == (
        "bounced",
        {ONE: "bounced", TWO: "delivered"},
    )


@pytest.mark.parametrize(
    ("told", "data", "origin"),
    [
        (State.BOUNCED, BOUNCE, Origin.BOUNCE),
        (State.BOUNCED, {"bounceType": "Transient"}, None),
        (State.COMPLAINED, {"complaintFeedbackType": "abuse"}, Origin.COMPLAINT),
        (State.DELIVERED, {}, None),
    ],
)
def test_hard_bounces_and_complaints_suppress(
    database: Database, told: State, data: dict[str, str], origin: Origin | None
) -> None:
    email_id = unanswered(database, "One@example.com")
    accounted = account(database, email_id, told, **data)
    with database.read() as connection:
        kept = suppressions.get(connection, row(database, email_id).workspace_id, ONE)
        [recipient] = timelines.recipients(connection, email_id)
        told_event = timelines.events(connection, email_id)[-1]
    assert (kept and (kept.origin, kept.source_id)) == (origin and (origin, email_id))
    assert [added.origin for added in accounted.suppressed] == ([origin] if origin else [])
    assert (recipient.address, recipient.reason) == ("One@example.com", data.get("diagnosticCode"))
    assert (told_event.type, told_event.address, told_event.data) == (f"email.{told}", "One@example.com", data)


def test_a_rejected_email_fails_with_the_reason(database: Database) -> None:
    email_id = unanswered(database)
    with database.begin() as connection:
        report = Report(
            email_id, "provider-1", State.FAILED, (Happening(ONE, "Bad content", {"reason": "Bad content"}),)
        )
        settlements.account(connection, report)
    failed = row(database, email_id)
    assert (failed.state, failed.last_event, failed.reason) == ("failed", "failed", "Bad content")
    assert events(database, email_id) == [("email.failed", ONE)]


def test_a_rejection_comes_too_late_for_what_was_sent(database: Database) -> None:
    email_id = sent_email(database)
    account(database, email_id, State.FAILED)
    assert (row(database, email_id).state, row(database, email_id).last_event) == ("sent", "sent")
    assert states(database, email_id) == {ONE: "sent"}


def test_one_that_fails_does_not_end_an_email_that_waits(database: Database) -> None:
    email_id = unanswered(database, ONE, TWO)
    account(database, email_id, State.FAILED, ONE)
    waits = row(database, email_id)
    assert (waits.state, waits.last_event, states(database, email_id)) == (
        "unknown",
        "queued",
        {ONE: "failed", TWO: "unknown"},
    )


def test_recipients_are_known_however_they_are_written(database: Database) -> None:
    email_id = unanswered(database, "One@example.com", TWO, "two@EXAMPLE.com", "TWO@example.com")
    account(database, email_id, State.SENT, "one@EXAMPLE.COM", "TWO@example.com")
    assert states(database, email_id) == {"One@example.com": "sent", TWO: "unknown", "TWO@example.com": "sent"}
    account(database, email_id, State.DELIVERED, "Two@example.com")
    assert states(database, email_id) == {
        "One@example.com": "sent",
        TWO: "delivered",
        "TWO@example.com": "delivered",
    }


def test_strangers_are_counted_but_an_only_recipient_is_meant(database: Database) -> None:
    several = unanswered(database, ONE, TWO)
    accounted = account(database, several, State.BOUNCED, "inbox@example.org", **BOUNCE)
    assert (accounted.strangers, states(database, several)) == (1, {ONE: "unknown", TWO: "unknown"})
    assert (events(database, several), row(database, several).state) == ([], "unknown")
    single = unanswered(database, ONE)
    assert account(database, single, State.BOUNCED, "inbox@example.org", **BOUNCE).strangers == 0
    assert states(database, single) == {ONE: "bounced"}


def test_what_is_told_of_one_who_was_erased_is_told_of_nobody_else(database: Database) -> None:
    email_id = sent_email(database, ONE, TWO)
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(to_list=[TWO]))
    told = events(database, email_id)
    report = Report(email_id, "provider-1", State.BOUNCED, (Happening(ONE, "no such user", BOUNCE),), (ONE, TWO))
    with database.begin() as connection:
        accounted = settlements.account(connection, report)
        seen = settlements.account(connection, Sighting(email_id, "provider-1", Occurrence.OPENED, {}, (ONE, TWO)))
    assert (accounted.strangers, accounted.suppressed, seen.result) == (1, (), MessageResult.ACCOUNTED)
    assert states(database, email_id)[TWO] == "sent"
    assert events(database, email_id) == [*told, ("email.opened", None)]


def test_a_delivery_takes_few_statements(mariadb_database: Database) -> None:
    email_id = sent_email(mariadb_database, *(f"{n}@example.com" for n in range(50)))
    executed: list[str] = []
    event.listen(mariadb_database.engine, "before_cursor_execute", lambda *given: executed.append(given[2]))
    account(mariadb_database, email_id, State.SENT, *(f"{n}@example.com" for n in range(50)))
    assert [statement.split()[0] for statement in executed] == ["SELECT", "SELECT"]
    executed.clear()
    account(mariadb_database, email_id, State.DELIVERED, *(f"{n}@example.com" for n in range(50)))
    assert [statement.split()[0] for statement in executed] == [
        "SELECT",
        "SELECT",
        "UPDATE",
        "UPDATE",
        "INSERT",
        "SELECT",  # which webhooks are told
    ]


def test_many_at_once_lose_nothing(mariadb_database: Database) -> None:
    """Several messages of a few emails, each posted twice, from eight threads: as if each had come once, in order."""
    addresses = [f"{n}@example.com" for n in range(6)]
    with mariadb_database.begin() as connection:
        workspace_id = workspaces.add(connection, "one")
    ids = [draft(workspace_id, to=addresses) for _ in range(4)]
    store(mariadb_database, *ids)
    jobs = [
        (one.id, told, address, f"{one.id}-{told}-{address}")
        for one in ids
        for address in addresses
        for told in (State.DELIVERED, State.BOUNCED, State.SENT)
    ] * 2
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for email_id, told, address, message in jobs[number::8]:
            report = Report(email_id, "provider-1", told, (Happening(address, None, BOUNCE),))

            def take(connection: Connection, message: str = message) -> UUID | None:
                return provider_messages.keep(connection, message, "", request_id=None, hinted=True)

            job_id = write(mariadb_database, take)
            if job_id is None:
                continue
            with mariadb_database.begin() as connection:
                [claimed] = provider_messages.claim(connection, [job_id], lease_seconds=60)

            def settle(connection: Connection, claimed: ClaimedMessage = claimed, report: Report = report) -> None:
                accounted = settlements.account(connection, report)
                provider_messages.finish(connection, claimed, accounted.result)

            write(mariadb_database, settle)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, number) for number in range(8)]:
            done.result()
    for one in ids:
        assert states(mariadb_database, one.id) == dict.fromkeys(addresses, "bounced")
        assert (row(mariadb_database, one.id).state, row(mariadb_database, one.id).last_event) == ("sent", "bounced")
        told_once = events(mariadb_database, one.id)
        assert len(told_once) == len(set(told_once)) == 1 + 2 * len(addresses)
    with mariadb_database.read() as connection:
        counted = connection.execute(select(func.count()).select_from(ProviderMessage)).scalar_one()
    assert counted == len(jobs) / 2


@pytest.mark.parametrize(("to", "address"), [([ONE], ONE), ([ONE, TWO], None)])
@pytest.mark.parametrize("seen", Occurrence)
def test_what_is_seen_is_told_and_moves_nothing(
    database: Database, seen: Occurrence, to: list[str], address: str | None
) -> None:
    email_id = sent_email(database, *to)
    account(database, email_id, State.DELIVERED, *to)
    before, stood = row(database, email_id), states(database, email_id)
    data = {"timestamp": "2026-01-02T03:04:05.678Z", "link": "https://example.com"}
    for _ in range(2):
        with database.begin() as connection:
            accounted = settlements.account(connection, Sighting(email_id, "provider-1", seen, data))
    assert (accounted.result, accounted.request_id) == (MessageResult.ACCOUNTED, "request-1")
    assert (row(database, email_id), states(database, email_id)) == (before, stood)
    with database.read() as connection:
        told = timelines.events(connection, email_id)[-2:]
    assert [(one.type, one.address, one.data) for one in told] == [(f"email.{seen}", address, data)] * 2


def test_an_earlier_word_shows_to_the_worker_that_holds_the_email(database: Database) -> None:
    """A rejection of one recipient while another one is still open changes nothing that clients see."""
    one = draft(to=[ONE, TWO])
    store(database, one)
    held = claim(database, one.id)
    account(database, one.id, State.FAILED, ONE)
    outcomes = tuple(RecipientOutcome(address, State.SENT) for address in held.recipients)
    outcome = Outcome(State.SENT, State.SENT, "provider-1", None, None, outcomes, (NewEvent("email.sent"),))
    with pytest.raises(Overtaken), database.begin() as connection:
        deliveries.finish(connection, held, outcome)
    with database.begin() as connection:
        again = deliveries.reread(connection, held)
        assert again.settled == {ONE: State.FAILED}
        deliveries.finish(connection, again, outcome)
    assert (row(database, one.id).state, states(database, one.id)) == ("sent", {ONE: "sent", TWO: "sent"})


@pytest.mark.parametrize("order", list(permutations([State.BOUNCED, State.COMPLAINED])))
def test_a_complaint_says_more_than_a_bounce(database: Database, order: tuple[State, ...]) -> None:
    email_id = sent_email(database)
    for told in order:
        account(database, email_id, told, **BOUNCE)
    with database.read() as connection:
        kept = suppressions.get(connection, row(database, email_id).workspace_id, ONE)
    assert kept is not None
    assert (kept.origin, kept.source_id) == (Origin.COMPLAINT, email_id)
