"""Mail that is due and waits all the same: why, and for how long."""

import random
from dataclasses import dataclass

_SPENT_SECONDS = 900.0
"""The day of a provider has no end, it rolls on: the next readings tell how far."""
_PAUSED_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Parked:
    """Attributes: why is a word for metrics; reason is for whoever reads the timeline."""

    why: str
    reason: str
    seconds: float


def day_is_spent() -> Parked:
    return Parked("quota", "the provider's quota of mail in 24 hours is spent", _spread(_SPENT_SECONDS))


def sending_is_paused() -> Parked:
    return Parked("paused", "the provider takes no mail from this account now", _spread(_PAUSED_SECONDS))


def workspace_is_suspended(reason: str) -> Parked:
    return Parked("suspended", f"the workspace is suspended: {reason}", _spread(_PAUSED_SECONDS))


def _spread(seconds: float) -> float:
    """A crowd that is parked together shall not come back together."""
    return random.uniform(0.8, 1.2) * seconds  # noqa: S311 - no secret
