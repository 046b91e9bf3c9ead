"""What can be true of an email and of each of its recipients, and in which order."""

from enum import StrEnum


class State(StrEnum):
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"  # ours: a worker holds a lease
    UNKNOWN = "unknown"  # ours: the provider may or may not have taken it
    SUSPECT = "suspect"  # ours: the worker that held it died; it is next tried alone
    HELD = "held"  # ours: set aside until an operator decides
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
    State.SUSPECT: 4,
    State.HELD: 5,
    # These end an email only from before sent, so whatever a provider says later stands above them.
    State.CANCELED: 6,
    State.FAILED: 7,
    State.SUPPRESSED: 8,
    State.SENT: 9,
    State.DELIVERY_DELAYED: 10,
    State.DELIVERED: 11,
    State.BOUNCED: 12,
    State.COMPLAINED: 13,
}

WAITING = (State.QUEUED, State.SUSPECT)
"""What a worker may take when it is due: in company, and alone."""

ENDS = (State.SENT, State.FAILED, State.SUPPRESSED, State.CANCELED)
"""Where an email stands in our own work once nothing is left to do."""

STANDS = (State.SCHEDULED, *WAITING, State.SENDING, State.UNKNOWN, State.HELD, *ENDS)
"""Where an email can stand in our own work; what its provider tells later is of its recipients."""

_OURS = {State.SENDING, State.UNKNOWN, State.SUSPECT, State.HELD}


class HeldBecause(StrEnum):
    """Why an email was set aside for an operator."""

    UNKNOWN = "unknown"
    """Nobody knows whether it was sent, and it may not be sent twice."""
    CRASHED = "crashed"
    """Each worker that held it died."""
    RESTORED = "restored"
    """It was on its way when the backup was made that the database was restored from."""


def climb(current: State, seen: State) -> State:
    """The state after ``seen`` arrives: events come late, twice and out of order; a state never falls."""
    return seen if _RANK[seen] > _RANK[current] else current


def highest(states: list[State]) -> State:
    """What an email shows for its recipients.

    Raises:
        ValueError: without recipients there is nothing to show.
    """
    return max(states, key=_RANK.__getitem__)


def ended(states: list[State]) -> State | None:
    """Where an email stands for good, by where its recipients stand; None while one of them is still to be sent to."""
    if any(_RANK[state] < _RANK[State.CANCELED] for state in states):
        return None
    top = highest(states)
    return State.SENT if _RANK[top] > _RANK[State.SENT] else top


def shown(state: State) -> State:
    """What clients see: the states that are ours read as queued."""
    return State.QUEUED if state in _OURS else state
