"""What attempts came to, in words that are few: a reason in a metric is never the provider's own text."""

from postroom_database.repositories.deliveries import Claim, Outcome
from postroom_domain.lanes import Lane
from postroom_domain.states import State
from postroom_transport.message import Result, Verdict
from postroom_worker.metrics import (
    ATTEMPTS,
    DEFERRED,
    END_TO_END_SECONDS,
    FAILED,
    LEASES_ENDED,
    LEASES_HELD,
    PARKED,
    SENT,
    WEBHOOK_ATTEMPTS,
)

ATTACHMENT = "attachment"
"""One that cannot be fetched."""
TOO_LARGE = "too_large"
LATE = "late"
"""Getting it ready took so long that the call could outlast the lease."""
DATABASE = "database"
"""It went away before the call."""
RENDERING = "rendering"
"""A fault of ours; the log says which."""
GAVE_UP = "gave_up"
"""What could have gone away did not, for as long as an email is tried."""

_REASONS = {
    Verdict.PERMANENT: "rejected",
    Verdict.TRANSIENT: "provider",
    Verdict.PARKED: "refused",
    Verdict.UNKNOWN: "unknown",
}
FAILURES = (_REASONS[Verdict.PERMANENT], GAVE_UP, State.SUPPRESSED.value, ATTACHMENT, TOO_LARGE)
_PUT_OFF = tuple(_REASONS[one] for one in (Verdict.TRANSIENT, Verdict.PARKED, Verdict.UNKNOWN))
DEFERRALS = (*_PUT_OFF, ATTACHMENT, LATE, DATABASE, RENDERING)


def begin_at_zero(transport: str) -> None:
    """Show what has not happened yet: of a series that begins at one, Prometheus sees no increase."""
    SENT.labels(transport)
    for reason in FAILURES:
        FAILED.labels(transport, reason)
    for reason in DEFERRALS:
        DEFERRED.labels(transport, reason)
    for reason in ("quota", "paused", "suspended", _REASONS[Verdict.PARKED]):
        PARKED.labels(reason)
    for kind in ("email", "webhook_deliveries", "provider_job", "provider_message"):
        for outcome in ("written", "lost", "unwritten"):
            LEASES_ENDED.labels(kind, outcome)
    for kind in ("email", "webhook", "provider_job", "provider_message"):
        LEASES_HELD.labels(kind)
    for result in ("posted", "deferred", "given_up"):
        WEBHOOK_ATTEMPTS.labels(result)
    for lane in Lane:
        END_TO_END_SECONDS.labels(transport, lane.value)


def count_attempt(transport: str, claim: Claim, result: Result) -> None:
    """An attempt, as it was made."""
    verdicts = [recipient.verdict.name.lower() for recipient in result.recipients]
    for verdict in (*verdicts, *(State.SUPPRESSED.value for _ in claim.suppressed)):
        ATTEMPTS.labels(transport, verdict).inc()
    if any(recipient.verdict is Verdict.PARKED for recipient in result.recipients):
        PARKED.labels(_REASONS[Verdict.PARKED]).inc()


def count_outcome(
    transport: str, claim: Claim, result: Result, outcome: Outcome, trouble: str | None, *, held_seconds: float
) -> None:
    """An outcome, once it is written.

    Args:
        transport: its name.
        claim: under which it was written.
        result: of the transport, or what stands for one.
        outcome: what the email came to.
        trouble: why there was no call, in a word of this module; None: there was one.
        held_seconds: from the claim to now, by a clock that no one sets.
    """
    if outcome.state is State.SENT:
        SENT.labels(transport).inc()
        # From the database's clock to the database's clock; only what went by since the claim is measured here.
        waited = (claim.claimed_at - claim.written_at).total_seconds()
        END_TO_END_SECONDS.labels(transport, claim.lane.value).observe(max(0.0, waited) + held_seconds)
    elif outcome.retry_in_seconds is None:
        FAILED.labels(transport, _why_failed(outcome, result, trouble)).inc()
    else:
        DEFERRED.labels(transport, trouble or _worst(result)).inc()


def _why_failed(outcome: Outcome, result: Result, trouble: str | None) -> str:
    if outcome.state is State.SUPPRESSED:
        return State.SUPPRESSED.value
    if any(recipient.verdict is Verdict.TRANSIENT for recipient in result.recipients):
        return GAVE_UP
    return trouble or _REASONS[Verdict.PERMANENT]


def _worst(result: Result) -> str:
    """Of several verdicts the one that decides when the email is tried again."""
    verdicts = {recipient.verdict for recipient in result.recipients}
    for verdict in (Verdict.UNKNOWN, Verdict.PARKED, Verdict.TRANSIENT):
        if verdict in verdicts:
            return _REASONS[verdict]
    return _REASONS[Verdict.UNKNOWN]
