from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from postroom_database.repositories.deliveries import Claim, Outcome
from postroom_database.repositories.suppressions import NewSuppression
from postroom_domain.lanes import Lane
from postroom_domain.states import State
from postroom_domain.suppressions import Origin
from postroom_transport.message import Happening, RecipientResult, Result, Verdict
from postroom_worker.outcomes import RetryRules, judge

RULES = RetryRules(age_seconds=3600, settle_seconds=300)


def claim(**changes: Any) -> Claim:
    values: dict[str, Any] = {
        "email_id": uuid4(),
        "token": uuid4(),
        "workspace_id": uuid4(),
        "request_id": "r",
        "lane": Lane.BULK,
        "attempt": 1,
        "claimed_at": datetime.now(UTC),
        "age_seconds": 1.0,
        "sender": "from@example.com",
        "to": ["a@example.com"],
        "cc": [],
        "bcc": [],
        "reply_to": [],
        "subject": "s",
        "headers": {},
        "written_at": datetime.now(UTC),
        "last_event": State.QUEUED,
        "reason": None,
        "attachments": (),
        "recipients": ("a@example.com",),
        "suppressed": {},
        "settled": {},
    }
    return Claim(**(values | changes))


def result(*verdicts: Verdict, happenings: tuple[Happening, ...] = ()) -> Result:
    recipients = tuple(
        RecipientResult(f"{name}@example.com", verdict, "" if verdict is Verdict.SENT else "why")
        for name, verdict in zip("abcdef", verdicts, strict=False)
    )
    return Result("m-1" if Verdict.SENT in verdicts else None, recipients, happenings)


def types(outcome: Outcome) -> list[tuple[str, str | None]]:
    return [(event.type, event.address) for event in outcome.events]


@pytest.mark.parametrize(
    ("verdicts", "state", "last_event"),
    [
        ([Verdict.SENT], State.SENT, State.SENT),
        ([Verdict.PERMANENT], State.FAILED, State.FAILED),
        ([Verdict.TRANSIENT], State.QUEUED, State.QUEUED),
        ([Verdict.UNKNOWN], State.UNKNOWN, State.QUEUED),
        ([Verdict.SENT, Verdict.PERMANENT], State.SENT, State.SENT),
        ([Verdict.SENT, Verdict.TRANSIENT], State.QUEUED, State.SENT),
        ([Verdict.PERMANENT, Verdict.TRANSIENT], State.QUEUED, State.QUEUED),
        ([Verdict.UNKNOWN, Verdict.TRANSIENT], State.UNKNOWN, State.QUEUED),
        ([Verdict.PARKED], State.QUEUED, State.QUEUED),
    ],
)
def test_an_attempt_comes_to(verdicts: list[Verdict], state: State, last_event: State) -> None:
    outcome = judge(claim(), result(*verdicts), RULES)
    assert (outcome.state, outcome.last_event) == (state, last_event)
    assert (outcome.message_id == "m-1") == (Verdict.SENT in verdicts)
    assert (outcome.retry_in_seconds is None) == (state in {State.SENT, State.FAILED})
    assert (outcome.reason is None) == (verdicts == [Verdict.SENT])


def test_an_unknown_outcome_waits_for_the_provider_to_tell() -> None:
    assert judge(claim(), result(Verdict.UNKNOWN), RULES).retry_in_seconds == 300


def test_a_transient_failure_ends_with_the_configured_age_and_says_why() -> None:
    outcome = judge(claim(age_seconds=3601.0), result(Verdict.TRANSIENT), RULES)
    assert (outcome.state, outcome.last_event, outcome.reason) == (State.FAILED, State.FAILED, "gave up: why")
    assert types(outcome) == [("email.failed", "a@example.com")]


def test_sent_is_told_once_whatever_number_of_attempts_it_took() -> None:
    first = judge(claim(), result(Verdict.SENT, Verdict.TRANSIENT), RULES)
    second = judge(claim(attempt=2, last_event=State.SENT), result(Verdict.SENT), RULES)
    assert types(first) == [("email.sent", None)]
    assert types(second) == []
    assert (second.state, second.last_event) == (State.SENT, State.SENT)


def test_a_late_refusal_does_not_take_back_what_was_sent() -> None:
    outcome = judge(
        claim(attempt=2, last_event=State.SENT, settled={"z@example.com": State.SENT}), result(Verdict.PERMANENT), RULES
    )
    assert (outcome.state, outcome.last_event) == (State.SENT, State.SENT)
    assert types(outcome) == [("email.failed", "a@example.com")]


def test_what_the_provider_says_at_once_is_written_at_once() -> None:
    happenings = (
        Happening("delivered", "a@example.com"),
        Happening("bounced", "b@example.com", {"bounceType": "Permanent"}),
        Happening("delivered", "c@example.com"),
        Happening("complained", "c@example.com"),
    )
    outcome = judge(claim(), result(Verdict.SENT, Verdict.SENT, Verdict.SENT, happenings=happenings), RULES)
    assert (outcome.state, outcome.last_event) == (State.SENT, State.COMPLAINED)
    assert [recipient.state for recipient in outcome.recipients] == [State.DELIVERED, State.BOUNCED, State.COMPLAINED]
    assert types(outcome) == [
        ("email.sent", None),
        ("email.delivered", "a@example.com"),
        ("email.bounced", "b@example.com"),
        ("email.delivered", "c@example.com"),
        ("email.complained", "c@example.com"),
    ]


BOUNCED = {"b@example.com": Origin.BOUNCE}


@pytest.mark.parametrize(
    ("verdicts", "state", "last_event"),
    [
        ([], State.SUPPRESSED, State.SUPPRESSED),
        ([Verdict.SENT], State.SENT, State.SENT),
        ([Verdict.PERMANENT], State.SUPPRESSED, State.SUPPRESSED),
        ([Verdict.TRANSIENT], State.QUEUED, State.QUEUED),
        ([Verdict.UNKNOWN], State.UNKNOWN, State.QUEUED),
    ],
)
def test_with_a_suppressed_recipient_it_comes_to(verdicts: list[Verdict], state: State, last_event: State) -> None:
    outcome = judge(claim(suppressed=BOUNCED), result(*verdicts), RULES)
    assert (outcome.state, outcome.last_event) == (state, last_event)
    assert (outcome.retry_in_seconds is None) == (state in {State.SENT, State.SUPPRESSED})
    assert outcome.recipients[-1].state is State.SUPPRESSED
    assert types(outcome).count(("email.suppressed", "b@example.com")) == 1
    assert outcome.suppressions == ()


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        (Origin.BOUNCE, "previous_bounce"),
        (Origin.COMPLAINT, "previous_complaint"),
        (Origin.MANUAL, "manual"),
    ],
)
def test_a_suppressed_recipient_says_why(origin: Origin, reason: str) -> None:
    outcome = judge(claim(suppressed={"a@example.com": origin}), result(), RULES)
    [recipient], [event] = outcome.recipients, outcome.events
    assert recipient.reason == outcome.reason
    assert str(outcome.reason).startswith(f"suppressed ({origin}): ")
    assert event.data == {"message": outcome.reason, "type": "OnAccountSuppressionList", "reason": reason}


@pytest.mark.parametrize(
    ("settled", "verdict", "state"),
    [
        (State.SUPPRESSED, Verdict.PERMANENT, State.SUPPRESSED),
        (State.SUPPRESSED, Verdict.SENT, State.SENT),
        (State.FAILED, Verdict.PERMANENT, State.FAILED),
    ],
)
def test_the_last_attempt_counts_what_earlier_ones_settled(settled: State, verdict: Verdict, state: State) -> None:
    outcome = judge(claim(attempt=2, settled={"b@example.com": settled}), result(verdict), RULES)
    assert (outcome.state, outcome.last_event) == (state, state)
    assert "email.suppressed" not in dict(types(outcome))


def test_hard_bounces_and_complaints_suppress() -> None:
    held = claim()
    happenings = (
        Happening("delivered", "a@example.com"),
        Happening("complained", "a@example.com"),
        Happening("bounced", "b@example.com", {"bounceType": "Permanent"}),
        Happening("bounced", "c@example.com", {"bounceType": "Transient"}),
    )
    outcome = judge(held, result(Verdict.SENT, Verdict.SENT, Verdict.SENT, happenings=happenings), RULES)
    assert outcome.suppressions == (
        NewSuppression("a@example.com", Origin.COMPLAINT, held.email_id),
        NewSuppression("b@example.com", Origin.BOUNCE, held.email_id),
    )
