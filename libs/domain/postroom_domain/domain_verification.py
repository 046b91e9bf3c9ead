"""From what the provider found to what a domain may do, and when to look again."""

from postroom_domain.domain_states import SENDING_STATES, DomainState, RecordState

SHORTEST_PAUSE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 600.0
GIVE_UP_SECONDS = 72 * 3600.0
"""As long as SES itself looks for records."""
SETTLED_PAUSE_SECONDS = 6 * 3600.0
"""Between two looks at a domain that may send, so that a record which was removed is noticed."""

_PATIENCE = 10


def judge_domain(dkim: RecordState, return_path: RecordState, *, before: DomainState) -> DomainState:
    """Where a domain stands.

    Args:
        dkim: what was found of its DKIM record.
        return_path: what was found of the records of its return path.
        before: where it stood. A domain that may send keeps that while the provider has trouble to look.
    """
    if dkim is RecordState.FAILED:
        return DomainState.FAILED
    if dkim is RecordState.TEMPORARY_FAILURE and before in SENDING_STATES:
        return before
    if dkim is not RecordState.VERIFIED:
        return DomainState.PENDING
    if return_path is RecordState.VERIFIED:
        return DomainState.VERIFIED
    if return_path is RecordState.FAILED:
        return DomainState.PARTIALLY_FAILED
    return DomainState.PARTIALLY_VERIFIED


def pause_seconds(state: DomainState, waited_seconds: float) -> float | None:
    """Seconds until the next look; None: there is nothing more to look for.

    Args:
        state: where the domain stands.
        waited_seconds: since its verification was asked for.
    """
    if state is DomainState.FAILED:
        return None
    if state in {DomainState.VERIFIED, DomainState.PARTIALLY_FAILED} or waited_seconds >= GIVE_UP_SECONDS:
        return SETTLED_PAUSE_SECONDS if state in SENDING_STATES else None
    return min(LONGEST_PAUSE_SECONDS, max(SHORTEST_PAUSE_SECONDS, waited_seconds / _PATIENCE))
