"""What can be true of an email and of each of its recipients, and in which order."""

from enum import StrEnum


class State(StrEnum):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"  # ours: a worker holds a lease
    UNKNOWN = "unknown"  # ours: the provider may or may not have taken it
    SENT = "sent"
    DELIVERY_DELAYED = "delivery_delayed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"


_RANK = {
    State.SCHEDULED: 0,
    State.QUEUED: 1,
    State.SENDING: 2,
    State.UNKNOWN: 3,
    # These end an email only from before sent, so whatever a provider says later stands above them.
    State.CANCELED: 4,
    State.FAILED: 5,
    State.SUPPRESSED: 6,
    State.SENT: 7,
    State.DELIVERY_DELAYED: 8,
    State.DELIVERED: 9,
    State.BOUNCED: 10,
    State.COMPLAINED: 11,
}

_SHOWN = {State.SENDING: State.QUEUED, State.UNKNOWN: State.QUEUED}


def climb(current: State, seen: State) -> State:
    """The state after ``seen`` arrives: events come late, twice and out of order; a state never falls."""
    return seen if _RANK[seen] > _RANK[current] else current


def highest(states: list[State]) -> State:
    """What an email shows for its recipients.

    Raises:
        ValueError: without recipients there is nothing to show.
    """
    return max(states, key=_RANK.__getitem__)


def shown(state: State) -> State:
    """What clients see: the two states that are ours read as queued."""
    return _SHOWN.get(state, state)
