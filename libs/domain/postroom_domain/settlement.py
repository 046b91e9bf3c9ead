"""What a provider's own word about recipients makes of their email."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from postroom_domain.states import State, climb, highest, shown

_OPEN = {State.QUEUED, State.UNKNOWN}
_NOT_SENT = {State.FAILED, State.SUPPRESSED}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an email stands.

    Attributes:
        state: in Postroom's own work.
        last_event: what clients see.
        recipients: every address of its envelope; queued where no outcome was written yet.
    """

    state: State
    last_event: State
    recipients: Mapping[str, State]

    @property
    def is_sent(self) -> bool:
        """Whether the provider is known to have taken it, for one recipient at least."""
        return climb(self.last_event, State.SENT) is self.last_event

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do for any recipient."""
        return _OPEN.isdisjoint(self.recipients.values())


def settle(standing: Standing, told: State, addresses: Iterable[str]) -> Standing:
    """Where it stands once the provider has told that these recipients reached a state.

    An email that a worker holds keeps its state: the worker writes it. So does one that still has something to do.

    Args:
        standing: before.
        told: the provider's word.
        addresses: of the envelope.
    """
    recipients = {**standing.recipients, **{one: climb(standing.recipients[one], told) for one in addresses}}
    seen = shown(highest(list(recipients.values())))
    after = Standing(standing.state, climb(standing.last_event, seen), recipients)
    if not after.is_settled:
        # A recipient that will never be sent to does not end an email that still waits for another one.
        return Standing(standing.state, standing.last_event, recipients) if seen in _NOT_SENT else after
    if standing.state is State.SENDING:
        return after
    return Standing(State.SENT if after.is_sent else after.last_event, after.last_event, recipients)
