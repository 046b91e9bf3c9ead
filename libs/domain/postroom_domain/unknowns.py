"""What follows when the provider has not told in time whether it took an email."""

from dataclasses import dataclass

from postroom_domain.states import HeldBecause, State


@dataclass(frozen=True, slots=True)
class UnknownRules:
    """What an operator decided.

    Attributes:
        hold: whether such mail waits for an operator, sent at most once, instead of being sent again.
        max_crashes: workers in a row that may die while they hold an email.
        max_resends: how often in a row an email is sent again.
    """

    hold: bool
    max_crashes: int
    max_resends: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """An email whose last attempts nobody knows the outcome of.

    Attributes:
        crashes: of these attempts in a row, those that the worker did not survive.
        unknowns: these attempts.
        settled: where it stands, if the provider has told of every recipient meanwhile.
    """

    crashes: int
    unknowns: int
    settled: State | None


def end_unknown(email: Unknown, rules: UnknownRules) -> tuple[State, HeldBecause | None]:
    """Where the email goes from here.

    Without an end to sending again, a provider that takes mail and does not say so would deliver it hundreds of times.
    """
    if email.settled is not None:
        return email.settled, None
    if rules.hold:
        return State.HELD, HeldBecause.UNKNOWN
    if email.crashes >= rules.max_crashes:
        return State.HELD, HeldBecause.CRASHED
    if email.unknowns > rules.max_resends:
        return State.HELD, HeldBecause.UNKNOWN
    return (State.SUSPECT if email.crashes else State.QUEUED), None
