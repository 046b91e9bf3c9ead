"""A token bucket: one token for each envelope recipient, because that is what the provider counts.

The rule, which the script in Redis and the local bucket share. Tokens come at the provider's rate, up to a capacity of
a tenth of a second's worth. Of the capacity a share is kept: bulk mail is let go only when that much remains, so that
a single email never waits behind a batch. Somebody who finds enough for as much as fits into the bucket may take more,
and leaves a debt: an email with fifty recipients is one call. The day has a bucket likewise, which only the next
reading of the provider's quota fills.
"""

from dataclasses import dataclass
from typing import Protocol

from postroom_domain.lanes import Lane

_CAPACITY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Terms:
    """A reading of the quota, as buckets take it. Of two the one with the higher number holds.

    Attributes:
        reading: grows with each reading.
        per_second: recipients, more than 0.
        day_left: recipients from this reading on; UNLIMITED: any number.
        day_kept: of these, what bulk mail leaves to interactive mail.
    """

    reading: int
    per_second: float
    day_left: float
    day_kept: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of taking.

    Attributes:
        granted: whether the tokens are the caller's.
        wait_seconds: else, after which it is worth to ask again.
        day_is_spent: else, whether that is only after another reading.
        day_left: UNLIMITED: any number.
        workers: that take from the same bucket, this one too.
    """

    granted: bool
    wait_seconds: float
    day_is_spent: bool
    day_left: float
    workers: int


class Bucket(Protocol):
    """Used by many threads at once."""

    def take(self, lane: Lane, count: int, terms: Terms) -> Taken:
        """Take tokens for one email; none at all tells how things stand, and a negative count gives back."""
        ...

    def throttled(self) -> None:
        """The provider said that it was too much: nobody takes anything for a second."""
        ...


def capacity(per_second: float, share: float) -> float:
    """Tokens that a bucket holds: at least one for bulk mail beside the share that is kept."""
    return max(per_second * _CAPACITY_SECONDS, 1.0 / (1.0 - share))
