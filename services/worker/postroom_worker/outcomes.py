"""From what a transport says to what becomes of the email. Pure: everything it needs is handed in."""

from dataclasses import dataclass, replace

from postroom_database.repositories import timelines
from postroom_database.repositories.deliveries import Claim, Outcome, RecipientOutcome
from postroom_database.repositories.suppressions import NewSuppression
from postroom_database.repositories.timelines import NewEvent
from postroom_domain.retries import backoff_seconds
from postroom_domain.states import State, climb, ended, highest, shown
from postroom_domain.suppressions import Origin, origin_of
from postroom_transport.message import RecipientResult, Result, Verdict

_STATES = {
    Verdict.SENT: State.SENT,
    Verdict.PERMANENT: State.FAILED,
    Verdict.TRANSIENT: State.QUEUED,
    Verdict.PARKED: State.QUEUED,
    Verdict.UNKNOWN: State.UNKNOWN,
}
_NOT_SENT = {State.FAILED, State.SUPPRESSED}
# Resend's words for a webhook (its documents, "email.suppressed"), which has none for what a client suppressed.
_REASONS = {
    Origin.BOUNCE: "previous_bounce",
    Origin.COMPLAINT: "previous_complaint",
    Origin.MANUAL: "manual",
}
_EXPLAINED = {
    Origin.BOUNCE: "suppressed (bounce): an earlier email to this address bounced",
    Origin.COMPLAINT: "suppressed (complaint): an earlier email to this address was marked as spam",
    Origin.MANUAL: "suppressed (manual): somebody put this address on the suppression list",
}
_SUPPRESSION_TYPE = "OnAccountSuppressionList"


@dataclass(frozen=True, slots=True)
class RetryRules:
    """What an operator decided, and the transport can do.

    Attributes:
        age_seconds: how old the first attempt may get before a transient failure is final.
        settle_seconds: how long the provider is given to tell what came of an attempt; 0: it never tells.
    """

    age_seconds: float
    settle_seconds: float


def judge(claim: Claim, result: Result, rules: RetryRules) -> Outcome:
    """What an attempt came to, over all recipients that it was made for and those that it found suppressed."""
    gave_up = claim.age_seconds >= rules.age_seconds
    recipients = [_settle(recipient, claim, gave_up=gave_up) for recipient in result.recipients]
    recipients += [
        RecipientOutcome(address, State.SUPPRESSED, _EXPLAINED[origin]) for address, origin in claim.suppressed.items()
    ]
    states = [recipient.state for recipient in recipients]
    reason = next((recipient.reason for recipient in recipients if recipient.reason is not None), None)
    retry = None
    if State.UNKNOWN in states:
        # Also when another recipient could be tried sooner: a call to the one is a call to the other.
        state, retry = State.UNKNOWN, max(rules.settle_seconds, backoff_seconds(claim.attempt))
    elif State.QUEUED in states:
        state, retry = State.QUEUED, backoff_seconds(claim.attempt)
    else:
        state = ended([*states, *claim.settled.values()]) or State.QUEUED
    sent = any(recipient.verdict is Verdict.SENT for recipient in result.recipients)
    return Outcome(
        state=state,
        last_event=_shown(claim, [_happened(recipient, result) for recipient in recipients], waits=retry is not None),
        message_id=result.message_id if sent else None,
        reason=reason,
        retry_in_seconds=retry,
        # Where the provider told as much, what it gave as the reason stays.
        recipients=tuple(
            replace(recipient, state=state)
            for recipient in recipients
            if (state := _happened(recipient, result)) is not claim.settled.get(recipient.address)
        ),
        events=tuple(_events(claim, recipients, result, _parked(claim, result, reason, retry))),
        suppressions=tuple(_suppressions(claim, result)),
    )


def _settle(recipient: RecipientResult, claim: Claim, *, gave_up: bool) -> RecipientOutcome:
    state, reason = _STATES[recipient.verdict], recipient.reason or None
    if recipient.verdict is Verdict.TRANSIENT and gave_up:
        state, reason = State.FAILED, f"gave up: {recipient.reason}"
    told = claim.settled.get(recipient.address)
    if told is not None and climb(state, told) is told:
        return RecipientOutcome(recipient.address, told)
    return RecipientOutcome(recipient.address, state, None if recipient.verdict is Verdict.SENT else reason)


def _happened(recipient: RecipientOutcome, result: Result) -> State:
    """What the provider said at once about a recipient it took, as the captured inbox does."""
    state = recipient.state
    for happening in result.happenings:
        if happening.address == recipient.address:
            state = climb(state, State(happening.type))
    return state


def _shown(claim: Claim, states: list[State], *, waits: bool) -> State:
    seen = shown(highest([*states, *claim.settled.values()]))
    # A recipient that will never be sent to does not end an email that still waits for another one.
    if waits and seen in _NOT_SENT:
        return claim.last_event
    return climb(claim.last_event, seen)


def _parked(claim: Claim, result: Result, reason: str | None, retry: float | None) -> list[NewEvent]:
    """Told once for each reason: mail that waits for days does not fill its timeline."""
    parked = any(recipient.verdict is Verdict.PARKED for recipient in result.recipients)
    if not parked or retry is None or reason == claim.reason:
        return []
    return [timelines.parked(reason, now=claim.claimed_at, seconds=retry)]


def _events(claim: Claim, recipients: list[RecipientOutcome], result: Result, parked: list[NewEvent]) -> list[NewEvent]:
    events: list[NewEvent] = []
    sent = any(recipient.verdict is Verdict.SENT for recipient in result.recipients)
    if sent and climb(claim.last_event, State.SENT) is not claim.last_event:
        events.append(NewEvent("email.sent"))
    events += [
        NewEvent("email.failed", recipient.address, {"reason": recipient.reason})
        for recipient in recipients
        if recipient.state is State.FAILED and claim.settled.get(recipient.address) is not State.FAILED
    ]
    events += [
        NewEvent(
            "email.suppressed",
            address,
            {"message": _EXPLAINED[origin], "type": _SUPPRESSION_TYPE, "reason": _REASONS[origin]},
        )
        for address, origin in claim.suppressed.items()
    ]
    events += [
        NewEvent(f"email.{happening.type}", happening.address, dict(happening.data)) for happening in result.happenings
    ]
    return events + parked


def _suppressions(claim: Claim, result: Result) -> list[NewSuppression]:
    return [
        NewSuppression(happening.address, origin, claim.email_id)
        for happening in result.happenings
        if (origin := origin_of(happening.type, happening.data)) is not None
    ]
