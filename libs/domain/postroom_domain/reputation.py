"""The brake: a workspace whose mail bounces or annoys too much is stopped before the provider stops everybody."""

import math
from dataclasses import dataclass
from fractions import Fraction

FEWEST = 5
"""So few emails say nothing about a rate: one complaint about a thousand emails is 0.1%, and chance."""


@dataclass(frozen=True, slots=True)
class Brake:
    """Where the brake sets in for one kind of trouble.

    Attributes:
        percent: of the emails that were sent, from 0 to 100; 0: never.
        min_volume: fewer emails are not judged.
    """

    percent: float
    min_volume: int

    @property
    def is_off(self) -> bool:
        return self.percent == 0

    @property
    def fewest(self) -> int:
        """Fewer emails with this trouble cannot set it in, however few were sent."""
        return max(FEWEST, math.ceil(self._share * self.min_volume))

    def most_sent(self, troubled: int) -> int:
        """So many emails at most may have been sent for this many to set it in."""
        return math.floor(troubled / self._share)

    def sets_in(self, *, troubled: int, sent: int) -> bool:
        """Whether the rate is reached, among enough emails."""
        return sent >= self.min_volume and troubled >= self.fewest and sent <= self.most_sent(troubled)

    @property
    def _share(self) -> Fraction:
        # Exact, so that a rate that is reached to the email is reached: 0.1% as a float is a little more.
        return Fraction(str(self.percent)) / 100
