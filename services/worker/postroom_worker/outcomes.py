"""From what a transport says to what becomes of the email. Pure: everything it needs is handed in."""

from dataclasses import dataclass

from postroom_database.repositories.deliveries import Claim, NewEvent, Outcome, RecipientOutcome
from postroom_database.repositories.suppressions import NewSuppression
from postroom_domain.retries import backoff_seconds
from postroom_domain.states import State, climb, highest, shown
from postroom_domain.suppressions import Origin, origin_of
from postroom_transport.message import RecipientResult, Result, Verdict

_STATES = {
    Verdict.SENT: State.SENT,
    Verdict.PERMANENT: State.FAILED,
    Verdict.TRANSIENT: State.QUEUED,
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
    """Seconds: how old an email may get before a transient failure is final, and how long an unknown one waits."""

    age_seconds: float
    unknown_wait_seconds: float


def judge(claim: Claim, result: Result, rules: RetryRules) -> Outcome:
    """What an attempt came to, over all recipients that it was made for and those that it found suppressed."""
    gave_up = claim.age_seconds >= rules.age_seconds
    recipients = [_settle(recipient, gave_up=gave_up) for recipient in result.recipients]
    recipients += [
        RecipientOutcome(address, State.SUPPRESSED, _EXPLAINED[origin]) for address, origin in claim.suppressed.items()
    ]
    states = [recipient.state for recipient in recipients]
    reason = next((recipient.reason for recipient in recipients if recipient.state is not State.SENT), None)
    if State.QUEUED in states:
        state, retry = State.QUEUED, backoff_seconds(claim.attempt)
    elif State.UNKNOWN in states:
        state, retry = State.UNKNOWN, rules.unknown_wait_seconds
    else:
        sent = State.SENT in states or climb(claim.last_event, State.SENT) is claim.last_event
        state, retry = (State.SENT if sent else highest([*states, *claim.settled.values()])), None
    recipients = [_happened(recipient, result) for recipient in recipients]
    return Outcome(
        state=state,
        last_event=_shown(claim, [recipient.state for recipient in recipients], waits=retry is not None),
        message_id=result.message_id if State.SENT in states else None,
        reason=reason,
        retry_in_seconds=retry,
        recipients=tuple(recipients),
        events=tuple(_events(claim, states, recipients, result)),
        suppressions=tuple(_suppressions(claim, result)),
    )


def _settle(recipient: RecipientResult, *, gave_up: bool) -> RecipientOutcome:
    state = _STATES[recipient.verdict]
    reason = recipient.reason or None
    if state is State.QUEUED and gave_up:
        return RecipientOutcome(recipient.address, State.FAILED, f"gave up: {recipient.reason}")
    return RecipientOutcome(recipient.address, state, reason)


def _happened(recipient: RecipientOutcome, result: Result) -> RecipientOutcome:
    """What the provider said at once about a recipient it took, as the captured inbox does."""
    state = recipient.state
    for happening in result.happenings:
        if happening.address == recipient.address:
            state = climb(state, State(happening.type))
    return RecipientOutcome(recipient.address, state, recipient.reason)


def _shown(claim: Claim, states: list[State], *, waits: bool) -> State:
    seen = shown(highest([*states, *claim.settled.values()]))
    # A recipient that will never be sent to does not end an email that still waits for another one.
    if waits and seen in _NOT_SENT:
        return claim.last_event
    return climb(claim.last_event, seen)


def _events(claim: Claim, states: list[State], recipients: list[RecipientOutcome], result: Result) -> list[NewEvent]:
    events: list[NewEvent] = []
    if State.SENT in states and climb(claim.last_event, State.SENT) is not claim.last_event:
        events.append(NewEvent("email.sent"))
    events += [
        NewEvent("email.failed", recipient.address, {"reason": recipient.reason})
        for recipient in recipients
        if recipient.state is State.FAILED
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
    return events


def _suppressions(claim: Claim, result: Result) -> list[NewSuppression]:
    return [
        NewSuppression(happening.address, origin, claim.email_id)
        for happening in result.happenings
        if (origin := origin_of(happening.type, happening.data)) is not None
    ]
